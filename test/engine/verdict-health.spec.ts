import Database from 'better-sqlite3';
import type { DatabaseStatus } from '@shared/status.ts';
import { withVerdictHealth } from '@host/verdict-health.ts';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

/** Small: what counts is what a whole upgrade leaves beside the file. */
const writeSmall = (file: string, journalMode: 'delete' | 'wal'): void =>
  writeFixture(file, {
    pragmas: [`journal_mode = ${journalMode}`],
    build: (db) => buildScaled(db, { candidates: 40 }),
  });

/** As a short look says of a file too large for it. */
const unread = {
  health: { state: 'not-checked', summary: 'Not yet.', checks: [], foreignKeyViolations: null },
} as unknown as DatabaseStatus;

it.each(['delete', 'wal'] as const)(
  'what the verdict has read is known of a file (journal mode %s) until somebody writes to it',
  async (journalMode) => {
    const { file, host, database, start } = realHost(folder, journalMode, writeSmall);
    const healthNow = async () => (await withVerdictHealth(unread, file, () => host.runs.history(database)[0])).health;
    expect(await healthNow()).toBe(unread.health);

    expect((await start()).report?.verified).toBe(true);

    expect(await healthNow()).toMatchObject({
      state: 'not-checked',
      summary: expect.stringContaining('When the last upgrade was proven, all of it was: SQLite found no damage'),
    });

    const program = new Database(file); // as long as it is open, what it wrote to a log stays there
    program.exec(`UPDATE projects SET name = name || '!'`);
    expect(await healthNow()).toBe(unread.health);
    program.close();
    expect(await healthNow()).toBe(unread.health);
  },
  180_000,
);
