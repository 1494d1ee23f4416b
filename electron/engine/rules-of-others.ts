import { coded, type CodedError } from '@shared/errors.ts';
import { isOwnName } from './bookkeeping.ts';
import {
  readTableDefinition,
  type Backfill,
  type CanonicalTable,
  type Db,
  type IdentifiedMigration,
  type IndexInfo,
  type Pack,
  type TableInfo,
} from './migration.ts';
import { nameKey, readSchema } from './schema.ts';
import { sqliteCode } from './sqlite-error.ts';

/**
 * What somebody put on tables that a step reads or writes, and that SQLite asks with every row: computed columns,
 * indexes over expressions, unique indexes, CHECK rules. SQLite's own words ("malformed JSON", "UNIQUE constraint
 * failed: note.body") name none of them.
 * @param backfill whose chunk `body` is; null = it is the step's `up`.
 * @throws CodedError E_MIGRATION_FAILED with what an error of `body` can have come from; the error itself when nothing
 * of the kind is there.
 */
export function namingRules<T>(
  { db, pack }: { readonly db: Db; readonly pack: Pack },
  migration: IdentifiedMigration,
  backfill: Backfill | null,
  body: () => T,
): T {
  try {
    return body();
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    const refusal = refusalOf(db, pack, { migration, backfill }, error);
    if (refusal === null) throw error;
    throw refused(backfill?.title ?? `applying “${migration.title}”`, error, refusal);
  }
}
const MOST_SHOWN = 10;

interface Refusal {
  /** Completes "SQLite said …". */
  readonly why: string;
  readonly found: readonly string[];
  readonly nextStep: string;
}

function refused(doing: string, error: Error, { why, found, nextStep }: Refusal): CodedError {
  const named = found.slice(0, MOST_SHOWN).join(', ');
  return coded(
    'E_MIGRATION_FAILED',
    `While ${doing}, SQLite said “${error.message.slice(0, 200)}”. ${why}: ${named}.`,
    { objects: named, sqlite: sqliteCode(error) ?? '', text: error.message },
    { nextStep: `${nextStep} Or restore the backup.` },
  );
}

interface Step {
  readonly migration: IdentifiedMigration;
  readonly backfill: Backfill | null;
}

/** Triggers need no naming here: the plan refuses those of others on tables that are written to. */
function refusalOf(db: Db, pack: Pack, step: Step, error: Error): Refusal | null {
  const [, failed = ''] = /^[A-Z ]+ constraint failed: (.*)$/s.exec(error.message) ?? [];
  const by: Record<string, () => Refusal> = {
    // An `up` makes objects, too: what fails there with this code is a statement, more often than a row.
    SQLITE_ERROR: () => computes(step.backfill === null ? [] : touched(db, step).flatMap(computed)),
    SQLITE_CONSTRAINT_CHECK: () => computes(touched(db, step).flatMap((table) => checks(table, failed))),
    SQLITE_CONSTRAINT_UNIQUE: () => ({
      why: 'A rule that somebody added refuses a row',
      found: stored(db).flatMap((table) => uniques(pack, table, failed)),
      nextStep:
        'Remove what is named with the program that made it, or change the rows so that each value is there once; then continue.',
    }),
    SQLITE_CONSTRAINT_NOTNULL: () => ({
      why: 'In this file there has to be something in',
      found: stored(db).flatMap((table) => filled(pack, table, failed)),
      nextStep: 'Fill what the column is taken from, or let it be empty, with the program that made it; then continue.',
    }),
  };
  const refusal = by[sqliteCode(error) ?? '']?.();
  return refusal === undefined || refusal.found.length === 0 ? null : refusal;
}

const computes = (found: readonly string[]): Refusal => ({
  found,
  why: 'It computes or checks this with every such row',
  nextStep: 'Change or remove what is named with the program that made it, then continue.',
});

const stored = (db: Db): TableInfo[] =>
  [...readSchema(db).tables.values()].filter(({ name, kind }) => kind === 'table' && !isOwnName(name));

