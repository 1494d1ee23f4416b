import type { CheckResult, MigrationStatus, PhaseState, PhaseStatus } from '@shared/status.ts';
import type { CheckpointRow } from './bookkeeping.ts';
import { evaluateCriteria } from './checkpoint.ts';
import type { Db, Pack, Phase, Schema } from './migration.ts';

export interface PhaseFacts {
  readonly migrations: readonly MigrationStatus[];
  readonly checkpoints: readonly CheckpointRow[];
  /** A run stopped inside the file. */
  readonly isUnfinished: boolean;
  readonly withData: boolean;
}

/** Every phase of the pack with its state and its exit criteria, in order. */
export function phaseStatuses(db: Db, schema: Schema, pack: Pack, facts: PhaseFacts): PhaseStatus[] {
  const phases = pack.phases.toSorted((a, b) => a.number - b.number).map((phase) => describe(db, schema, phase, facts));
  const first = phases.find(({ state }) => state === 'not-started');
  if (
    first &&
    phases.every((phase) => phase.number >= first.number || phase.state === 'done' || phase.state === 'attention')
  ) {
    const hasBegun = facts.isUnfinished || first.migrations.some(({ state }) => state === 'started');
    first.state = hasBegun ? 'running' : 'next';
  }
  return phases;
}

/** The highest phase that is done together with all before it; null = none. */
export function phaseReached(phases: readonly PhaseStatus[]): number | null {
  const firstOpen = phases.findIndex(({ state }) => state !== 'done');
  return phases[(firstOpen === -1 ? phases.length : firstOpen) - 1]?.number ?? null;
}

/** The last phase of this version that removes nothing and that no unavailable phase comes before. */
export function defaultTarget(pack: Pack): number {
  const phases = pack.phases.toSorted((a, b) => a.number - b.number);
  const end = phases.findIndex(({ isAvailable, removesAnything }) => !isAvailable || removesAnything);
  return phases[(end === -1 ? phases.length : end) - 1]?.number ?? 0;
}

function describe(db: Db, schema: Schema, phase: Phase, facts: PhaseFacts): PhaseStatus {
  const migrations = facts.migrations.filter((migration) => migration.phase === phase.number);
  const checkpoint = facts.checkpoints.find((row) => row.phase === phase.number);
  // Their queries ask for tables and columns that these migrations are yet to add.
  const isAhead = checkpoint === undefined && migrations.some(({ state }) => state !== 'applied');
  const exitCriteria = phase.exitCriteria.map((criterion) =>
    criterion.cost === 'schema' || (facts.withData && !isAhead)
      ? evaluateOne(db, schema, criterion)
      : notChecked(criterion, checkpoint, isAhead),
  );
  return {
    number: phase.number,
    name: phase.name,
    scope: phase.scope,
    state: stateOf(phase, migrations, exitCriteria, checkpoint !== undefined),
    removesAnything: phase.removesAnything,
    migrations,
    exitCriteria,
    reachedAt: checkpoint?.reachedAt ?? null,
  };
}

function stateOf(phase: Phase, migrations: MigrationStatus[], criteria: CheckResult[], isReached: boolean): PhaseState {
  if (!phase.isAvailable) return 'unavailable';
  if (!isReached) return 'not-started';
  const holds =
    migrations.every(({ state }) => state === 'applied') && criteria.every(({ state }) => state !== 'unmet');
  return holds ? 'done' : 'attention';
}

function evaluateOne(db: Db, schema: Schema, criterion: Phase['exitCriteria'][number]): CheckResult {
  const [result] = evaluateCriteria(db, [criterion], schema, { mayBeEdited: true });
  return result ?? notChecked(criterion, undefined, false);
}

/** A criterion that scans rows is not asked at every look; what the checkpoint found then is shown instead. */
function notChecked(
  { id, title }: Phase['exitCriteria'][number],
  checkpoint: CheckpointRow | undefined,
  isAhead: boolean,
): CheckResult {
  const then = checkpoint?.evidence.find((check) => check.id === id);
  return {
    id,
    title,
    state: 'not-checked',
    summary: then
      ? `At the checkpoint: ${then.summary}`
      : isAhead
        ? 'Not checked before this phase is reached.'
        : 'Looked at when the whole file is checked.',
    evidence: then?.evidence ?? [],
  };
}
