import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type AppError, appError, safetyText } from '@shared/errors.ts';
import type { RunReport } from '@shared/run.ts';
import type { CheckResult } from '@shared/status.ts';
import { databaseKey } from '@host/databases.ts';
import { cancelledError } from '@host/ended-request.ts';
import { EngineChild } from '@host/engine-process.ts';
import { finished, firstSnapshot } from '@host/run-snapshot.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { disagreement, withVerdict } from '@host/verdict.ts';
import { readHistory } from '@host/run-history.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedEngine, scriptedHost } from './scripted-host.ts';

/** The sentence about the data must be true of every way in which something can end. */

const folder = temporaryFolder();
const noExtras = { source: { kind: 'none' }, isRemovalConfirmed: false } as const;
function setUp(parent = folder) {
  const house = closedAfter(scriptedHost(parent));
  const request = { toPhase: 1, fingerprint: 'f1', plan: null, backupFolder: path.join(house.home, 'b'), ...noExtras };
  return { ...house, request };
}

const NOTHING = 'Nothing was changed. Your data is as it was.';

describe('no backup is promised that nobody made', () => {
  it('when the journal cannot be written, so that the run does not start', () => {
    // Folders fit into the longest path there may be, the journal in them does not.
    let parent = folder;
    while (parent.length < 4_030) {
      parent = path.join(parent, 'x'.repeat(Math.min(200, 4_029 - parent.length) || 1));
      mkdirSync(parent);
    }
    const { host, open, request } = setUp(parent);

    const refused = host.runs.start(open('good'), request);

    expect(codeOf(refused)).toBe('E_DATA_FOLDER');
    expect(refused.ok ? '' : refused.error.safety).toBe(NOTHING);
    expect(host.busy.any()).toBe(false);
  });

  it('when the engine dies before it, also to the windows', async () => {
    const { host, open, request, events } = setUp();
    await must(host.runs.start(open('dies-early'), request)).done;
    const death = events.find(({ name }) => name === 'engine:died')?.payload as { error: AppError };
    expect(death.error.safety).toBe(NOTHING);
    expect(death.error.nextStep).toBe('Nothing had begun. Start the upgrade again.');
  });

  it('when a look ends with a bug of the engine', async () => {
    const child = new EngineChild(spawnWithNode(scriptedEngine));
    const looked = await child.ask('inspect', { path: '/fatal.db', check: 'schema' }, { limitMs: null });
    expect(looked.ok ? '' : looked.error.safety).toBe(NOTHING);
    child.kill();
  });

  it('when Phasewise itself was ended before it', () => {
    const runs = path.join(folder, 'runs', databaseKey('/a.db'));
    mkdirSync(runs, { recursive: true });
    const started = { type: 'started', at: '', runId: 'r', path: '/a.db', toPhase: 1, pid: 9, plan: null };
    const backup = { type: 'backup', at: '', backupPath: 'b', sha256: '', verified: true };
    writeFileSync(path.join(runs, '1.jsonl'), `${JSON.stringify(started)}\n`);
    writeFileSync(path.join(runs, '2.jsonl'), [started, backup].map((line) => JSON.stringify(line)).join('\n'));

    const sentences = readHistory(folder, '/a.db', () => false).map(({ error }) => error?.safety);

    expect(sentences.filter((text) => text?.includes('a verified backup exists'))).toHaveLength(1);
  });
});

describe('a file is not called safe', () => {
  it.each([
    'restore',
    'finishRestore',
    'putBack',
    'settle',
    'verify',
    'ingest',
    'retryIssues',
    'clearPlainSecrets',
  ] as const)('while the engine dies in a "%s"', async (name) => {
    for (const script of ['crash', 'memory', 'fatal']) {
      const child = new EngineChild(spawnWithNode(scriptedEngine));
      const input = { path: `/${script}.db`, backupPath: '', backupFolder: '', folder: '' } as never;
      const ended = await child.ask(name, input, { limitMs: null });
      expect(ended.ok ? '' : ended.error.safety).toContain('could not finish checking');
      child.kill();
    }
  });

  it.each(['removeBackup', 'tidyBackups'] as const)(
    'nor every backup, while the engine dies in a "%s"',
    async (name) => {
      const child = new EngineChild(spawnWithNode(scriptedEngine));
      const input = { path: '/crash.db', backupPath: '/crash.db' } as never;
      const ended = await child.ask(name, input, { limitMs: null });
      expect(ended.ok ? '' : ended.error.safety).toBe('Your database was not changed. Only the backup has a problem.');
      expect(ended.ok ? '' : ended.error.nextStep).toContain('list of backups');
      child.kill();
    },
  );

  it('of which a trial deletes none', async () => {
    const child = new EngineChild(spawnWithNode(scriptedEngine));
    const input = { path: '/crash.db', isTrial: true } as never;
    const ended = await child.ask('tidyBackups', input, { limitMs: null });
    expect(ended.ok ? '' : ended.error.safety).toBe(safetyText.untouched);
    expect(ended.ok ? '' : ended.error.nextStep).toMatch(/^Try again/);
    child.kill();
  });

  it.each(['kept', 'backup', 'integrity'])('when its check "%s" does not hold', (id) => {
    const checks: CheckResult[] = [
      { id, title: 'A check', state: 'unmet', summary: 'It does not hold.', evidence: [] },
      { id: 'other', title: 'Another', state: 'met', summary: '', evidence: [] },
    ];
    expect(disagreement(checks, false)?.safety).not.toContain('safe');
    expect(disagreement(checks, false)?.message).not.toContain('Another program');
    expect(disagreement(checks, true)).toMatchObject({
      message: expect.stringContaining('Another program has written to the file since the upgrade'),
      nextStep: expect.stringContaining('work of another program'),
      details: { isWritten: true },
    });
  });

  it('or verified, without a backup to compare it with', async () => {
    const { host } = setUp();
    const report = { ok: true, verified: false, toPhase: 1, backup: null } as RunReport;
    expect(await withVerdict(host.engines, '/good.db', report)).toMatchObject({
      ok: false,
      verified: false,
      error: { code: 'E_VERIFY_FAILED' },
    });
  });
});

it("a step that was stopped at somebody's request is not shown as failed", () => {
  const start = firstSnapshot({ runId: 'r', handle: 'h', fromPhase: null, toPhase: 1, startedAt: '' });
  const step = { migrationId: 'm', title: 'm', phase: 1, ms: 3, rowsDone: 1, rowsTotal: 9, issueRows: 0 } as const;
  const run = { ...start, steps: [{ ...step, state: 'failed' as const }] };
  const endedBy = (code: 'E_CANCELLED' | 'E_INVARIANT') =>
    finished(run, { ok: false, verified: false, backup: null, error: appError(code, '') } as RunReport).steps[0]?.state;
  expect([endedBy('E_CANCELLED'), endedBy('E_INVARIANT')]).toEqual(['waiting', 'failed']);
});

it.each([
  ['ingest', true, safetyText.unknown],
  ['retryIssues', true, safetyText.unknown],
  ['clearPlainSecrets', true, safetyText.unknown],
  ['ingest', false, safetyText.untouched],
  ['backup', true, safetyText.untouched],
  ['inspect', true, safetyText.untouched],
] as const)(
  'of the data nothing is said that is not known when %s was ended on request (%s)',
  (name, isLetThrough, safety) => {
    expect(cancelledError({ name, hasBackup: false, isLetThrough }, true)).toMatchObject({
      code: 'E_CANCELLED',
      safety,
    });
  },
);