function touched(db: Db, { migration: { effect }, backfill }: Step): TableInfo[] {
  const names = new Set(
    [backfill?.source ?? [], ...effect.grows, ...Object.keys(effect.changes)].flat().map((name) => nameKey(name)),
  );
  return stored(db).filter(({ name }) => names.has(nameKey(name)));
}

function computed({ name, columns, indexes }: TableInfo): string[] {
  // A condition that only compares cannot fail; those of our own indexes are of that kind.
  const isComputed = ({ isPartial, columns: parts, sql }: IndexInfo) =>
    parts.some((part) => part.name === null) || (isPartial && /\bwhere\b.*\(/is.test(sql ?? ''));
  return [
    ...columns.filter(({ hidden }) => hidden > 1).map((column) => `column ${name}.${column.name}`),
    ...indexes.filter((index) => isComputed(index) && !isOwnName(index.name)).map((index) => `index ${index.name}`),
  ];
}

/** @param failed a rule as SQLite names it: by its name, or by its condition. */
function checks({ name, sql }: TableInfo, failed: string): string[] {
  const { columns, constraints } = readTableDefinition(sql);
  const texts = [
    ...columns.flatMap((column) => column.checks),
    ...constraints.filter(({ kind }) => kind === 'check').map(({ text }) => text),
  ];
  return texts.filter((text) => text.includes(failed)).map((text) => `the rule “${text}” of ${name}`);
}

/**
 * A key that the family itself declares is our matter: a row that breaks it is a mistake of ours, and nobody else's.
 * @param failed the columns as SQLite names them ("note.id, note.body"), or an index over an expression.
 */
function uniques(pack: Pack, table: TableInfo, failed: string): string[] {
  return table.indexes
    .filter(({ name, isUnique, origin }) => isUnique && origin !== 'pk' && !isOwnName(name))
    .filter((index) => asNamed(table, index) === failed && !isOfFamily(pack, table, index))
    .map(({ name, origin, columns }) => {
      const names = columns.flatMap((column) => column.name ?? []).join(', ');
      if (origin === 'u') return `the rule UNIQUE (${names}) of ${table.name}`;
      const isPlain = columns.every((column) => column.name !== null);
      return `the unique index ${name} on ${table.name}${isPlain ? ` (${names})` : ''}`;
    });
}

const asNamed = (table: TableInfo, { name, columns }: IndexInfo): string =>
  columns.some((column) => column.name === null)
    ? `index '${name.replaceAll("'", "''")}'`
    : columns.map((column) => `${table.name}.${column.name}`).join(', ');

/** One that takes "Ann" and "ann" for the same is not, whatever its columns: the family compares every letter. */
function isOfFamily(pack: Pack, { name }: TableInfo, { columns, sql }: IndexInfo): boolean {
  const ofPrograms = Object.entries(pack.programUniques ?? {}).filter(([table]) => nameKey(table) === nameKey(name));
  const declared = [...(familyTable(pack, name)?.uniques ?? []), ...ofPrograms.flatMap(([, rules]) => rules)];
  const key = keyOf(columns.map((column) => column.name ?? ''));
  return !/\bcollate\b/i.test(sql ?? '') && declared.some((names) => keyOf(names) === key);
}

const keyOf = (names: readonly string[]): string => names.map(nameKey).toSorted().join('\n');

const familyTable = ({ canonical }: Pack, name: string): CanonicalTable | undefined =>
  canonical.find((table) => [table.name, table.legacyName ?? ''].some((each) => nameKey(each) === nameKey(name)));

/** A column that the family always fills, or has replaced, is our matter again. */
function filled(pack: Pack, { name, columns }: TableInfo, failed: string): string[] {
  const family = familyTable(pack, name);
  if (family === undefined) return [];
  const required = family.columns.filter(({ notNull, isPrimaryKey }) => notNull === true || isPrimaryKey === true);
  const replaced = family.columns.flatMap(({ legacyName }) => legacyName ?? []);
  const ours = new Set(
    [...required.map((column) => column.name), ...replaced, ...Object.keys(family.legacyColumns ?? {})].map(nameKey),
  );
  return columns
    .filter((column) => column.notNull && `${name}.${column.name}` === failed && !ours.has(nameKey(column.name)))
    .map((column) => `the column ${column.name} of ${name}`);
}
