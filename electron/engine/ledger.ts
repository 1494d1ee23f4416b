import { appError, coded, CodedError, type AppError } from '@shared/errors.ts';
import { readApplied, readRuns, type AppliedMigration, type BackfillRow } from './bookkeeping.ts';
import { some } from './counted.ts';
import { quoteName, type Db, type IdentifiedMigration, type Pack } from './migration.ts';
import { schemaSha256 } from './schema.ts';

/**
 * What the file says was applied: the pack's own ledger table, whose rows are kept, and our detail beside it. Both are
 * claims until the shape and the data agree; here they are only read, checked against each other, and written.
 */

/** The pack's migrations in the order of applying: by phase, then by name. */
export const inOrder = (pack: Pack): IdentifiedMigration[] =>
  pack.migrations.toSorted((a, b) => a.phase - b.phase || a.order - b.order);

/**
 * Our records, checked.
 * @throws CodedError E_NEWER_SCHEMA for ids this version does not know, E_CHECKSUM_DRIFT for a migration whose source
 * is another one now, E_LEDGER_TAMPERED when an earlier one is missing.
 */
export function readCheckedRecords(db: Db, pack: Pack): AppliedMigration[] {
  requireKnownIds(db, pack);
  const applied = new Map(readApplied(db).map((row) => [row.id, row]));
  let firstMissing: string | undefined;
  for (const { id, checksum } of inOrder(pack)) {
    const row = applied.get(id);
    if (row === undefined) {
      firstMissing ??= id;
    } else if (row.checksum !== checksum) {
      throw coded('E_CHECKSUM_DRIFT', `${id} was applied from another source than the one in this version.`, {
        migration: id,
        recorded: row.checksum,
        known: checksum,
      });
    } else if (firstMissing !== undefined) {
      throw coded('E_LEDGER_TAMPERED', `${id} is recorded, but ${firstMissing} before it is not.`, {
        migration: id,
        missing: firstMissing,
      });
    }
  }
  return [...applied.values()];
}

/**
 * Migrations whose work another has replaced: they count as applied, and nothing more is asked of them. The other is
 * recorded, or was killed when all of its backfills were through and only its record was missing.
 */
export function supersededIds(pack: Pack, recorded: Iterable<string>, backfills: readonly BackfillRow[]): Set<string> {
  const ids = new Set(recorded);
  const isThrough = (id: string) =>
    backfills.some(({ migrationId }) => migrationId === id) &&
    backfills.every((row) => row.migrationId !== id || row.expected === row.moved + row.alreadyRight + row.issueRows);
  return new Set(
    pack.migrations
      .filter(({ id }) => ids.has(id) || isThrough(id))
      .flatMap(({ supersedes = [] }) => supersedes.filter((id) => ids.has(id))),
  );
}

/** @throws CodedError E_NEWER_SCHEMA when the ledger or our records hold an id that this version does not know. */
export function requireKnownIds(db: Db, pack: Pack): void {
  const newer = newerSchema(db, pack);
  if (newer !== null) throw new CodedError(newer);
}

/** Why a file of a newer version may be looked at, but not written; null when every id in it is known. */
export function newerSchema(db: Db, pack: Pack): AppError | null {
  const ours = pack.migrations.map(({ id }) => id);
  const known = new Set([...ours, ...pack.ledger.knownMarkers]);
  const recorded = readApplied(db)
    .map(({ id }) => id)
    .filter((id) => !ours.includes(id));
  const found = [...readLedgerIds(db, pack).filter((id) => !known.has(id)), ...recorded];
  const unknown = [...new Set(found)]; // what Phasewise applied stands in both lists
  if (unknown.length === 0) return null;
  const writer = recorded.length > 0 ? lastWriter(db) : null;
  const who = writer === null ? '' : `Phasewise ${writer} worked on it last. `;
  return appError(
    'E_NEWER_SCHEMA',
    `${who}The database lists ${some(unknown.length, 'step')} that this version does not know${unknown.length === 1 ? ':' : ', among them'} "${unknown[0]?.slice(0, 80)}".`,
    { unknown: unknown.length, writtenBy: writer },
    { nextStep: newerNextStep(writer) },
  );
}

