import { watch } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { createRandom } from '../../migrations/kroma/sample/random.ts';
import { buildEngine } from '../support/engine-child.ts';
import { buildLegacyOdd } from '../support/kroma/legacy.ts';
import { addScaledRows } from '../support/kroma/scaled.ts';
import { foldersOf, readSource } from '../support/kroma/upgrade.ts';
import { outcomeDifferences, outcomeOf, type Outcome } from '../support/kill/outcome.ts';
import { judgeTrial, removeTrial, runTrial, startTrial, twoAtATime, type Trial } from '../support/kill/trial.ts';
import { compareIssues, compareWithExpected, describeDifferences } from '../support/oracle/compare.ts';
import { expectPhase4 } from '../support/oracle/phase1.ts';
import { temporaryFolder } from '../support/temporary.ts';

/**
 * Kills the real engine process with SIGKILL at every boundary and at random instants of a whole upgrade. After each kill
 * the file must be as before or at a whole verified step, with a true backup; the next run must finish with the same
 * result as a run that nobody disturbed. PHASEWISE_SOAK=10 tries ten times as many instants; PHASEWISE_SEED=… repeats one.
 */
const soak = Number(process.env['PHASEWISE_SOAK'] ?? 1);
const seed = Number(process.env['PHASEWISE_SEED'] ?? Date.now() % 1_000_000);
const random = createRandom(seed);
const folder = temporaryFolder();
const limit = { timeout: 300_000 * soak };

const modes = ['DELETE', 'WAL'] as const;
type Mode = (typeof modes)[number];
const sourceOf = (mode: Mode): string => path.join(folder, `source-${mode}.db`);

/** Large enough that the big tables are filled in several chunks, small enough to be killed a hundred times. */
function writeSource(mode: Mode): void {
  const db = new Database(sourceOf(mode));
  db.pragma(`journal_mode = ${mode}`);
  buildLegacyOdd(db);
  addScaledRows(db, { candidates: 2_600, metaBytes: 80 });
  db.close();
}

let undisturbed: { events: EngineRunEvent[]; ms: number; backupMs: number; outcome: Outcome };

async function runUndisturbed(): Promise<typeof undisturbed> {
  const trial = startTrial(folder, sourceOf('DELETE'));
  const events: EngineRunEvent[] = [];
  let [sentAt, backedUpAt] = [0, 0];
  const ending = await runTrial(trial, {
    onSent: () => (sentAt = performance.now()),
    onEvent: (event) => {
      events.push(event);
      if (event.type === 'backup') backedUpAt = performance.now();
    },
  });
  const ms = performance.now() - sentAt;
  if (ending.kind !== 'answered' || !ending.result.ok || !ending.result.value.ok)
    throw new Error(JSON.stringify(ending));
  return { events, ms, backupMs: backedUpAt - sentAt, outcome: outcomeOf(trial.file) };
}

/** Where the kills left the file: proof that they were spread over the whole run. */
const stops: string[] = [];

function expectWholeStep(trial: Trial, when: string): void {
  const { problems, stoppedAt } = judgeTrial(trial);
  expect({ when, problems }).toEqual({ when, problems: [] });
  stops.push(stoppedAt);
}

/** Continues to the end; killed after the last commit, there may be nothing left to do. */
async function expectSameEnd(trial: Trial, when: string): Promise<void> {
  const ending = await runTrial(trial);
  const result = ending.kind === 'answered' ? ending.result : null;
  const isDone = result !== null && (result.ok ? result.value.ok : result.error.code === 'E_NOTHING_TO_DO');
  expect({ when, failure: isDone ? null : ending }).toEqual({ when, failure: null });
  const differences = outcomeDifferences(undisturbed.outcome, outcomeOf(trial.file));
  expect({ when, differences }).toEqual({ when, differences: [] });
  removeTrial(trial);
}

/** An instant mostly after the backup, where the file changes; every sixth before. */
const randomDelay = (index: number): number =>
  index % 6 === 0
    ? random.next() * undisturbed.backupMs
    : undisturbed.backupMs + random.next() * (undisturbed.ms - undisturbed.backupMs);

