import { readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { RunReport, type RunSnapshot, wasRefused } from '@shared/run.ts';
import type { CheckResult } from '@shared/status.ts';
import { databaseKey } from '@host/databases.ts';
import { appError } from '@shared/errors.ts';
import { firstSnapshot, reportOfError } from '@host/run-snapshot.ts';
import { journalFolder, openRunJournal, startedLine } from '@host/run-journal.ts';
import type { StartedRun } from '@host/runs.ts';
import { withoutRepeats } from '@host/verdict.ts';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost, statesOf, until } from './scripted-host.ts';

const folder = temporaryFolder();
const noExtras = { source: { kind: 'none' }, isRemovalConfirmed: false } as const;
function setUp() {
  const house = closedAfter(scriptedHost(folder));
  const request = { toPhase: 1, fingerprint: 'f1', plan: null, backupFolder: path.join(house.home, 'b'), ...noExtras };
  const start = (script: string): StartedRun => must(house.host.runs.start(house.open(script), request));
  return { ...house, start, request };
}

const endOf = async (started: StartedRun): Promise<RunSnapshot> => started.done;

describe('a run', () => {
  it('is completed only after a fresh process has verified it', async () => {
    const { start, events } = setUp();

    const run = await endOf(start('good'));

    expect(statesOf(events)).toEqual(['starting', 'backing-up', 'migrating', 'verifying', 'completed']);
    expect(run.report).toMatchObject({ ok: true, verified: true });
    expect(run.report?.checks).toHaveLength(1);
    expect(run.steps.map((step) => [step.state, step.ms])).toEqual([
      ['applied', 5],
      ['applied', 6],
    ]);
    expect(events.at(-1)?.name).toBe('database:changed');
  });

  it.each([
    ['untrue', 'a check that does not hold'],
    ['unchecked', 'a check that was not made'],
    ['nothing', 'no check at all'],
  ])('fails its verdict over %s: %s', async (script) => {
    const run = await endOf(setUp().start(script));
    expect(run.state).toBe('failed');
    expect(run.error?.code).toBe('E_VERIFY_FAILED');
    expect(run.report).toMatchObject({ ok: false, verified: false });
  });

  it('tells of progress at most ten times a second, and always of its last state', async () => {
    const { start, events } = setUp();
    await endOf(start('good'));
    const told = events.filter(({ name }) => name === 'run:changed');
    expect(told.length).toBeLessThan(15); // of 57 engine events
    expect(told.at(-1)?.payload).toMatchObject({ state: 'completed' });
  });

  it('refuses a second one on the same database', async () => {
    const { host, start, open, request } = setUp();
    const first = start('waits');
    await until(() => host.runs.get(first.snapshot.handle)?.state === 'migrating');

    const again = host.runs.start(open('waits'), request);

    expect(codeOf(again)).toBe('E_RUN_ACTIVE');
    host.runs.control(first.snapshot.handle, 'cancel');
    await first.done;
    expect(codeOf(host.runs.start(open('waits'), request))).toBe('no error');
    await host.runs.cancelAll();
  });

  it('pauses, resumes and completes', async () => {
    const { host, start, events } = setUp();
    const started = start('waits');
    const { handle } = started.snapshot;
    await until(() => host.runs.get(handle)?.steps[0]?.state === 'applied');

    host.runs.control(handle, 'pause');
    await until(() => host.runs.get(handle)?.state === 'paused');
    host.runs.control(handle, 'resume');
    await started.done;

    expect(statesOf(events).slice(2)).toEqual([
      'migrating',
      'pausing',
      'paused',
      'migrating',
      'verifying',
      'completed',
    ]);
  });

  it('that is cancelled stays "cancelling" until the engine is at a safe place, and keeps what was applied', async () => {
    const { host, start, events } = setUp();
    const started = start('waits');
    await until(() => host.runs.get(started.snapshot.handle)?.steps[0]?.state === 'applied');

    host.runs.control(started.snapshot.handle, 'cancel');
    const run = await started.done;

    expect(statesOf(events).slice(2)).toEqual(['migrating', 'cancelling', 'cancelled']);
    expect(run.error?.code).toBe('E_CANCELLED');
    expect(run.report?.migrations.map(({ id }) => id)).toEqual(['m1']);
  });

  it('whose engine is killed fails, says so, and names the backup', async () => {
    const { start, events } = setUp();
    const run = await endOf(start('dies'));
    expect([run.state, run.error?.code]).toEqual(['failed', 'E_WORKER_DIED']);
    expect(run.error?.safety).toContain('a verified backup exists');
    expect(run.backup?.verified).toBe(true);
    expect(events.map(({ name }) => name)).toContain('engine:died');
  });

  it('whose engine is killed has the copy removed that was named last: a name before it may be of another', async () => {
    const { start, host } = setUp();
    const asked = vi.spyOn(host.engines, 'askAlone');
    await endOf(start('dies-copying'));
    const settled = asked.mock.calls.filter(([, name]) => name === 'settle').map(([, , input]) => input);
    expect(settled).toMatchObject([{ partials: ['b 2.partial'] }]);
  });

  it('whose engine is killed after the backup has nothing removed: the copy that was named is the backup', async () => {
    const { start, host } = setUp();
    const asked = vi.spyOn(host.engines, 'askAlone');
    await endOf(start('dies'));
    const settled = asked.mock.calls.filter(([, name]) => name === 'settle').map(([, , input]) => input);
    expect(settled).toMatchObject([{ partials: [] }]);
  });

  it('whose engine is killed before the backup does not speak of a backup', async () => {
    const run = await endOf(setUp().start('dies-early'));
    expect(run.error?.safety).toBe('Nothing was changed. Your data is as it was.');
  });

  it.each(['E_IO', 'E_INTERNAL', 'E_MIGRATION_FAILED'] as const)(
    'that %s ends before the backup does not speak of one either',
    (code) => {
      const start = { runId: 'r', handle: 'h', fromPhase: null, toPhase: 1, startedAt: '2026-11-21T12:00:00.000Z' };
      const report = reportOfError(firstSnapshot(start), 'a.db', 'p', appError(code, 'It happened.'));
      expect(report.error?.safety).toBe('Nothing was changed. Your data is as it was.');
    },
  );

  it('that the engine refuses touches nothing and asks for no verdict', async () => {
    const { start, events } = setUp();
    const run = await endOf(start('refused'));
    expect([run.state, run.error?.code]).toEqual(['failed', 'E_STATE_CHANGED']);
    expect(statesOf(events)).toEqual(['starting', 'failed']);
  });

  it('that was refused because the file is not as thought never began: it is no part of the history', async () => {
    const { host, open, start } = setUp();
    const run = await endOf(start('refused'));
    expect([run.now, wasRefused(run)]).toEqual(['Not started', true]);
    expect(host.runs.history(open('refused'))).toEqual([]);
  });

  it('is noted as migrated before its earlier parts are looked up, and Stop ends that look', async () => {
    const { host, start, dataFolder, open, home } = setUp();
    const { path: file } = open('unlisted');
    const part = { kind: 'upgrade', toPhase: 1, plan: null, runId: 'r1', path: file, appVersion: '0' } as const;
    const earlier = openRunJournal(dataFolder, file, 'r1');
    earlier.write(startedLine({ ...part, at: '2026-11-21T12:00:00.000Z' }));
    const made = { backupPath: path.join(home, 'unlisted.db'), sha256: '', verified: true };
    earlier.write({ type: 'backup', at: '2026-11-21T12:00:00.000Z', ...made });
    earlier.close();
    const started = start('unlisted');
    const journal = path.join(journalFolder(dataFolder, file), `${started.snapshot.runId}.jsonl`);
    await until(() => readFileSync(journal, 'utf8').includes('"migrated"'));

    host.runs.control(started.snapshot.handle, 'cancel');
    const run = await started.done;

    expect(run.error?.message).toContain('only the final check was stopped');
    expect(run.report?.continues).toMatchObject({ runIds: ['r1'], whyNone: 'unread' });
  });

  it('that is stopped while it is verified is applied, but not proven', async () => {
    const { host, start, events } = setUp();
    const started = start('unproven');
    await until(() => host.runs.get(started.snapshot.handle)?.state === 'verifying');

    host.runs.control(started.snapshot.handle, 'cancel');
    const run = await started.done;

    expect(statesOf(events).slice(-3)).toEqual(['verifying', 'cancelling', 'cancelled']);
    expect(run.report).toMatchObject({ ok: false, verified: false });
    expect(run.error?.message).toContain('only the final check was stopped');
  });

  it('that is stopped in an endless statement is ended, and says what the file holds', async () => {
    const { host, start } = setUp();
    const started = start('deaf');
    await until(() => host.runs.get(started.snapshot.handle)?.steps[0]?.state === 'applied');

    host.runs.control(started.snapshot.handle, 'cancel');
    const run = await started.done;

    expect([run.state, run.error?.code]).toEqual(['cancelled', 'E_CANCELLED']);
    expect(run.error?.message).toBe(
      'It was stopped with 1 of 2 steps applied; they are kept. "title of m2" is begun: 7 of 500 rows are kept, and it goes on behind them.',
    );
    expect(run.error?.safety).toContain('last completed step');
  });

  it('that runs out of space waits, says why, and goes on when there is room', async () => {
    const { host, start, events } = setUp();
    const started = start('full');
    const { handle } = started.snapshot;
    await until(() => host.runs.get(handle)?.state === 'paused');
    expect(host.runs.get(handle)?.attention?.code).toBe('E_NO_SPACE');

    host.runs.control(handle, 'resume');
    expect(host.runs.get(handle)?.attention).toBeNull();
    await until(() => host.runs.get(handle)?.state === 'paused'); // still too little
    host.runs.control(handle, 'resume');
    const run = await started.done;

    expect(run).toMatchObject({ state: 'completed', attention: null });
    expect(statesOf(events).filter((state) => state === 'paused')).toHaveLength(2);
  });

  it('lists a check that was made twice once, with the answer of the verdict', () => {
    const check = (id: string, summary: string): CheckResult => ({
      ...{ id, title: id, summary, state: 'met', evidence: [] },
    });
    const checks = withoutRepeats(
      [check('a', 'checkpoint'), check('b', 'checkpoint')],
      [check('b', 'verdict'), check('c', 'verdict')],
    );
    expect(checks.map(({ id, summary }) => `${id} ${summary}`)).toEqual(['a checkpoint', 'b verdict', 'c verdict']);
  });

  it('does not start without a journal', async () => {
    const { host, open, request, dataFolder } = setUp();
    const database = open('good');
    rmSync(dataFolder, { recursive: true, force: true });
    writeFileSync(dataFolder, 'a file where the folder should be'); // no mode holds root back
    expect(codeOf(host.runs.start(database, request))).toBe('E_DATA_FOLDER');
    expect([host.busy.any(), host.runs.get(database.handle)]).toEqual([false, null]);
  });
});

