import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import Database, { SqliteError } from 'better-sqlite3';
import { ok, safetyText } from '@shared/errors.ts';
import type { RunReport, RunSnapshot } from '@shared/run.ts';
import { notClosed } from '@engine/run-end.ts';
import { stepError } from '@engine/session.ts';
import { afterEach, beforeAll, describe, expect, it, vi } from 'vitest';
import { attach, whyNoStrace } from '../faults/engine/strace.ts';
import { buildEngine } from '../support/engine-child.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { ask, closeHosts, leftovers, realHost, writtenOnce } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The disk fails in the middle of a real upgrade: what is said of the file is what a fresh process has found in it. */

const folder = temporaryFolder();
const why = whyNoStrace();
beforeAll(buildEngine);
afterEach(closeHosts);
afterEach(() => void vi.restoreAllMocks());

const write = writtenOnce((file, journalMode) => {
  const db = new Database(file);
  db.pragma(`journal_mode = ${journalMode}`);
  buildScaled(db, { candidates: 5_000 });
  db.close();
});
const inStep = ({ progress }: RunSnapshot) => (progress?.rowsDone ?? 0) > 0;

/**
 * @param times of strace: '1' = the next flush of a commit fails, '1+' = all do from there on.
 * @param meanwhile before the file is opened again.
 */
function upgradeOnBadDisk(journalMode: 'delete' | 'wal', times: string, meanwhile = (_file: string): void => {}) {
  const house = realHost(folder, journalMode, write);
  const { home, file, when, signal, pid, host } = house;
  const { askAlone } = host.engines;
  const asked = vi.spyOn(host.engines, 'askAlone').mockImplementation((of, name, input, listeners) => {
    if (name === 'settle') meanwhile(file);
    return askAlone(of, name, input, listeners);
  });
  const heard: string[] = [];
  host.events.on((name, payload) => {
    if (name === 'run:changed') heard.push((payload as RunSnapshot).now);
  });
  when(inStep, () => {
    signal('SIGSTOP');
    const flushes = `fsync,fdatasync`;
    const options = ['-e', `trace=${flushes}`, '-e', `inject=${flushes}:error=EIO:when=${times}`];
    void attach(pid() ?? 0, path.join(home, 'strace'), options).then(() => signal('SIGCONT'));
  });
  return { ...house, heard, asked };
}

describe.skipIf(why !== null)(`P07: a commit that the disk does not take (${why ?? 'strace'})`, () => {
  it.each([
    ['delete', '1'],
    ['wal', '1'],
    ['delete', '1+'],
    ['wal', '1+'],
  ] as const)('%s, %s: is called safe when a fresh process has read the file, and not before', async (mode, times) => {
    const { heard, asked, file, home, start } = upgradeOnBadDisk(mode, times);

    const failed = await start();

    expect([failed.state, failed.error?.code]).toEqual(['failed', 'E_IO']);
    expect(failed.error?.safety).toBe(safetyText['whole-step']);
    expect(failed.error?.message).toContain('opened again in a fresh process, which read all of it');
    expect(heard.at(-2) ?? '').toContain('opening the file again');
    const settled = asked.mock.calls.filter(([, name]) => name === 'settle').map(([, , input]) => input);
    expect(settled).toMatchObject([{ proves: { applied: expect.any(Array) as string[] } }]);
    expect(leftovers(home)).toEqual([]);
    expect(ask(file, 'PRAGMA integrity_check')).toBe('ok');

    if (times === '1') return; // the disk that takes nothing any more leaves the most to go on from
    const next = await start();
    expect([next.state, next.report?.verified]).toEqual(['completed', true]);
  });

  it('is not called safe where the file is damaged by then, and the way back is named', async () => {
    const { start } = upgradeOnBadDisk('delete', '1', spoil);

    const failed = await start();

    expect(failed.error).toMatchObject({ code: 'E_IO', safety: safetyText.unknown });
    expect(failed.error?.message).toMatch(
      /to see what it holds: The (integrity check says|content of the file is damaged)/,
    );
    expect(failed.error?.nextStep).toContain(failed.backup?.path);
    expect(failed.report?.error).toEqual(failed.error);
  });
});

it('a run that was stopped, and whose last words the disk did not take, is read again and was just stopped', async () => {
  const { file, home, host, database, when, cancel, start } = realHost(folder, 'wal', write);
  const { askAlone } = host.engines;
  const disk = stepError(new SqliteError('disk I/O error', 'SQLITE_IOERR_FSYNC'), 'the record of this run').appError;
  const asked: string[] = [];
  vi.spyOn(host.engines, 'askAlone').mockImplementation(((of, name, input, listeners) => {
    asked.push(name);
    const { child, answer } = askAlone(of, name, input, listeners);
    if (name !== 'run') return { child, answer };
    const failing = answer.then((result) => {
      const { error, ...report } = (result.ok ? result.value : {}) as RunReport;
      return error?.code === 'E_CANCELLED' ? ok({ ...report, error: notClosed(error, disk) }) : result;
    });
    return { child, answer: failing };
  }) as typeof askAlone);
  when(inStep, () => host.runs.control(database.handle, 'pause'));
  when(({ state }) => state === 'paused', cancel);

  const stopped = await start();

  expect([stopped.state, stopped.error?.code, stopped.error?.safety]).toEqual([
    'cancelled',
    'E_CANCELLED',
    safetyText['whole-step'],
  ]);
  expect(stopped.error?.message).toMatch(/^It was stopped .* The disk reported an error .* which read all of it/);
  expect(asked).toEqual(['run', 'settle']);
  expect(leftovers(home)).toEqual([]);
  expect(ask(file, 'PRAGMA integrity_check')).toBe('ok');
});

/** A page in the middle, behind the back of SQLite. */
function spoil(file: string): void {
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, 4_096, 4_096 * 40);
  closeSync(handle);
}
