import fs, { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { appError, err, ok, type Result, safetyText } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { createBusy } from '@host/busy.ts';
import type { Engines } from '@host/engines.ts';
import { createEventBus } from '@host/events.ts';
import { journalFolder } from '@host/run-journal.ts';
import { notStarted } from '@host/run-record.ts';
import { afterEvent, finished } from '@host/run-snapshot.ts';
import { createRuns } from '@host/runs.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup, report, run as snapshot } from '../renderer/values.ts';
import { must, statesOf } from './scripted-host.ts';

/** What a run must not throw away, must not say and must not leave out, whatever its engine answers. */

const folder = temporaryFolder();
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

type Tell = (event: EngineRunEvent) => void;
type Answer = (tell: Tell) => Result<unknown>;

/** A run whose engine tells and answers what the spec says. */
function setUp(answers: Record<string, Answer>) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [dataFolder, file] = [path.join(home, 'data'), path.join(home, 'a.db')];
  writeFileSync(file, 'bytes');
  const asked: { name: string; input: Record<string, unknown> }[] = [];
  const controls: string[] = [];
  const child = { control: (wish: string) => controls.push(wish), cancel: () => controls.push('cancel') > 0 };
  const askAlone = (_: string, name: string, input: Record<string, unknown>, { onRunEvent = () => {} } = {}) => {
    asked.push({ name, input });
    const answer = answers[name] ?? (() => ok({ phase: 0, applied: [], begun: null }));
    return { answer: Promise.resolve().then(() => answer(onRunEvent as Tell)), child };
  };
  const events = createEventBus();
  const heard: Parameters<typeof statesOf>[0][number][] = [];
  events.on((name, payload) => heard.push({ name, payload }));
  const [busy, madeBackups] = [createBusy(), [] as string[]];
  const runs = createRuns({
    ...{ engines: { askAlone } as unknown as Engines, events, busy, dataFolder, appVersion: '0' },
    onBackup: (_, made) => void madeBackups.push(made.path),
    onEnded: () => Promise.resolve(),
  });
  const start = () => {
    const request = { toPhase: 1, fingerprint: null, plan: null, backupFolder: home, isRemovalConfirmed: false };
    const database = { handle: 'h', name: 'a.db', folder: home, path: file };
    return must(runs.start(database, { ...request, source: { kind: 'none' } }));
  };
  const done = (): Promise<RunSnapshot> => start().done;
  const linesOf = (runId: string): string =>
    readFileSync(path.join(journalFolder(dataFolder, file), `${runId}.jsonl`), 'utf8');
  return { home, file, dataFolder, asked, controls, heard, busy, madeBackups, runs, start, done, linesOf };
}

const copied: EngineRunEvent = { type: 'backup', backup: backup() };
const step = { migrationId: 'm1', title: 'Do it', phase: 1, state: 'waiting', ms: null } as const;
const steps: EngineRunEvent = { type: 'steps', steps: [{ ...step, rowsDone: 0, rowsTotal: 0, issueRows: 0 }] };
const migrated = ok({ ...report(), backup: backup(), verified: false, checks: [] });
const verdict = (state: 'met' | 'unmet') =>
  ok({ checks: [{ id: 'kept', title: 'Everything is kept', state, summary: 'So.', evidence: [] }] });

it.each([
  ['met', false],
  ['unmet', true],
] as const)('files as they were found stay until a verdict has said yes: %s', async (state, isLeft) => {
  const copy = path.join(mkdtempSync(path.join(folder, 'backups-')), 'a.db 2026-11-21 14.00.00 before recovery');
  mkdirSync(copy);
  const { done } = setUp({
    run(tell) {
      tell({ type: 'recovery-copy', folder: copy });
      tell(copied);
      return migrated;
    },
    verify: () => verdict(state),
  });

  expect((await done()).state).toBe(isLeft ? 'failed' : 'completed');
  expect(existsSync(copy)).toBe(isLeft);
});

