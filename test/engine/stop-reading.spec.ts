import { setTimeout as sleep } from 'node:timers/promises';
import { safetyText } from '@shared/errors.ts';
import type { EngineRequestName } from '@engine/protocol.ts';
import type { Door } from '@host/door.ts';
import { createHandlers } from '@host/handlers.ts';
import type { Reading } from '@host/readings.ts';
import { createRouter } from '@host/router.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { buildEngine } from '../support/engine-child.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { closeHosts, leftovers, realHost, writtenOnce } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { codeOf, must } from '../unit/host/scripted-host.ts';

/** What only reads is given up at any moment, whatever its engine is doing; what was known stays known. */

const folder = temporaryFolder();
/** Far above the 2 s that are promised: no test of the machine's speed. The engine would be waited for ten minutes. */
const LIMIT_MS = 8_000;
beforeAll(buildEngine);
afterEach(closeHosts);

/** Small: an engine is stopped by a signal as soon as it was asked, however little it has to read. */
const writeSmall = writtenOnce((file, journalMode) =>
  writeFixture(file, {
    pragmas: [`journal_mode = ${journalMode}`],
    build: (db) => buildScaled(db, { candidates: 40 }),
  }),
);

function setUp() {
  const house = realHost(folder, 'wal', writeSmall);
  const { handle } = house.database;
  const router = createRouter(createHandlers(house.host, {} as Door), { checkOutput: true });
  const call = (name: string, input: object = {}) => router(name, { handle, ...input });
  /** Stops `name` in the middle of what it asks an engine. @returns how it ended. */
  const stopped = async (name: Reading, at: EngineRequestName, input: object = {}) => {
    const frozen = house.freezeAt(at);
    const answer = call(name, input);
    const pid = await frozen;
    const askedAt = performance.now();
    must(await call('reading:stop', { call: name }));
    const ended = await answer;
    expect(performance.now() - askedAt).toBeLessThan(LIMIT_MS);
    await vi.waitUntil(() => !isThere(pid)); // fetched by its parent, a moment after it is gone
    return ended;
  };
  /** Every step is applied; only the final check is missing. */
  const leaveUnproven = async () => {
    house.when(({ state }) => state === 'verifying', house.cancel);
    const run = await house.start();
    expect(run.report?.verified).toBe(false);
  };
  return { ...house, call, stopped, leaveUnproven };
}

function isThere(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch {
    return false;
  }
}

describe('a stop', () => {
  it('of the check of all data leaves what was known of the file, and the next one is made', async () => {
    const { home, host, database, call, stopped } = setUp();
    must(await call('database:status'));
    const before = host.looks.last(database);

    const ended = await stopped('database:check', 'inspect');

    expect(ended).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.untouched } });
    expect(ended).toMatchObject({ error: { message: expect.stringContaining('stays as it was') as string } });
    expect(before).not.toBeNull();
    expect(host.looks.last(database)).toBe(before);
    expect(must(await call('database:check'))).toMatchObject({ health: { state: 'healthy' } });
    expect(leftovers(home)).toEqual([]);
  });

  it.each(['listBackups', 'verifyBackup'] as const)(
    'of the reading of a backup finds it neither good nor broken: during %s',
    async (at) => {
      const { host, database, call, stopped } = setUp();
      const made = must(await host.backups.create(database));
      const listed = async () => must(await host.backups.list(database)).backups;
      const before = await listed();

      const ended = await stopped('backup:verify', at, { backupId: made.id });

      expect(ended).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.untouched } });
      expect(ended).toMatchObject({ error: { message: expect.stringContaining('neither good nor broken') as string } });
      expect(await listed()).toEqual(before);
      expect(must(await call('backup:verify', { backupId: made.id }))).toMatchObject({ state: 'verified' });
    },
  );

  it.each(['inspect', 'verifyBackup', 'verify'] as const)(
    'of the missing final check leaves the upgrade unproven: during %s',
    async (at) => {
      const { host, database, call, stopped, leaveUnproven } = setUp();
      await leaveUnproven();

      const ended = await stopped('recovery:check', at);

      expect(ended).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.unknown } });
      expect(ended).toMatchObject({
        error: { message: expect.stringContaining('every step stays applied') as string },
      });
      expect(await host.recoveries.get(database)).toMatchObject({ state: 'unproven', code: 'E_CANCELLED' });
      expect(must(await call('recovery:check'))).toMatchObject({ error: null });
      expect(must(await call('recovery:get'))).toBeNull();
    },
  );

  it.each(['inspect', 'listBackups', 'verifyBackup'] as const)(
    'of the look at what is unfinished says neither that nothing is, nor that its backup is broken: during %s',
    async (at) => {
      const { call, stopped, leaveUnproven } = setUp();
      await leaveUnproven();

      const ended = await stopped('recovery:get', at);

      expect(ended).toMatchObject({ error: { code: 'E_CANCELLED', safety: safetyText.untouched } });
      const found = { state: 'unproven', backup: { state: 'verified' } };
      expect(must(await call('recovery:get'))).toMatchObject(found);
    },
  );
});

it('what is stopped is what was asked under that name and by that window, and nothing else', async () => {
  const { host, database, freezeAt, signal, call } = setUp();
  const frozen = freezeAt('inspect');
  const answer = call('database:check');
  await frozen;
  let isOver = false;
  void answer.then(() => (isOver = true));

  for (const other of ['backup:verify', 'recovery:get', 'recovery:check'])
    must(await call('reading:stop', { call: other }));
  host.readings.stop({ handle: database.handle, call: 'database:check', asker: { isGone: false } });
  await sleep(200);

  expect(isOver).toBe(false);
  signal('SIGCONT');
  expect(codeOf(await answer)).toBe('no error');
});

it('a stop of what is over by then, or was never asked, does nothing', async () => {
  const { call } = setUp();
  must(await call('database:check'));
  must(await call('reading:stop', { call: 'database:check' }));
  must(await call('database:check'));
  expect(codeOf(await call('reading:stop', { handle: 'none', call: 'database:check' }))).toBe('E_UNKNOWN_HANDLE');
});
