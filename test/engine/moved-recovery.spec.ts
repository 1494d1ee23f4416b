import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Result } from '@shared/errors.ts';
import { buildEngine } from '../support/engine-child.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** What is offered after an interruption is not refused: also where the backups did not come along with the database. */

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.message}`);
}

/** An upgrade was stopped, then the database was taken to another folder. */
async function takenElsewhere(take: (from: string, to: string) => void) {
  const { home, file, host, start, when, cancel } = realHost(folder, 'delete');
  when(({ steps }) => steps.some(({ state }) => state === 'applied'), cancel);
  const { report } = await start();
  const moved = path.join(home, 'B', 'project.db');
  fs.mkdirSync(path.dirname(moved));
  take(file, moved);
  const database = must(host.databases.open(moved));
  const recovery = await host.recoveries.get(database);
  return { host, database, recovery, made: report?.backup ?? null };
}

describe.each([
  ['moved', fs.renameSync],
  ['copied', fs.copyFileSync],
])('a database that was %s', (how, take) => {
  it('is put back to the backup that is shown of it', async () => {
    const { host, database, recovery, made } = await takenElsewhere(take);
    expect(recovery?.backup).toMatchObject({ path: made?.path, state: 'verified' });
    expect(recovery?.choices.map(({ id }) => id)).toContain('restore');

    const restored = must(await host.backups.restore(database, recovery?.backup?.id ?? '', 'project.db'));

    expect(restored.restored.path).toBe(made?.path);
    expect(restored.before?.databasePath).toBe(database.path);
    const listed = must(await host.backups.list(database)).backups.map((backup) => backup.path);
    // A database that is still where it was has its backups itself.
    expect(listed.includes(made?.path ?? '')).toBe(how === 'moved');
  });
});