describe('files as they were found, which SQLite has not taken in whole', () => {
  /** As the engine keeps them among the backups: of the database of that name. */
  const kept = (backups: string, at: string, name = 'a.db') => {
    const copy = path.join(backups, `${name} 2026-11-21 14.00.${at} before recovery`);
    mkdirSync(copy);
    writeFileSync(path.join(copy, name), 'bytes');
    return copy;
  };
  const backups = () => mkdtempSync(path.join(folder, 'backups-'));
  const copiedTo = (place: string): EngineRunEvent => ({ type: 'backup', backup: { ...backup(), folder: place } });
  const died = (): Result<unknown> => err(appError('E_WORKER_DIED', 'It ended.', { exitCode: null }));

  it('are named also where the engine ends before it could: by the report and by the journal', async () => {
    const place = backups();
    let own = '';
    const { done, linesOf } = setUp({
      run(tell) {
        own = kept(place, '02');
        tell(copiedTo(place));
        return died();
      },
    });

    const { report: told, runId } = await done();

    expect(told).toMatchObject({ error: { code: 'E_WORKER_DIED' }, keptIn: own });
    expect(linesOf(runId)).toContain(JSON.stringify(own));
  });

  it.each([
    ['died', err(appError('E_WORKER_DIED', 'It ended.', { exitCode: null }, { safety: 'untouched' }))],
    ['was ended', err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true }))],
  ])('are told of where they were kept only when the file was put right: its process %s', async (_, answer) => {
    const keptIn = '/b/a.db 2026-11-21 14.00.02 before recovery';
    const settle = () => ok({ phase: 0, applied: [], begun: null, keptIn });
    const { error } = await setUp({ run: () => answer, settle }).done();
    expect(error).toMatchObject({ message: expect.stringContaining(`kept in ${keptIn}.`), details: { keptIn } });
    expect(error?.safety).not.toContain('Nothing was changed');
  });

  it.each([
    ['died', false, err(appError('E_WORKER_DIED', 'It ended.', { exitCode: null }, { safety: 'untouched' }))],
    ['was ended for its silence', false, err(appError('E_TIMEOUT', 'It was silent.', { wasEnded: true }))],
    ['was stopped', false, err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true }))],
    ['was stopped, with nothing missing', true, err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true }))],
  ])('are told of before there is a backup, too: its process %s', async (_, isWhole, answer) => {
    const given = setUp({
      run(tell) {
        const copy = kept(given.home, '02');
        if (isWhole) tell({ type: 'recovery-copy', folder: copy });
        return answer;
      },
    });

    const { error } = await given.done();

    const keptIn = path.join(given.home, 'a.db 2026-11-21 14.00.02 before recovery');
    expect(error?.details).toMatchObject({ keptIn });
    expect(error?.message.split(`ile, journal and log as they were found are kept in ${keptIn}.`)).toHaveLength(2);
    expect(error?.message.includes('may be missing')).toBe(!isWhole);
    expect(error?.safety).toBe(safetyText[isWhole ? 'untouched' : 'kept']);
  });

  it.each([
    ['the engine says that it was taken in whole', 'a.db', true],
    ['another run had kept them', 'a.db', false],
    ['they are of another database', 'b.db', false],
  ])('are not where %s', async (_, name, isTold) => {
    const place = backups();
    const longAgo = new Date('2026-11-20T00:00:00Z');
    const { done, linesOf } = setUp({
      run(tell) {
        const copy = kept(place, '02', name);
        if (isTold) tell({ type: 'recovery-copy', folder: copy });
        else if (name === 'a.db') fs.utimesSync(copy, longAgo, longAgo);
        tell(copiedTo(place));
        return died();
      },
    });

    const { report: told, runId } = await done();

    expect(told).not.toHaveProperty('keptIn');
    expect(linesOf(runId)).not.toContain('"kept"');
  });
});

it('a folder that only says so of itself is not taken for such files', async () => {
  const other = path.join(mkdtempSync(path.join(folder, 'documents-')), 'my documents');
  mkdirSync(other);
  const run: Answer = (tell) => {
    tell({ type: 'recovery-copy', folder: other });
    tell(copied);
    return migrated;
  };
  expect((await setUp({ run, verify: () => verdict('met') }).done()).state).toBe('completed');
  expect(existsSync(other)).toBe(true);
});

it('every backup is remembered as it is made, also where the run fails', async () => {
  const { done, madeBackups } = setUp({
    run(tell) {
      tell(copied);
      return err(appError('E_IO', 'The disk failed.'));
    },
  });
  await done();
  expect(madeBackups).toEqual([backup().path]);
});

it('a run that cannot be begun ends with the reason, says that nothing was changed, and lets go of the file', async () => {
  const { dataFolder, done, busy, asked } = setUp({});
  mkdirSync(dataFolder);
  writeFileSync(path.join(dataFolder, 'locks'), 'no folder');

  const { state, error } = await done();

  expect([state, error?.code, error?.safety]).toEqual(['failed', 'E_DATA_FOLDER', safetyText.untouched]);
  expect(busy.any()).toBe(false);
  expect(asked).toEqual([]);
});

