import { coded, CodedError } from '@shared/errors.ts';
import type { Plan, PlanStep } from '@shared/run.ts';
import type { MigrationStatus } from '@shared/status.ts';
import { isWal } from './connection.ts';
import { fingerprintOf } from './fingerprint.ts';
import { copiedTables, uncomputable } from './generated-columns.ts';
import { expectedGrowth, expectedRebuild } from './growth.ts';
import { statusOf } from './inspect.ts';
import { inOrder, requireKnownIds } from './ledger.ts';
import { brokenRules, duplicatesProblem } from './lost-rules.ts';
import { requireNoIntent } from './intent.ts';
import { lookAt, type Look } from './look.ts';
import type { Db, IdentifiedMigration, Pack, Schema } from './migration.ts';
import { ownNamesProblem, strangersAmongOurs } from './own-objects.ts';
import { preflight } from './preflight.ts';
import type { EngineRequests } from './protocol.ts';
import { hiddenRowsProblem, rowsHidden } from './hidden-rows.ts';
import { rowCounter } from './row-count.ts';
import { changeWords, foreseen, rehearse, rehearsalProblem } from './rehearsal.ts';
import { entryProblem, gatingIssues, removingPhases } from './removal-gate.ts';
import { readSchema } from './schema.ts';
import { coverageOf, readsSource } from './source-coverage.ts';
import { planSpace, spaceProblem, type SpaceRequest } from './space.ts';
import { readLedger } from './status-ledger.ts';
import { plannedStatuses, readClaims } from './status-migrations.ts';
import { refuseBelowBegun, resolveTarget } from './target.ts';
import { interferingTriggers, triggerProblem } from './user-triggers.ts';

/** Rates of small and slow machines, and of large and fast ones: a range, not a promise. */
const SLOW = { bytesPerSecond: 30e6, rowsPerSecond: 15_000, baseSeconds: 2 };
const FAST = { bytesPerSecond: 400e6, rowsPerSecond: 200_000, baseSeconds: 0.3 };

/**
 * Says what would be done to reach a phase, and what stands in the way. Changes nothing.
 * @throws CodedError as `inspect`; E_NEWER_SCHEMA, E_PHASE_UNAVAILABLE, E_RESTORE_UNFINISHED.
 */
export function makePlan(input: EngineRequests['plan']['input'], packs: readonly Pack[]): Promise<Plan> {
  return lookAt(input.path, (look) => {
    // Half of another file may stand in it: "nothing to do" would be said of that.
    requireNoIntent(look.file.path);
    return planOf(look, input, packs);
  });
}

function planOf(
  look: Look,
  { toPhase, backupFolder, source }: EngineRequests['plan']['input'],
  packs: readonly Pack[],
): Plan {
  const status = statusOf(look, 'plan', packs);
  const pack = packs.find(({ id }) => id === status.pack.id);
  if (!pack) throw new Error(`no pack ${status.pack.id}`);
  requireKnownIds(look.db, pack);
  const schema = readSchema(look.db);
  const target = resolveTarget(pack, toPhase);
  refuseBelowBegun(look.db, pack, target);
  const statuses = status.phases.flatMap(({ migrations }) => migrations);
  const open = openSteps(pack, target, statuses);
  const rowsOf = rowEstimate(look.db, schema);
  const steps = open.map((migration) => stepOf(migration, statuses, rowsOf));
  const fromPhase = status.phaseReached;
  const space = spaceOf(look.db, schema, pack, open, {
    ...{ file: status.file.path, backupFolder, databaseBytes: status.file.sizeBytes + status.file.walBytes },
    ...{ isWal: status.file.journalMode === 'wal', pageSizeBytes: status.file.pageSizeBytes },
  });
  const isRemoving = removingPhases(pack, fromPhase, target).length > 0;
  const gating = isRemoving ? gatingIssues(look.db, pack) : null;
  return {
    packId: pack.id,
    variantId: status.variant.id,
    fromPhase,
    toPhase: target,
    steps,
    removesAnything: isRemoving,
    gating: gating ?? [],
    source: readsSource(pack, open) ? coverageOf(look.db, pack, source, look.file.path) : null,
    olderPrograms: pack.olderPrograms[target] ?? '',
    preflight: [
      ...preflight({ look, status, pack, schema, steps: open, gating, space, backupFolder }),
      ...beforehand(look.db, schema, pack, open, isRemoving),
    ],
    space,
    timeSeconds: timeRange(space.databaseBytes, steps),
    backupFolder,
    fingerprint: fingerprintOf(look.db, schema, pack, statuses),
  };
}

/**
 * Refuses under the run's lock what the plan refuses, and a database that is not the planned one any more.
 * @param fingerprint of the plan a person saw; null = they saw none.
 * @throws CodedError E_STATE_CHANGED, E_NAME_COLLISION, E_PREFLIGHT_UNKNOWN_OBJECT, E_PREFLIGHT_DUPLICATES, E_NO_SPACE, E_BACKUP_NO_SPACE.
 */
