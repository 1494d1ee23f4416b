import path from 'node:path';
import { errorWords } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { type CheckResult, SINCE_THE_FIRST } from '@shared/status.ts';
import { accountGap } from './backfill.ts';
import { requireAlone } from './backup-alone.ts';
import { readApplied, readBackfills, readRuns, type AddedShape } from './bookkeeping.ts';
import { evaluateCriteria, phasesUpTo } from './checkpoint.ts';
import { storedTables } from './compare.ts';
import { attachBackup, openVerifier } from './connection.ts';
import { some } from './counted.ts';
import { markConnected, sha256File } from './fsync.ts';
import { passGate } from './gate.ts';
import { checkIntegrity, foreignKeyViolations } from './integrity.ts';
import { allowedEffect, checkKept } from './kept.ts';
import { leftBehind, referencesOfOthers, worsened } from './references.ts';
import { inOrder, readCheckedRecords, supersededIds } from './ledger.ts';
import { readManifest } from './manifest.ts';
import type { Db, IdentifiedMigration, Pack } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { grownByTriggers } from './removal.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { fromSqlite, unsure } from './sqlite-error.ts';

type Input = EngineRequests['verify']['input'];

/**
 * The verdict: opens the file cold and asks everything again. To be run in a process that did not do the work.
 * @returns every check with its evidence; the result is proven when all of them are 'met'.
 * @throws CodedError when the file cannot be opened or is not what it was. What is refused to a look is not told as one
 * here: a run has written to the file, and without an answer nobody knows what it holds.
 */
export function verifyResult(input: Input, packs: readonly Pack[]): { checks: CheckResult[] } {
  try {
    return askEverything(input, packs);
  } catch (error) {
    throw unsure(fromSqlite(error, `checking ${path.basename(input.path)}`));
  }
}

function askEverything(input: Input, packs: readonly Pack[]): { checks: CheckResult[] } {
  const file = passGate(input.path).path;
  const backupCheck = input.backupPath === null ? null : backupBytesCheck(input.backupPath);
  const db = openVerifier(file);
  const unmark = markConnected(file);
  try {
    const { pack } = recogniseOrRefuse(db, packs);
    const steps = inOrder(pack).filter(({ phase }) => phase <= input.toPhase);
    const superseded = supersededIds(
      pack,
      readApplied(db).map(({ id }) => id),
      [],
    );
    const before = input.backupPath === null ? null : appliedBefore(db, input.backupPath);
    const { earlier = [] } = input;
    const first = earlier.find(({ runId }) => readRuns(db).some(({ id }) => id === runId))?.backupPath;
    const checks = [
      guarded('integrity', 'The file is sound', () => integrityCheck(db)),
      guarded('recorded', 'Every step is recorded', () => recordCheck(db, pack, steps)),
      ...steps.map((step) =>
        guarded(`migration:${step.id}`, step.title, () =>
          superseded.has(step.id)
            ? supersededCheck(step)
            : migrationCheck(db, step, before === null || before.migrations.has(step.id)),
        ),
      ),
      ...phasesUpTo(pack, input.toPhase).flatMap(({ number, exitCriteria }) =>
        evaluateCriteria(db, exitCriteria, undefined, {
          mayBeEdited: before === null || before.checkpoints.has(number),
        }),
      ),
      guarded('accounts', 'Every source row is accounted for', () => accountsCheck(db, steps)),
    ];
    const comparable = backupCheck?.state === 'met' ? input.backupPath : null; // or the check of the backup says why not
    checks.push(guarded('references', REFERENCES, () => referencesCheck(db, pack, comparable)));
    if (backupCheck === null || input.backupPath === null) return { checks };
    const { backupPath } = input;
    checks.push(backupCheck, keptSince(db, pack, backupPath));
    if (first !== undefined && first !== backupPath) checks.push(...sinceTheFirst(db, pack, first));
    return { checks };
  } finally {
    db.close();
    unmark();
  }
}

function integrityCheck(db: Db): CheckResult {
  const { isSound, lines, contentFindings } = checkIntegrity(db);
  const summary = isSound ? 'SQLite found no damage.' : 'SQLite found damage.';
  const text = lines.length === 0 ? 'ok' : lines.join('\n');
  return result('integrity', 'The file is sound', isSound, summary, [
    ['integrity_check', text],
    ['Rows that break a rule of their table', String(contentFindings)],
  ]);
}

