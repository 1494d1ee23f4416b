import { existsSync, readdirSync } from 'node:fs';
import Database from 'better-sqlite3';
import { restoreLockFile } from '@shared/beside.ts';
import { REPLACED } from '@engine/raw-copy.ts';
import type { EngineProcess } from './engine/engine-process.ts';
import { disturb, type Outcome, type Victims } from './faults/disturb.ts';
import { faultText, type Fault } from './faults/fault.ts';
import type { Source } from './databases/source.ts';
import type { Engine, Flow, Scene } from './flows/flow.ts';
import type { Job } from './protocol.ts';
import { backupTruth } from './oracles/backup-truth.ts';
import { isWrittenToByOther, lookAt, OTHER_TABLE, scratchOf } from './oracles/content.ts';
import { keptCopies } from './oracles/kept-copies.ts';

/** One fault, from a fresh scene to the end that must be as if it had not happened. */
export interface TrialResult {
  readonly problems: readonly string[];
  /** False = the fault did not come to pass: nothing was tried. */
  readonly isHit: boolean;
  /** How it ended: the code, 'done', 'killed' or 'died'. */
  readonly ended: string;
  readonly ms: number;
}

export interface Place {
  readonly folder: string;
  /** Undisturbed engine of this family. */
  readonly helper: Engine;
  readonly victims: Victims;
}

/** A trial that is not over by then hangs. Far above what a starved engine takes; a pause comes on top. */
const LIMIT_MS = 90_000;
const limitOf = (fault: Fault): number => LIMIT_MS + (fault.kind === 'pause' ? fault.ms : 0);

export async function runTrial(
  flow: Flow,
  source: Source,
  { fault, place: killedAt }: Pick<Job, 'fault' | 'place'>,
  place: Place,
): Promise<TrialResult> {
  const startedAt = performance.now();
  const prepared = await flow.prepare(place.folder, source, place.helper, killedAt);
  const limitMs = limitOf(fault);
  const hung = new Promise<'hung'>((resolve) => setTimeout(resolve, limitMs, 'hung').unref());
  const outcome = await Promise.race([disturb(flow, prepared, fault, place.victims), hung]);
  if (outcome === 'hung') {
    // At once: whoever loses patience with the whole harness would not see its report.
    console.error(`HUNG ${flow.name} ${source.name} ${faultText(fault)}`);
    const problem = `it did not end within ${Math.round(limitMs / 1_000)} s`;
    return { problems: [problem], isHit: true, ended: 'hung', ms: limitMs };
  }
  await place.victims.done();
  const visit = await flow.leave?.();
  const removed = [...(outcome.removed ?? []), ...(visit?.removed ?? [])];
  const acknowledged = [...(outcome.acknowledged ?? []), ...(visit?.acknowledged ?? [])];
  const scene = { ...withoutRemoved(prepared, removed), before: outcome.found ?? prepared.before };
  const problems = [
    ...outcome.problems,
    ...unexpectedDeath(outcome, fault),
    ...(visit?.strayed ?? []).map((row) => `row ${row} was committed into a file that had been taken away`),
    ...flow.judge(scene, outcome.ending),
    ...lostRows(scene, acknowledged),
  ];
  problems.push(...(await flow.resume(scene, place.helper)).map((problem) => `carried on: ${problem}`));
  const inTheEnd = [...flow.judgeEnd(scene), ...lostRows(scene, acknowledged)];
  problems.push(...inTheEnd.map((problem) => `in the end: ${problem}`));
  return { problems, isHit: outcome.isHit, ended: endOf(outcome), ms: performance.now() - startedAt };
}

/** What another program has taken away, we need not have kept. @param removed SHA-256. */
function withoutRemoved(scene: Scene, removed: readonly string[]): Scene {
  const left = Object.entries(scene.old.sidecars).filter(([, sha256]) => !removed.includes(sha256));
  return { ...scene, old: { ...scene.old, sidecars: Object.fromEntries(left) }, taken: removed };
}

/** Node itself aborts where it cannot close what it has read for itself, such as a package.json. */
const isNodesOwn = (fault: Fault, reason: string): boolean =>
  fault.kind === 'call' && fault.call === 'close' && fault.effect === 'EIO' && reason.startsWith('SIGABRT');

/** Only a process without memory may die by itself: every other fault has an answer. */
function unexpectedDeath({ ending }: Outcome, fault: Fault): string[] {
  if (ending.kind !== 'died' || fault.kind === 'memory' || fault.kind === 'heap') return [];
  if (isNodesOwn(fault, ending.reason)) return [];
  return [`the engine died by itself: ${ending.reason}`];
}

/** Rows of another program that SQLite called committed: in the database, or kept, as a backup or byte for byte. */
function lostRows({ sandbox }: Scene, acknowledged: readonly number[]): string[] {
  if (acknowledged.length === 0) return [];
  const copies = keptCopies(sandbox).flatMap((copy) => [copy, copy + REPLACED]);
  const raw = [sandbox.file, ...copies].flatMap((file) => rowsIn(lookAt(file, scratchOf(sandbox))));
  const found = new Set([...raw, ...backupTruth(sandbox).backups.flatMap(({ file }) => otherRows(file))]);
  return acknowledged
    .filter((row) => !found.has(row))
    .map((row) => `row ${row} that another program had committed is gone`);
}

/** Also in a file whose other tables are damaged. */
function rowsIn(looked: ReturnType<typeof lookAt>): number[] {
  try {
    return looked === undefined ? [] : otherRows(looked.copy);
  } catch {
    return [];
  }
}

function otherRows(file: string): number[] {
  if (!isWrittenToByOther(file)) return [];
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare<[], number>(`SELECT id FROM ${OTHER_TABLE}`).pluck().all();
  } finally {
    db.close();
  }
}

function endOf({ ending }: Outcome): string {
  if (ending.kind !== 'answered') return ending.kind;
  if (!ending.result.ok) return ending.result.error.code;
  const report = ending.result.value as { ok?: boolean; error?: { code: string } };
  return report.ok === false ? (report.error?.code ?? 'failed') : 'done';
}

/** An engine may serve another trial only if it ended well and let go of everything. */
export const isReusable = (engine: EngineProcess, scene: Pick<Scene, 'sandbox'>): boolean =>
  engine.isAlive() &&
  readdirSync(scene.sandbox.lockFolder).length === 0 &&
  !existsSync(restoreLockFile(scene.sandbox.file));
