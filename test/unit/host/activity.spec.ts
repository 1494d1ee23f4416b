import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { type Activity, type Ended, watchActivity } from '@host/activity.ts';
import { createBusy, type Work } from '@host/busy.ts';
import { createDatabases } from '@host/databases.ts';
import { runNotice, workNotice } from '@host/end-notice.ts';
import { createEventBus } from '@host/events.ts';
import { progressBarOf, taskbarOf } from '@host/taskbar.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const START = Date.parse('2026-11-21T12:00:00.000Z');

/** The host's own parts for what goes on, with a clock that the spec turns. */
function house() {
  const [databases, events, busy] = [createDatabases(), createEventBus(), createBusy()];
  const seen: Activity[] = [];
  const ended: Ended[] = [];
  let now = START;
  const listeners = { onChange: (each: Activity) => seen.push(each), onLongEnd: (each: Ended) => ended.push(each) };
  const watch = watchActivity({ databases, events, busy }, listeners, () => now);
  const open = (name: string) => {
    const file = path.join(folder, name);
    writeFileSync(file, '');
    const opened = databases.open(file);
    if (!opened.ok) throw new Error(opened.error.message);
    return opened.value;
  };
  const take = (file: string, work: Work, isTrial = false) => {
    const taken = busy.take(file, work, { isTrial });
    if (!taken.ok) throw new Error(taken.error.message);
    return taken.value;
  };
  const modes = () => seen.map(({ taskbar }) => taskbar.mode);
  return { events, watch, seen, ended, modes, open, take, pass: (ms: number) => (now += ms) };
}

const run = (handle: string, change: Partial<RunSnapshot>): RunSnapshot => ({
  ...{ runId: 'r', handle, kind: 'upgrade', state: 'starting', now: '', fromPhase: null, toPhase: 4 },
  ...{ startedAt: new Date(START).toISOString(), steps: [], progress: null, backup: null, attention: null },
  ...{ error: null, report: null, ...change },
});
const rows = (rowsDone: number, rowsTotal = 100) => ({ rowsDone, rowsTotal, rowsPerSecond: null, etaSeconds: null });

describe('dock and taskbar', () => {
  it('follow an upgrade: no end in sight, then rows, then no end in sight, then nothing', () => {
    const { events, seen, open, take } = house();
    const { path: file, handle } = open('a.db');
    const free = take(file, 'upgrade');
    for (const change of [
      { state: 'backing-up' } as const,
      { state: 'migrating', progress: rows(0) } as const,
      { state: 'migrating', progress: rows(50) } as const,
      { state: 'verifying', progress: rows(100) } as const,
    ])
      events.emit('run:changed', run(handle, change));
    free(true);
    events.emit('run:changed', run(handle, { state: 'completed' }));

    expect(seen.map(({ taskbar, isWriting }) => [taskbar.mode, taskbar.fraction, isWriting])).toEqual([
      ['indeterminate', 0, true],
      ['normal', 0, true],
      ['normal', 0.5, true],
      ['indeterminate', 0, true],
      ['none', 0, false],
    ]);
  });

  it('show a pause, and let the computer sleep in it', () => {
    const { events, watch, open, take } = house();
    const { path: file, handle } = open('p.db');
    take(file, 'upgrade');
    events.emit('run:changed', run(handle, { state: 'paused', progress: rows(40) }));
    expect(watch.now()).toEqual({ taskbar: { mode: 'paused', fraction: 0.4 }, isWriting: false });
    events.emit('run:changed', run(handle, { state: 'migrating', progress: rows(41) }));
    expect(watch.now()).toEqual({ taskbar: { mode: 'normal', fraction: 0.41 }, isWriting: true });
  });

  it('show a failure until somebody has looked; a stop, and what never began, are none', () => {
    const { events, watch, open } = house();
    const { handle } = open('f.db');
    const end = (change: Partial<RunSnapshot>) => events.emit('run:changed', run(handle, change));
    end({ state: 'cancelled', error: appError('E_CANCELLED', '') });
    expect(watch.now().taskbar.mode).toBe('none');
    end({ state: 'failed', error: appError('E_DB_IN_USE', '') });
    expect(watch.now().taskbar.mode).toBe('none');
    end({ state: 'failed', error: appError('E_IO', '') });
    expect(watch.now()).toEqual({ taskbar: { mode: 'error', fraction: 1 }, isWriting: false });
    watch.seen();
    expect(watch.now().taskbar.mode).toBe('none');
  });

  it('follow backups and the like by what they tell; a trial shows nothing and keeps nothing awake', () => {
    const { events, watch, modes, open, take } = house();
    const { path: file, handle } = open('b.db');
    const free = take(file, 'backup');
    const work = { kind: 'backup', now: '', canCancel: true } as const;
    events.emit('work:changed', { handle, work: { ...work, fraction: 0.25 } });
    expect(watch.now()).toEqual({ taskbar: { mode: 'normal', fraction: 0.25 }, isWriting: true });
    events.emit('work:changed', { handle, work: null });
    expect(watch.now().isWriting).toBe(true); // over is what the host says, not what the window is told
    free(false);
    expect(watch.now()).toEqual({ taskbar: { mode: 'none', fraction: 0 }, isWriting: false });
    expect(modes()).toEqual(['indeterminate', 'normal', 'none']);
    take(file, 'ingest', true)(true);
    expect(modes()).toHaveLength(3);
  });

  it('of several show the slowest; on Linux no bar stands for one without an end', () => {
    const going = (fraction: number | null, isPaused = false) => ({ fraction, isPaused });
    expect(taskbarOf([going(0.8), going(0.2)], true)).toEqual({ mode: 'normal', fraction: 0.2 });
    expect(taskbarOf([going(0.8), going(null)], false).mode).toBe('indeterminate');
    expect(taskbarOf([going(0.8), going(0.1, true)], false)).toEqual({ mode: 'normal', fraction: 0.8 });
    expect(taskbarOf([going(1.7)], false).fraction).toBe(1);
    const endless = { mode: 'indeterminate', fraction: 0 } as const;
    expect(progressBarOf(endless, 'win32')).toEqual({ value: 2, mode: 'indeterminate' });
    expect(progressBarOf(endless, 'linux').value).toBe(-1);
    expect(progressBarOf({ mode: 'none', fraction: 0 }, 'darwin').value).toBe(-1);
  });
});

