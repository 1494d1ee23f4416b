import path from 'node:path';
import { CodedError, type AppError } from '@shared/errors.ts';
import type { DatabaseStatus, Drift, FileFacts, MigrationStatus, PhaseStatus } from '@shared/status.ts';
import { checkBookkeeping, readCheckpoints, readFileRuns, type AppliedMigration } from './bookkeeping.ts';
import { checkHealth } from './health.ts';
import { inOrder, newerSchema } from './ledger.ts';
import { requireNoIntent, unfinishedRestoreOf } from './intent.ts';
import { lookAt, type Look } from './look.ts';
import type { Pack, Schema } from './migration.ts';
import { lookBesideOurs } from './own-holder.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { issueSummaries } from './report.ts';
import { rowCounter } from './row-count.ts';
import { requireSoundLedger } from './sound-ledger.ts';
import { describeLedger, readLedger } from './status-ledger.ts';
import { migrationStatuses, plannedStatuses, readClaims } from './status-migrations.ts';
import { defaultTarget, phaseReached, phaseStatuses } from './status-phases.ts';
import { scoreCard, tableStatuses } from './status-tables.ts';

export type Check = 'schema' | 'data';

/**
 * Says what a database is and how far it has come, without changing a byte of it or of its folder.
 * @param check 'schema' costs by the schema, not the data; 'data' also reads every row.
 * A database of a newer version is looked at like any other; why it may not be written is its `readOnlyReason`.
 * @throws CodedError of the gate and of the look; E_FOREIGN_DATABASE, E_NAME_COLLISION, E_NEWER_SCHEMA (a generation
 * whose tables are others), E_RUN_ACTIVE (ours has it, by `lockFolder`), E_LEDGER_TAMPERED, E_SCHEMA_TOO_COMPLEX, E_CORRUPT.
 */
export async function inspect(
  file: string,
  check: Check,
  packs: readonly Pack[],
  lockFolder?: string,
): Promise<DatabaseStatus> {
  const look = () => lookAt(file, (seen) => statusOf(seen, check, packs));
  try {
    return await (lockFolder === undefined ? look() : lookBesideOurs(file, lockFolder, look));
  } catch (error) {
    if (error instanceof CodedError && error.appError.code === 'E_RUN_ACTIVE') throw error;
    requireNoIntent(path.resolve(file)); // missing or damaged in the middle of a restore: that is what there is to say
    throw error;
  }
}

/**
 * As `inspect`, of a database that is open already.
 * @param kind 'plan' is as 'schema', but says of every step what a run will find of it: `plannedStatuses`.
 */
export function statusOf(look: Look, kind: Check | 'plan', packs: readonly Pack[]): DatabaseStatus {
  const startedAt = performance.now();
  const { db } = look;
  const check = kind === 'plan' ? 'schema' : kind;
  const health = checkHealth(db, look.file.identity.sizeBytes, check);
  const { pack, variant, evidence, schema } = recogniseOrRefuse(db, packs);
  requireSoundLedger(db, schema, pack);
  checkBookkeeping(db);
  const newer = newerSchema(db, pack);

  const ledger = readLedger(db, schema, pack);
  const claims = readClaims(db, ledger);
  const migrations =
    kind === 'plan' ? plannedStatuses(db, pack, claims) : migrationStatuses(db, pack, claims, check === 'data');
  const checkpoints = readCheckpoints(db);
  const runs = readFileRuns(db);
  const lastRun = runs.at(-1);
  const isUnfinished = lastRun !== undefined && !lastRun.isMigrated;
  const phases = phaseStatuses(db, schema, pack, { migrations, checkpoints, isUnfinished, withData: check === 'data' });
  const reached = phaseReached(phases);
  const countRows = rowCounter(db);
  const highlights = highlightsOf(pack, schema, countRows);
  const tables = tableStatuses(pack, schema, countRows);
  const target = defaultTarget(pack);
  return {
    file: fileFacts(look, newer),
    pack: { id: pack.id, title: pack.title },
    variant: { ...variant, evidence: [...evidence] },
    phaseReached: reached,
    defaultTarget: target,
    phases,
    tables,
    scoreCard: scoreCard(pack, tables),
    highlights,
    // What is left to do in a file of a newer version, and what to continue, only that version knows.
    pending: newer
      ? []
      : migrations.filter(({ phase, state }) => phase <= target && state !== 'applied').map(({ id }) => id),
    drift: driftOf(pack, claims.recorded, phases),
    ledger: describeLedger(ledger, pack, claims.recorded, (id) => isTrue(migrations, id)),
    health,
    issues: issueSummaries(db, pack),
    unfinishedRun:
      lastRun && isUnfinished && newer === null && (reached ?? -1) < lastRun.toPhase
        ? {
            runId: lastRun.runId,
            startedAt: lastRun.startedAt,
            toPhase: lastRun.toPhase,
            stoppedAt: stoppedAt(migrations, lastRun.toPhase),
          }
        : null,
    checkedAt: new Date().toISOString(),
    runs: newer ? [] : runs,
    unfinishedRestore: unfinishedRestoreOf(look.file.path),
    elapsedMs: Math.round(performance.now() - startedAt),
  };
}