export function assertPlan(db: Db, pack: Pack, target: number, input: EngineRequests['run']['input']): void {
  const schema = readSchema(db);
  const statuses = plannedStatuses(db, pack, readClaims(db, readLedger(db, schema, pack)));
  if (input.fingerprint !== null && input.fingerprint !== fingerprintOf(db, schema, pack, statuses)) {
    throw coded('E_STATE_CHANGED', 'Its tables, its rows or its list of applied migrations are not those of the plan.');
  }
  const steps = openSteps(pack, target, statuses);
  const [pages, pageSize] = ['page_count', 'page_size'].map((name) => Number(db.pragma(name, { simple: true })));
  const bytes = (pages ?? 0) * (pageSize ?? 0);
  const space = spaceOf(db, schema, pack, steps, {
    ...{ file: input.path, backupFolder: input.backupFolder, databaseBytes: bytes },
    ...{ isWal: isWal(db), pageSizeBytes: pageSize ?? 0 },
  });
  const problem =
    (steps.length === 0 ? null : ownNamesProblem(strangersAmongOurs(db, pack))) ??
    (steps.length === 0 ? null : hiddenRowsProblem(rowsHidden(schema, pack))) ??
    triggerProblem(interferingTriggers(schema, pack, steps)) ??
    rehearsalProblem([
      ...rehearse(db, schema, pack, steps),
      ...uncomputable(db, schema, copiedTables(schema, steps)),
    ]) ??
    (steps.length === 0 ? null : duplicatesProblem(brokenRules(db, schema, pack))) ??
    spaceProblem(space, input.path, input.backupFolder);
  if (problem) throw new CodedError(problem);
}

/** What a person must know first; said only where there is something to say. */
function beforehand(
  db: Db,
  schema: Schema,
  pack: Pack,
  steps: readonly IdentifiedMigration[],
  isRemoving: boolean,
): Plan['preflight'] {
  const replaced = pack.replaces?.(
    db,
    steps.map(({ id }) => id),
  );
  const error = isRemoving ? entryProblem(db, pack) : null;
  const changed = changeWords(foreseen(db, schema, pack, steps));
  const findings: Plan['preflight'] = [];
  if (replaced) {
    const title = 'Rows that are in new tables already';
    findings.push({ id: 'replaced', title, state: 'warning', detail: replaced, error: null });
  }
  if (changed !== null) {
    const title = 'Views, rules and defaults of others that change';
    findings.push({ id: 'changes', title, state: 'warning', detail: changed, error: null });
  }
  if (error) {
    findings.push({
      id: 'entry',
      title: 'Issue rows of earlier steps',
      state: 'blocking',
      detail: error.message,
      error,
    });
  }
  return findings;
}

const openSteps = (pack: Pack, target: number, statuses: readonly MigrationStatus[]): IdentifiedMigration[] =>
  inOrder(pack).filter(
    ({ id, phase }) => phase <= target && statuses.find((status) => status.id === id)?.state !== 'applied',
  );

/** A second backup is made before something is removed, when the run has changed the file by then. */
function spaceOf(
  db: Db,
  schema: Schema,
  pack: Pack,
  steps: readonly IdentifiedMigration[],
  facts: Pick<SpaceRequest, 'file' | 'backupFolder' | 'databaseBytes' | 'isWal' | 'pageSizeBytes'>,
): Plan['space'] {
  const removing = pack.phases.filter(({ removesAnything }) => removesAnything).map(({ number }) => number);
  const first = steps.find(({ phase }) => removing.includes(phase))?.phase;
  const before = first === undefined ? [] : steps.filter(({ phase }) => phase < first);
  const growth = (some: readonly IdentifiedMigration[]) => expectedGrowth(db, schema, some, facts.databaseBytes);
  const growthBytes = growth(steps);
  return planSpace({
    ...facts,
    growthBytes,
    rebuild: expectedRebuild(db, schema, pack, steps, { ...facts, growthBytes }),
    growthBeforeSecond: before.length > 0 ? growth(before) : null,
    isChanging: steps.length > 0,
  });
}

function stepOf(
  { id, phase, title, kind, what, backfills = [] }: IdentifiedMigration,
  statuses: readonly MigrationStatus[],
  rowsOf: (table: string) => number,
): PlanStep {
  const state = statuses.find((status) => status.id === id)?.state;
  const reason = state === 'started' ? 'continue' : state === 'untrue' ? 'repair' : 'pending';
  const rows = backfills.reduce((sum, { source }) => sum + rowsOf(source), 0);
  return { migrationId: id, phase, title, kind, reason, what: [...what], rows };
}

/** Rows of a source table; none where this variant does not have it. */
function rowEstimate(db: Db, schema: Schema): (table: string) => number {
  const count = rowCounter(db);
  return (name) => {
    const table = schema.table(name);
    return table?.kind === 'table' ? count(table).value : 0;
  };
}

function timeRange(databaseBytes: number, steps: readonly PlanStep[]): Plan['timeSeconds'] {
  const rows = steps.reduce((sum, step) => sum + step.rows, 0);
  // The file is read or written about six times: copy, comparison, hash, trial, checks before and after.
  const seconds = ({ bytesPerSecond, rowsPerSecond, baseSeconds }: typeof SLOW) =>
    baseSeconds + (6 * databaseBytes) / bytesPerSecond + rows / rowsPerSecond;
  const round = (value: number) => (value < 10 ? Math.round(value * 10) / 10 : Math.round(value));
  return { min: round(seconds(FAST)), max: round(seconds(SLOW)) };
}
