import { expect, it } from 'vitest';
import { createProgress } from '@engine/progress.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { afterEvent, firstSnapshot } from '@host/run-snapshot.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';

const start = { runId: 'r', handle: 'h', fromPhase: null, toPhase: 1, startedAt: '2026-11-21T12:00:00.000Z' };

it('never shows the words of one step beside the rows of another', () => {
  const shown: string[] = [];
  let run = firstSnapshot(start);
  const emit = (event: EngineRunEvent) => {
    run = afterEvent(run, event);
    const rows = run.progress ?? run.steps.find(({ state }) => state === 'running');
    if (rows && rows.rowsTotal > 0) shown.push(`${run.now}: ${rows.rowsTotal}`);
  };
  const [first, second] = shopPack().migrations.map(({ id }) => id);
  const progress = createProgress(shopPack().migrations, emit, () => false);

  progress.stepStarted(first ?? '', 'copying members', 0, 30);
  progress.rows(first ?? '', 'copying members', { rows: 30, issueRows: 0 });
  progress.stepEnded(first ?? '', 'applied', 5);
  emit({ type: 'applied', migrationId: first ?? '', ms: 5 });
  progress.stepStarted(second ?? '', 'measuring notes', 0, 90);

  expect([...new Set(shown)]).toEqual(['copying members: 30', 'measuring notes: 90']);
  expect(run.progress).toMatchObject({ rowsDone: 0, rowsTotal: 90 });
});

it('names a step that has no rows to move by its title', () => {
  let run = firstSnapshot(start);
  const emit = (event: EngineRunEvent) => (run = afterEvent(run, event));
  const [migration] = shopPack().migrations;

  createProgress(shopPack().migrations, emit, () => false).stepStarted(migration?.id ?? '', 'not said', 0, 0);

  expect([run.now, run.progress]).toEqual([migration?.title, null]);
});