const newerNextStep = (writer: string | null): string =>
  `To change it, use ${writer === null ? 'the version that knows them' : `Phasewise ${writer}`} or a newer one; here you can look at it, and at its rows under Data.`;

/** The version that ran last, by the file's own word: shown only where it looks like one. */
function lastWriter(db: Db): string | null {
  const version = readRuns(db).at(-1)?.appVersion;
  return typeof version === 'string' && /^[\w.+-]{1,40}$/.test(version) ? version : null;
}

/** Ids in the pack's ledger; none when there is no such table. */
export function readLedgerIds(db: Db, pack: Pack): string[] {
  const { table, idColumn } = pack.ledger;
  if (!isLedgerThere(db, pack)) return [];
  return db
    .prepare<[], unknown>(`SELECT ${quoteName(idColumn)} FROM main.${quoteName(table)}`)
    .pluck()
    .all()
    .map(String);
}

/**
 * Writes both rows of an applied migration and reads them back: a trigger or a view of the same name could have
 * swallowed them. A marker that is there already stays as it is.
 * @throws CodedError E_LEDGER_TAMPERED
 */
export function recordApplied(
  db: Db,
  pack: Pack,
  migration: IdentifiedMigration,
  detail: { runId: string; now: string; durationMs: number },
  insert: (db: Db, row: Omit<AppliedMigration, 'seq'>) => void,
): void {
  ensureLedger(db, pack);
  const { table, idColumn, noteColumn, appliedAtColumn } = pack.ledger;
  const names = [idColumn, noteColumn, appliedAtColumn].map(quoteName);
  if (!readLedgerIds(db, pack).includes(migration.id)) {
    db.prepare(`INSERT INTO main.${quoteName(table)} (${names.join(', ')}) VALUES (?, ?, ?)`).run(
      migration.id,
      migration.title,
      detail.now,
    );
  }
  insert(db, {
    id: migration.id,
    phase: migration.phase,
    checksum: migration.checksum,
    runId: detail.runId,
    appliedAt: detail.now,
    durationMs: detail.durationMs,
    schemaSha256: schemaSha256(db),
  });
  assertRecorded(db, pack, migration);
}

/** @throws CodedError E_LEDGER_TAMPERED unless the migration stands in both lists as written. */
export function assertRecorded(db: Db, pack: Pack, migration: Pick<IdentifiedMigration, 'id' | 'checksum'>): void {
  const isMarked = readLedgerIds(db, pack).filter((id) => id === migration.id).length === 1;
  const isDetailed = readApplied(db).some(({ id, checksum }) => id === migration.id && checksum === migration.checksum);
  if (isMarked && isDetailed) return;
  throw coded('E_LEDGER_TAMPERED', `The record of ${migration.id} could not be read back.`, {
    migration: migration.id,
  });
}

const isLedgerThere = (db: Db, pack: Pack): boolean => {
  const kind = db
    .prepare<[string], string>(
      `SELECT type FROM sqlite_schema WHERE name = ? COLLATE NOCASE AND type IN ('table', 'view')`,
    )
    .pluck()
    .get(pack.ledger.table);
  if (kind === 'view')
    throw coded('E_NAME_COLLISION', `${pack.ledger.table} is a view, not the list of applied steps.`);
  return kind === 'table';
};

function ensureLedger(db: Db, pack: Pack): void {
  if (isLedgerThere(db, pack)) return;
  const { table, idColumn, noteColumn, appliedAtColumn } = pack.ledger;
  db.exec(`CREATE TABLE main.${quoteName(table)} (${quoteName(idColumn)} TEXT PRIMARY KEY,
    ${quoteName(noteColumn)} TEXT NOT NULL DEFAULT '', ${quoteName(appliedAtColumn)} TEXT NOT NULL)`);
}