function recordCheck(db: Db, pack: Pack, steps: readonly IdentifiedMigration[]): CheckResult {
  const recorded = new Set(readCheckedRecords(db, pack).map(({ id }) => id));
  const missing = steps.filter(({ id }) => !recorded.has(id)).map(({ id }) => id);
  const summary =
    missing.length > 0
      ? `${some(missing.length, 'step')} of ${steps.length} ${missing.length === 1 ? 'is' : 'are'} not recorded.`
      : steps.length === 0
        ? 'No step belongs to this phase.'
        : `${steps.length === 1 ? 'The only step is' : `All ${steps.length} steps are`} recorded.`;
  return result('recorded', 'Every step is recorded', missing.length === 0, summary, [
    ['Recorded', [...recorded].join(', ')],
    ['Missing', missing.join(', ') || 'none'],
  ]);
}

function migrationCheck(db: Db, { id, title, shape, verify }: IdentifiedMigration, mayBeEdited: boolean): CheckResult {
  const missing = shape(db);
  const findings = missing.length > 0 ? [] : verify(db, { mayBeEdited });
  const isMet = missing.length === 0 && findings.length === 0;
  const first = missing[0] ?? findings[0]?.what;
  return result(
    `migration:${id}`,
    title,
    isMet,
    isMet ? 'Its tables, columns and rows are as they should be.' : `Not so: ${first}.`,
    [
      ...missing.map((text): [string, string] => ['Missing', text]),
      ...findings.flatMap(({ what, count, sampleKeys, sql }): [string, string][] => [
        ['Finding', `${what}: ${count} (${sampleKeys.join(', ')})`],
        ['SQL', sql],
      ]),
    ],
  );
}

/** What it made has been replaced; the exit criteria of its phase are asked all the same. */
const supersededCheck = ({ id, title }: IdentifiedMigration): CheckResult =>
  result(`migration:${id}`, title, true, 'It was applied, and a later step has taken its place.', []);

function accountsCheck(db: Db, steps: readonly IdentifiedMigration[]): CheckResult {
  const rows = readBackfills(db);
  const wanted = steps.flatMap(({ id, backfills = [] }) => backfills.map(({ name }) => `${id}/${name}`));
  const gaps = wanted.flatMap((id) => {
    const row = rows.find((each) => each.id === id);
    if (row === undefined) return [`${id} has no account`];
    if (row.state !== 'done') return [`${id} is not finished`];
    return accountGap(db, row) ?? [];
  });
  const summary =
    gaps.length === 0 ? 'Each row was moved, was right already, or is listed as an issue.' : (gaps[0] ?? '');
  return result('accounts', 'Every source row is accounted for', gaps.length === 0, summary, [
    ...rows.map(({ id, expected, moved, alreadyRight, issueRows }): [string, string] => [
      id,
      `${expected} = ${moved} moved + ${alreadyRight} already right + ${issueRows} issue rows`,
    ]),
    ...gaps.map((gap): [string, string] => ['Finding', gap]),
  ]);
}

const keptSince = (db: Db, pack: Pack, backupPath: string): CheckResult =>
  guarded('kept', 'Nothing was lost', () => keptCheck(db, pack, backupPath));

/**
 * What the earlier parts of an upgrade did was never proven, or found wrong: the backup from before this part has it
 * already, and says nothing about it.
 */
function sinceTheFirst(db: Db, pack: Pack, backupPath: string): CheckResult[] {
  const backup = backupBytesCheck(backupPath);
  const comparable = backup.state === 'met';
  const checks = [
    backup,
    ...(comparable ? [guarded('references', REFERENCES, () => referencesCheck(db, pack, backupPath))] : []),
    ...(comparable ? [keptSince(db, pack, backupPath)] : []),
  ];
  return checks.map((check) => ({
    ...check,
    id: check.id + SINCE_THE_FIRST,
    title: `${check.title}, since before the first part`,
  }));
}

/** Before its rows are taken as the truth, the backup must be the bytes that were verified, and nothing beside them. */
const backupBytesCheck = (backupPath: string): CheckResult =>
  guarded('backup', 'The backup is unchanged', () => {
    const read = readManifest(backupPath);
    const found =
      read === undefined || 'error' in read ? null : { want: read.manifest.sha256, is: sha256File(backupPath) };
    const isMet = found !== null && found.want === found.is;
    if (isMet) requireAlone(backupPath);
    return result(
      'backup',
      'The backup is unchanged',
      isMet,
      isMet
        ? 'Its bytes are those that were verified.'
        : found === null
          ? 'No backup lies at its place any more that says of itself what was verified.'
          : 'Its bytes are not those that were verified.',
      [
        ['SHA-256 noted', found?.want ?? 'no manifest'],
        ['SHA-256 now', found?.is ?? '-'],
      ],
    );
  });