describe('an upgrade whose engine process is killed', () => {
  beforeAll(async () => {
    await buildEngine();
    for (const mode of modes) writeSource(mode);
    undisturbed = await runUndisturbed();
    const [ms, backupMs] = [undisturbed.ms, undisturbed.backupMs].map(Math.round);
    console.info(
      `kill.spec: seed ${seed}; undisturbed, a run takes ${ms} ms, ${backupMs} ms until the backup is verified`,
    );
  });

  it('has the right result when nobody disturbs it', () => {
    const source = readSource(sourceOf('DELETE'));
    const expected = expectPhase4(source);
    const { tables, issues } = undisturbed.outcome.upgraded;
    expect(describeDifferences(compareWithExpected(expected, source, tables))).toEqual([]);
    expect(compareIssues(expected, issues)).toEqual([]);
  });

  for (const mode of modes) {
    it(
      `is at a whole step after a kill at every boundary, and continues to the same end (${mode})`,
      limit,
      async () => {
        const isBoundary = ({ type }: EngineRunEvent): boolean => !['progress', 'steps'].includes(type);
        const boundaries = undisturbed.events.filter(isBoundary).map(({ type }, at) => ({ type, at }));
        // Every boundary in one mode; in the other every second one is enough.
        const chosen = boundaries.filter(({ at }) => mode === 'DELETE' || at % 2 === 0 || soak > 1);
        await twoAtATime(chosen, async ({ type, at }) => {
          const trial = startTrial(folder, sourceOf(mode));
          let seen = -1;
          const ending = await runTrial(trial, {
            onEvent: (event, kill) => void (isBoundary(event) && (seen += 1) >= at && kill()),
          });
          const when = `killed at boundary ${at} (${type}), ${mode}, seed ${seed}`;
          // Near the end the process may be done before its last event is heard here.
          expect({ when, died: ending.kind === 'died' }).toEqual({ when, died: false });
          expectWholeStep(trial, when);
          await expectSameEnd(trial, when);
        });
      },
    );
  }

  it('leaves only true backups when killed at any change in the backup folder', limit, async () => {
    const changes = Array.from({ length: 8 * soak }, (_, index) => index + 1);
    await twoAtATime(changes, async (nth) => {
      const trial = startTrial(folder, sourceOf('DELETE'));
      let seen = 0;
      const watcher = watch(foldersOf(trial.file).backupFolder);
      await runTrial(trial, { onSent: (kill) => watcher.on('change', () => void ((seen += 1) >= nth && kill())) });
      watcher.close();
      const when = `killed at change ${nth} in the backup folder`;
      expectWholeStep(trial, when);
      await expectSameEnd(trial, when);
    });
  });

  for (const mode of modes) {
    it(
      `is at a whole step after a kill at ${25 * soak} random instants, and continues to the same end (${mode})`,
      limit,
      async () => {
        const delays = Array.from({ length: 25 * soak }, (_, index) => randomDelay(index));
        await twoAtATime(delays, async (delay) => {
          const trial = startTrial(folder, sourceOf(mode));
          await runTrial(trial, { onSent: (kill) => void setTimeout(kill, delay) });
          const when = `killed after ${delay.toFixed(1)} ms, ${mode}, seed ${seed}`;
          expectWholeStep(trial, when);
          await expectSameEnd(trial, when);
        });
      },
    );
  }

  it('survives being killed again and again', limit, async () => {
    await twoAtATime(modes, async (mode) => {
      const trial = startTrial(folder, sourceOf(mode));
      for (let kills = 1; kills <= 6 * soak; kills += 1) {
        const delay = undisturbed.backupMs + random.next() * (undisturbed.ms - undisturbed.backupMs) * 0.5;
        await runTrial(trial, { onSent: (kill) => void setTimeout(kill, delay) });
        expectWholeStep(trial, `kill ${kills} of a chain, after ${delay.toFixed(1)} ms, ${mode}, seed ${seed}`);
      }
      await expectSameEnd(trial, `after a chain of kills, ${mode}, seed ${seed}`);
    });
  });

  it('was tried all along the way', () => {
    const groups = Map.groupBy(stops.toSorted(), (stop) => stop);
    const counts = Object.fromEntries([...groups].map(([stop, all]) => [stop, all.length]));
    console.info(`kill.spec: ${stops.length} kills left the file at`, counts);
    expect(groups.size).toBeGreaterThan(8);
    expect(stops.some((stop) => stop.includes('part'))).toBe(true);
  });
});