describe('what is told at the end', () => {
  const report = { toPhase: 4, verified: true } as NonNullable<RunSnapshot['report']>;

  it('only of what took 15 seconds or more', () => {
    const { events, ended, open, take, pass } = house();
    const { path: file, handle } = open('n.db');
    pass(14_999);
    events.emit('run:changed', run(handle, { state: 'completed', report }));
    expect(ended).toEqual([]);
    pass(1);
    events.emit('run:changed', run(handle, { state: 'completed', report }));
    expect(ended).toMatchObject([{ title: 'Done and verified: n.db', page: 'activity', handle, tookMs: 15_000 }]);
    const free = take(file, 'restore');
    pass(20_000);
    free(false);
    expect(ended[1]).toMatchObject({ title: 'The restore of n.db was not finished', page: 'backups', tookMs: 20_000 });
  });

  it('once of a pause that waits for somebody', () => {
    const { events, ended, open, take, pass } = house();
    const { path: file, handle } = open('w.db');
    take(file, 'upgrade');
    pass(60_000);
    const paused = run(handle, { state: 'paused', attention: appError('E_NO_SPACE', '') });
    for (const each of [paused, paused]) events.emit('run:changed', each);
    expect(ended.map(({ title }) => title)).toEqual(['The upgrade of w.db is waiting']);
  });

  it('says done only of what is verified, and of a failure whether the data is safe', () => {
    expect(runNotice(run('h', { state: 'completed', report: { ...report, verified: false } }), 'x.db')).toBeNull();
    expect(runNotice(run('h', { state: 'failed', error: appError('E_IO', 'm') }), 'x.db')).toEqual({
      title: 'The upgrade of x.db stopped: The disk reported an error',
      body: appError('E_IO', 'm').safety,
      page: 'activity',
    });
    expect(runNotice(run('h', { state: 'cancelled', error: appError('E_CANCELLED', '') }), 'x.db')).toBeNull();
    expect(runNotice(run('h', { state: 'paused' }), 'x.db')).toBeNull(); // the person did it
    expect(workNotice('clear', 'x.db', true)).toBeNull();
    expect(workNotice('backup', 'a\u202eb.db', true)?.title).toContain(String.raw`a\u202eb.db`);
  });

  it.each<[Work, boolean, string]>([
    ['restore', true, 'x.db holds the backup again'],
    ['put-back', true, 'The old files of x.db are back'],
    ['put-back', false, 'Putting the old files of x.db back was not finished'],
    ['ingest', true, 'Taking files into x.db has ended'], // all of them may have been refused
    ['ingest', false, 'Taking files into x.db was not finished'], // those before the stop are kept
    ['retry', false, 'Trying the issue rows of x.db again was not finished'],
  ])('says no more of %s (done: %s) than is so', (work, isDone, title) => {
    expect(workNotice(work, 'x.db', isDone)?.title).toBe(title);
  });
});