/** What the backup had reached already: nothing where it cannot be asked, so that everything is asked of the file. */
function appliedBefore(db: Db, backupPath: string) {
  const ids = (table: string, column: string): unknown[] =>
    storedTables(db, 'backup').some(({ name }) => name === table)
      ? db.prepare(`SELECT ${column} FROM backup.${table}`).pluck().all()
      : [];
  try {
    attachBackup(db, backupPath, 'backup');
  } catch {
    return { migrations: new Set<unknown>(), checkpoints: new Set<unknown>() }; // the check of the backup says why
  }
  try {
    const checkpoints = new Set(ids('_phasewise_checkpoints', 'phase'));
    return { migrations: new Set(ids('_phasewise_migrations', 'id')), checkpoints };
  } finally {
    db.exec('DETACH backup');
  }
}

const REFERENCES = 'References between rows lead where they led';

/** Against the backup, where there is one; and whatever the backup is of, to no row that only the issue rows hold. */
function referencesCheck(db: Db, pack: Pack, backupPath: string | null): CheckResult {
  const found = [...(backupPath === null ? [] : brokenSince(db, pack, backupPath)), ...leftBehind(db, pack)];
  const [first] = found;
  return result(
    'references',
    REFERENCES,
    first === undefined,
    first === undefined
      ? 'None leads to a row that the upgrade took away.'
      : `Rows refer to rows that are gone. ${first}.`,
    found.map((text) => ['Finding', text]),
  );
}

function brokenSince(db: Db, pack: Pack, backupPath: string): string[] {
  attachBackup(db, backupPath, 'backup');
  try {
    const theirs = worsened(referencesOfOthers(db, pack, 'backup'), referencesOfOthers(db, pack));
    const before = foreignKeyViolations(db, 'backup');
    const perTable = [...foreignKeyViolations(db)].flatMap(([table, now]): string[] => {
      const earlier = before.get(table) ?? 0;
      return now > earlier && earlier >= 0 ? [`${table}: ${now} now, ${earlier} before`] : [];
    });
    return [...theirs, ...perTable];
  } finally {
    db.exec('DETACH backup');
  }
}

function keptCheck(db: Db, pack: Pack, backupPath: string): CheckResult {
  attachBackup(db, backupPath, 'backup');
  try {
    if (storedTables(db, 'backup').length === 0) throw coded('E_BACKUP_CORRUPT', 'The backup holds no table.');
    const earlier = new Map(recordedIn(db).map(({ id, runId }) => [id, runId]));
    // Only what was applied since the backup may have changed anything since the backup.
    const since = readApplied(db).filter(({ id, runId }) => earlier.get(id) !== runId);
    const applied = pack.migrations.filter(({ id }) => since.some((row) => row.id === id));
    // Applied in the backup already, a migration's own tables and columns hold data like any other.
    const begun = addedBefore(db, new Set(applied.flatMap(({ id }) => (earlier.has(id) ? [] : id))));
    // Only a repair met the triggers of migrations that were recorded by then.
    const isRepair = applied.some(({ id }) => earlier.has(id));
    const alsoGrown = isRepair ? grownByTriggers(pack, new Set(earlier.keys())) : [];
    const allowed = allowedEffect(applied, pack, begun, alsoGrown);
    return checkKept(db, 'backup', allowed, () => pack.carriedOver?.(db, 'backup') ?? []);
  } finally {
    db.exec('DETACH backup');
  }
}

/** What the migrations of these ids had added to the file by the time of the backup. */
function addedBefore(db: Db, ids: ReadonlySet<string>): AddedShape[] {
  if (!storedTables(db, 'backup').some(({ name }) => name === '_phasewise_backfills')) return [];
  const rows = db
    .prepare<[], { id: string; added: string }>(
      `SELECT migration_id AS id, added_json AS added FROM backup._phasewise_backfills`,
    )
    .all();
  return rows.filter(({ id }) => ids.has(id)).map(({ added }) => JSON.parse(added) as AddedShape);
}

function recordedIn(db: Db): { id: string; runId: string }[] {
  if (!storedTables(db, 'backup').some(({ name }) => name === '_phasewise_migrations')) return [];
  return db
    .prepare<[], { id: string; runId: string }>(`SELECT id, run_id AS runId FROM backup._phasewise_migrations`)
    .all();
}

/** A check that cannot be made is a check that failed. */
function guarded(id: string, title: string, check: () => CheckResult): CheckResult {
  try {
    return check();
  } catch (error) {
    return result(id, title, false, `It could not be checked: ${errorWords(error)}`, []);
  }
}

const result = (
  id: string,
  title: string,
  isMet: boolean,
  summary: string,
  evidence: [string, string][],
): CheckResult => ({
  ...{ id, title, summary, state: isMet ? 'met' : 'unmet' },
  evidence: evidence.map(([label, text]) => ({ label, text })),
});
