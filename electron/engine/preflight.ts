import { statSync } from 'node:fs';
import path from 'node:path';
import { appError, CodedError, type AppError } from '@shared/errors.ts';
import type { Plan, PreflightFinding } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { requireReadableBackfills } from './bookkeeping.ts';
import { computedWords, copiedTables, uncomputable } from './generated-columns.ts';
import { orphanWords } from './health.ts';
import { foreignKeyViolations, requireCheckable } from './integrity.ts';
import { hiddenRowsProblem, rowsHidden } from './hidden-rows.ts';
import { mayWrite } from './gate.ts';
import { readCheckedRecords } from './ledger.ts';
import { othersHolding } from './lock-holders.ts';
import { brokenRules, duplicatesProblem } from './lost-rules.ts';
import type { Look } from './look.ts';
import type { IdentifiedMigration, Pack, Schema } from './migration.ts';
import { ownNamesProblem, strangersAmongOurs } from './own-objects.ts';
import { otherProgramsProblem, rehearse, rehearsalProblem } from './rehearsal.ts';
import { isFamilyTable, removalOf } from './removal.ts';
import { gatingProblem } from './removal-gate.ts';
import { nameKey } from './schema.ts';
import { existingParent, roomWords, spaceProblem, type Space } from './space.ts';
import { interferingTriggers, triggerProblem } from './user-triggers.ts';

export interface PreflightInput {
  readonly look: Look;
  readonly status: DatabaseStatus;
  readonly pack: Pack;
  readonly schema: Schema;
  readonly steps: readonly IdentifiedMigration[];
  /** null = the plan removes nothing. */
  readonly gating: Plan['gating'] | null;
  readonly space: Space;
  readonly backupFolder: string;
}

/** Up to this size the references are counted while planning; above it the run itself compares them. */
const COUNTED_BYTES = 64 * 1024 * 1024;

/** Everything that could stop the upgrade, asked before it starts. Only looks. */
export function preflight(input: PreflightInput): PreflightFinding[] {
  return [
    writable(input),
    wholeness(input),
    ...format(input),
    recovery(input),
    references(input),
    inUse(input),
    records(input),
    duplicates(input),
    hidden(input),
    ownNames(input),
    triggers(input),
    objects(input),
    ...computed(input),
    ...issues(input),
    finding(
      'space',
      'Free space',
      spaceProblem(input.space, input.status.file.path, input.backupFolder),
      roomWords(input.space),
    ),
    finding(
      'backup-folder',
      'Backup folder',
      folderProblem(input.backupFolder, path.dirname(input.status.file.path)),
      input.backupFolder,
    ),
  ];
}

function writable({ status }: PreflightInput): PreflightFinding {
  return finding(
    'writable',
    'Writing to the file',
    status.file.readOnlyReason,
    'The file and its folder may be written to.',
  );
}

function wholeness({ look, status, schema }: PreflightInput): PreflightFinding {
  const error = otherProgramsProblem(look.db, schema) ?? errorOf(() => requireCheckable(look.db));
  const base = { id: 'integrity', title: 'Content of the file', error };
  if (error !== null) return { ...base, state: 'blocking', detail: error.message };
  if (status.health.state === 'problems') return { ...base, state: 'warning', detail: status.health.summary };
  const detail =
    status.health.state === 'healthy' ? 'SQLite found no damage.' : 'It is checked before anything changes.';
  return { ...base, state: 'ok', detail };
}

/** The least in which SQLite keeps the order of an index that descends, as some of the canonical ones do. */
const DESCENDING_FORMAT = 4;

/** Said only where there is something to say: SQLite has made no older format since version 3.7.10 of 2012, unless told to. */
function format({ look, steps }: PreflightInput): PreflightFinding[] {
  const { schemaFormat } = look.file.header;
  if (schemaFormat >= DESCENDING_FORMAT || steps.length === 0) return [];
  const message = `Its schema has format ${schemaFormat}, and the upgrade needs format ${DESCENDING_FORMAT}.`;
  return [finding('format', 'Format of the file', appError('E_OLD_FORMAT', message, { schemaFormat }), '')];
}

function recovery({ status }: PreflightInput): PreflightFinding {
  const base = { id: 'recovery', title: 'Unfinished writes', error: null };
  if (!status.file.needsRecovery) return { ...base, state: 'ok', detail: 'Nothing has to be undone first.' };
  const detail = 'A program was stopped in the middle of a write. SQLite undoes that write before the upgrade starts.';
  return { ...base, state: 'warning', detail };
}

function references({ look, status, schema, pack, steps }: PreflightInput): PreflightFinding {
  const base = { id: 'foreign-keys', title: 'References between rows', error: null };
  if (status.file.sizeBytes > COUNTED_BYTES)
    return { ...base, state: 'ok', detail: 'They are counted before and after every step.' };
  const broken = [...foreignKeyViolations(look.db)].filter(([, count]) => count > 0);
  if (broken.length === 0) return { ...base, state: 'ok', detail: 'Every reference leads to a row that exists.' };
  const rows = broken.reduce((sum, [, count]) => sum + count, 0);
  const tables = broken.map(([table]) => table).join(', ');
  const { setsAside } = removalOf(steps);
  const fate =
    setsAside.size > 0
      ? ' Rows that the final rules cannot hold leave their table and are kept whole as issue rows.'
      : '';
  const others = referringTables(schema, pack, setsAside);
  const stop =
    others.length > 0
      ? ` Where a row of ${others.join(', ')} refers to one of them, the upgrade stops before that phase and names it.`
      : '';
  const detail = `${orphanWords(rows, broken.length)} Tables: ${tables}.${fate}${stop}`;
  return { ...base, state: 'warning', detail };
}