/** @param newer why it may not be written whatever the file system says. */
function fileFacts({ file, via, needsRecovery }: Look, newer: AppError | null): FileFacts {
  const readOnlyReason = newer ?? file.readOnlyReason;
  return {
    name: path.basename(file.path),
    folder: path.dirname(file.path),
    path: file.path,
    sizeBytes: file.identity.sizeBytes,
    walBytes: file.sidecars.walBytes,
    journalMode: file.header.journalMode,
    pageSizeBytes: file.header.pageSizeBytes,
    encoding: file.header.encoding,
    needsRecovery,
    isWritable: readOnlyReason === null,
    readOnlyReason,
    inspectedVia: via,
  };
}

/**
 * Counted under the canonical and the legacy name, of which the greater counts: rows that could not be placed are in
 * the legacy table only, so what a person knows as "703 candidates" must not shrink by an upgrade.
 */
function highlightsOf(pack: Pack, schema: Schema, countRows: ReturnType<typeof rowCounter>) {
  return pack.highlights.flatMap(({ label, table }) => {
    const legacyName = pack.canonical.find(({ name }) => name === table)?.legacyName;
    const counts = [table, ...(legacyName === undefined ? [] : [legacyName])].flatMap((name) => {
      const info = schema.table(name);
      return info?.kind === 'table' ? [countRows(info)] : [];
    });
    const rows = counts.toSorted((a, b) => b.value - a.value)[0];
    return rows ? [{ label, rows }] : [];
  });
}

const isTrue = (migrations: readonly MigrationStatus[], id: string): boolean => {
  const migration = migrations.find((each) => each.id === id);
  return migration !== undefined && migration.findings.length === 0;
};

/** Where the file differs from what it says of itself: recorded migrations, sources, checkpoints. */
function driftOf(pack: Pack, recorded: readonly AppliedMigration[], phases: readonly PhaseStatus[]): Drift[] {
  const sources = inOrder(pack).flatMap(({ id, phase, checksum }) => {
    const record = recorded.find((row) => row.id === id);
    const isOther = record !== undefined && record.checksum !== checksum;
    return isOther
      ? [{ object: id, phase, finding: 'was applied from another source than the one in this version' }]
      : [];
  });
  const shapes = phases.flatMap(({ number, migrations }) =>
    migrations
      .filter(({ state }) => state === 'untrue')
      .flatMap(({ id, findings }) => findings.map((finding) => ({ object: id, phase: number, finding }))),
  );
  const criteria = phases.flatMap(({ number, reachedAt, exitCriteria }) =>
    exitCriteria
      .filter(({ state }) => reachedAt !== null && state === 'unmet')
      .map(({ title, summary }) => ({ object: title, phase: number, finding: summary })),
  );
  return [...sources, ...shapes, ...criteria];
}

/** In words: what the run was to do next. */
function stoppedAt(migrations: readonly MigrationStatus[], toPhase: number): string {
  const open = migrations.filter(({ phase, state }) => phase <= toPhase && state !== 'applied');
  const next = open.find(({ state }) => state === 'started') ?? open[0];
  return next?.title ?? `The checks at the end of phase ${toPhase}`;
}