it('a journal that cannot be written stops the run, but is not given as the reason for what failed by itself', async () => {
  const { done, controls } = setUp({
    run(tell) {
      vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
        throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' });
      });
      syncBuiltinESMExports();
      tell(copied);
      return err(appError('E_MIGRATION_FAILED', 'A step failed.'));
    },
  });

  expect((await done()).error).toMatchObject({ code: 'E_MIGRATION_FAILED', message: 'A step failed.' });
  expect(controls).toEqual(['cancel']);
});

it.each([true, false])(
  'what is kept of a run is told by the engine alone only before its backup: %s',
  async (isBefore) => {
    const { done } = setUp({
      run(tell) {
        tell(steps);
        if (!isBefore) tell(copied);
        return err(appError('E_CANCELLED', 'The damaged log is kept in K.', { keptIn: 'K' }));
      },
    });

    expect((await done()).error?.message).toBe(
      isBefore ? 'The damaged log is kept in K.' : 'It was stopped before a step was finished; the backup is kept.',
    );
  },
);

it('a wish to stop stays on screen, whatever the engine ends with', async () => {
  const given = setUp({
    run(tell) {
      tell(steps);
      tell(copied);
      given.runs.control('h', 'cancel');
      tell({ type: 'state', state: 'migrating', now: 'going on' });
      return migrated;
    },
  });

  const run = await given.done();

  expect(statesOf(given.heard)).toEqual(['starting', 'cancelling', 'cancelled']);
  expect([run.report?.verified, run.error?.code]).toEqual([false, 'E_CANCELLED']);
  expect(given.asked.map(({ name }) => name)).not.toContain('verify');
});

it('a final check that was stopped has the file put right', async () => {
  const given = setUp({
    run(tell) {
      tell(copied);
      return migrated;
    },
    verify: () => err(appError('E_CANCELLED', 'Stopped.', { wasEnded: true })),
  });

  const { runId } = await given.done();

  const settled = given.asked.filter(({ name }) => name === 'settle').map(({ input }) => input);
  expect(settled).toMatchObject([{ path: given.file, partials: [] }]);
  expect(given.linesOf(runId)).toContain('"migrated"');
});

it('the steps that a run has to do are noted once: what is applied from then on says the rest', async () => {
  const given = setUp({
    run(tell) {
      tell(steps);
      tell(copied);
      tell(steps);
      tell(steps);
      return err(appError('E_IO', 'The disk failed.'));
    },
  });
  const { runId } = await given.done();
  expect(given.linesOf(runId).match(/"type":"steps"/g)).toHaveLength(1);
});

it('only what migrates is paused, only what is paused goes on, and what has ended is not stopped', async () => {
  const given = setUp({
    run(tell) {
      tell({ type: 'state', state: 'backing-up', now: 'Copying' });
      given.runs.control('h', 'pause');
      given.runs.control('h', 'resume');
      tell(copied);
      return migrated;
    },
    verify: () => verdict('met'),
  });
  await given.done();
  for (const wish of ['pause', 'resume', 'cancel'] as const) given.runs.control('h', wish);

  expect(statesOf(given.heard)).toEqual(['starting', 'backing-up', 'verifying', 'completed']);
  expect(given.controls).toEqual([]);
});

it.each([
  ['proven', { ok: true, verified: true }, 'completed'],
  ['without a verdict', { ok: true, verified: false }, 'failed'],
  ['not well', { ok: false, verified: true }, 'failed'],
  ['with an error', { ok: true, verified: true, error: appError('E_IO', 'The disk failed.') }, 'failed'],
  ['stopped', { ok: true, verified: true, error: appError('E_CANCELLED', 'Stopped.') }, 'cancelled'],
] as const)('done is said of nothing but what is proven: %s', (_, change, state) => {
  expect(finished(snapshot(), report(change)).state).toBe(state);
});

it('what was asked for stays on screen until it is so', () => {
  const told = (state: RunSnapshot['state'], next: Extract<EngineRunEvent, { type: 'state' }>['state']) =>
    afterEvent(snapshot({ state }), { type: 'state', state: next, now: '' }).state;
  expect(told('cancelling', 'migrating')).toBe('cancelling');
  expect(told('pausing', 'migrating')).toBe('pausing');
  expect(told('pausing', 'paused')).toBe('paused');
});

it('whatever kept a run from being begun, nothing was changed by it', () => {
  expect(notStarted(new Error('a fault of ours')).safety).toBe(safetyText.untouched);
});