/** Tables of others that refer to one of these. Which rows leave is known only when every row has been looked at. */
const referringTables = (schema: Schema, pack: Pack, parents: ReadonlySet<string>): string[] =>
  [...schema.tables.values()]
    .filter(
      ({ name, foreignKeys }) =>
        !isFamilyTable(pack, name) && foreignKeys.some(({ table }) => parents.has(nameKey(table))),
    )
    .map(({ name }) => name);

function inUse({ status }: PreflightInput): PreflightFinding {
  const holders = othersHolding(status.file.path);
  const base = { id: 'in-use', title: 'Other programs that have the file open', error: null };
  if (holders.length === 0) return { ...base, state: 'ok', detail: 'No other program was seen to have it open.' };
  return { ...base, state: 'warning', detail: `Close the file in ${holders.join(', ')} before you start.` };
}

/** What the file says of itself must be what this version knows, without a gap; the run refuses otherwise. */
function records({ look, pack }: PreflightInput): PreflightFinding {
  return finding(
    'records',
    'Migrations applied before',
    errorOf(() => {
      readCheckedRecords(look.db, pack);
      requireReadableBackfills(look.db);
    }),
    'Every recorded migration is the one that this version knows.',
  );
}

function duplicates({ look, schema, pack, steps }: PreflightInput): PreflightFinding {
  const error = steps.length === 0 ? null : duplicatesProblem(brokenRules(look.db, schema, pack));
  return finding('duplicates', 'Rows that must differ', error, 'No two rows have the same key.');
}

function errorOf(check: () => unknown): AppError | null {
  try {
    check();
    return null;
  } catch (error) {
    if (error instanceof CodedError) return error.appError;
    throw error;
  }
}

function hidden({ schema, pack, steps }: PreflightInput): PreflightFinding {
  const error = steps.length === 0 ? null : hiddenRowsProblem(rowsHidden(schema, pack));
  return finding('hidden-rows', 'Telling rows apart', error, 'Every row that is written can be addressed.');
}

function ownNames({ look, pack, steps }: PreflightInput): PreflightFinding {
  const error = steps.length === 0 ? null : ownNamesProblem(strangersAmongOurs(look.db, pack));
  return finding('own-names', 'Names that Phasewise uses', error, 'None is taken by anything else.');
}

function triggers({ schema, pack, steps }: PreflightInput): PreflightFinding {
  const error = triggerProblem(interferingTriggers(schema, pack, steps));
  return finding(
    'triggers',
    'Triggers added by others',
    error,
    'No trigger of another program is on a table that is written.',
  );
}

/**
 * Tried on the bare schema: what others added to the file must be there, and work, after the steps. What is computed is
 * asked of the rows.
 */
function objects({ look, schema, pack, steps }: PreflightInput): PreflightFinding {
  const error = rehearsalProblem([
    ...rehearse(look.db, schema, pack, steps),
    ...uncomputable(look.db, schema, copiedTables(schema, steps)),
  ]);
  return finding(
    'objects',
    'Tables, columns, views and indexes added by others',
    error,
    'All of them stay as they are.',
  );
}

/** Said only where there is something to say: which rows are written is known only when each has been looked at. */
function computed({ look, schema, steps }: PreflightInput): PreflightFinding[] {
  const detail = computedWords(look.db, schema, steps);
  if (detail === null) return [];
  return [{ id: 'computed', title: 'Columns that SQLite computes', state: 'warning', detail, error: null }];
}

const issues = ({ gating }: PreflightInput): PreflightFinding[] =>
  gating === null ? [] : [finding('issues', 'Rows that claim a taken place', gatingProblem(gating), 'There are none.')];

/** It need not exist yet; what exists must be a folder that may be written to. */
function folderProblem(folder: string, databaseFolder: string): AppError | null {
  if (!path.isAbsolute(folder)) return appError('E_BACKUP_FOLDER', `${folder} is not a complete path.`, { folder });
  const parent = existingParent(folder);
  const stats = statSync(parent, { throwIfNoEntry: false });
  if (!stats?.isDirectory()) return appError('E_BACKUP_FOLDER', `${parent} is not a folder.`, { folder });
  if (mayWrite(parent)) return null;
  // No other backup folder would help.
  const isOwn = parent === databaseFolder;
  const override = isOwn ? { nextStep: 'Copy the file elsewhere, or allow writing to its folder.' } : {};
  return appError('E_BACKUP_FOLDER', `${parent} may not be written to.`, { folder }, override);
}

const finding = (id: string, title: string, error: AppError | null, okText: string): PreflightFinding => ({
  id,
  title,
  state: error === null ? 'ok' : 'blocking',
  detail: error?.message ?? okText,
  error,
});