describe('the run journal', () => {
  const linesOf = (dataFolder: string, file: string) => {
    const runs = path.join(dataFolder, 'runs', databaseKey(file));
    const [journal = ''] = readdirSync(runs).filter((name) => name.endsWith('.jsonl'));
    const text = readFileSync(path.join(runs, journal), 'utf8');
    return {
      runs,
      lines: text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as { type: string }),
    };
  };

  it('holds every step of a run, and its report beside it', async () => {
    const { start, dataFolder, home } = setUp();
    const { runId } = await endOf(start('good'));
    const { lines, runs } = linesOf(dataFolder, path.join(home, 'good.db'));
    expect(lines.map(({ type }) => type)).toEqual([
      ...['started', 'steps', 'backup', 'applied', 'applied', 'checkpoint', 'migrated', 'ended'],
    ]);
    const report: unknown = JSON.parse(readFileSync(path.join(runs, `${runId}.report.json`), 'utf8'));
    expect(RunReport.parse(report).verified).toBe(true);
  });

  it('lists runs newest first, those without an end as interrupted', async () => {
    const { client, host, open, dataFolder, start } = setUp();
    const { path: file, handle } = open('good');
    await endOf(start('good'));
    const { runs } = linesOf(dataFolder, file);
    const { writeFileSync } = await import('node:fs');
    const gone = {
      type: 'started',
      at: '2030-01-01T00:00:00Z',
      order: 99,
      runId: 'gone',
      path: file,
      toPhase: 1,
      pid: 999_999_999,
      appVersion: '0',
      plan: null,
    };
    const lines = [gone, { type: 'applied', at: '2030-01-01T00:00:09Z', migrationId: 'm1', ms: 3 }];
    writeFileSync(
      path.join(runs, 'gone.jsonl'),
      `${lines.map((line) => JSON.stringify(line)).join('\n')}\n{"type":"app`,
    );

    const history = must(await client.call('run:history', { handle }));

    expect(history.map((report) => [report.ok, report.error?.code])).toEqual([
      [false, 'E_INTERRUPTED'],
      [true, undefined],
    ]);
    expect(history[0]?.migrations).toEqual([{ id: 'm1', title: 'm1', ms: 3 }]);
    expect(host.runs.history(open('good'))).toHaveLength(2);
  });

  it('does not call a run interrupted while it goes on', async () => {
    const { host, start, open } = setUp();
    const started = start('waits');
    expect(host.runs.history(open('waits'))).toEqual([]);
    await host.runs.cancelAll();
    expect(host.runs.history(open('waits'))).toHaveLength(1);
    await started.done;
  });
});
