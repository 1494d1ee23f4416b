import { quoteText, tableExists, type Db, type Schema } from '@engine/migration.ts';
import type { ApiField, ApiResource, ApiType } from './api-contract.ts';
import { canonical } from '../schema/canonical.ts';
import { isFilledByOriginal } from '../ledger.ts';

/**
 * What an answer can be that the contract does not promise, and when that is no fault of the upgrade: a row that has an
 * issue is known to be so; a value of another kind than promised, or a text that is no JSON, was written so by a
 * program, since SQLite lets it and the upgrade carries values over as they stand.
 */
export interface Problem {
  /** "rows of runs whose run_mode is missing" */
  readonly what: string;
  /** SQL over the answered columns of one field. */
  readonly isWrong: string;
  readonly excused: 'always' | { unless(db: Db): string };
}

/** Kinds of values as SQLite tells them apart. */
const storedAs: Readonly<Record<ApiType, string>> = {
  text: `'text'`,
  integer: `'integer'`,
  number: `'integer', 'real'`,
  boolean: `'integer'`,
  json: `'text'`,
  object: `'text'`,
};

/** Python, which reads these texts, accepts three words that JSON has not. */
const isJson = (value: string) =>
  `(json_valid(${value}) OR json_valid(replace(replace(replace(${value}, '-Infinity', '0'), 'Infinity', '0'), 'NaN', '0')))`;

/**
 * True for every row that may have one of the problems, and quick: on nearly all files it is true for none, and then
 * the problems themselves are not asked for.
 */
export function screenOf({ type, isNullable }: ApiField, value: string): string {
  const isOdd = `typeof(${value}) NOT IN (${isNullable ? `'null', ` : ''}${storedAs[type]})`;
  if (type === 'boolean') return `(${isOdd} OR ${value} NOT IN (0, 1))`;
  if (type === 'object') return `(${isOdd} OR ${value} NOT GLOB '{*' OR NOT json_valid(${value}))`;
  return type === 'json' ? `(${isOdd} OR NOT json_valid(${value}))` : isOdd;
}

/** Everything that can be wrong with one field; `value` is its name in the answer. */
export function problemsOf(schema: Schema, resource: ApiResource, field: ApiField, value: string): Problem[] {
  const rows = `rows of ${resource.table} whose ${field.name}`;
  const known = { unless: (db: Db) => hasIssue(db, resource) };
  const isText = `typeof(${value}) = 'text'`;
  const kinds = `typeof(${value}) NOT IN ('null', ${storedAs[field.type]})${field.type === 'boolean' ? ` OR ${value} NOT IN (0, 1)` : ''}`;
  return [
    ...(field.isNullable ? [] : [{ what: `${rows} is missing`, isWrong: `${value} IS NULL`, excused: known }]),
    { what: `${rows} is of another kind than ${field.type}`, isWrong: `(${kinds})`, excused: 'always' as const },
    ...(field.type === 'json' || field.type === 'object'
      ? [
          {
            what: `${rows} is no JSON`,
            isWrong: `(${isText} AND ${value} <> '' AND NOT ${isJson(value)})`,
            excused: unreadableExcuse(schema, resource, field, value),
          },
        ]
      : []),
    ...(field.type === 'object'
      ? [
          {
            what: `${rows} is no JSON object`,
            isWrong: `(${isText} AND ${value} <> '' AND substr(ltrim(${value}, char(9, 10, 13, 32)), 1, 1) <> '{')`,
            excused: 'always' as const,
          },
        ]
      : []),
  ];
}

/** Rows that some backfill reported, under their new or their old table; those without a key always are. */
function hasIssue(db: Db, { table }: ApiResource): string {
  if (!tableExists(db, '_phasewise_quarantine')) return '0';
  const legacy = canonical.find(({ name }) => name === table)?.legacyName ?? table;
  return `(row_key IS NULL OR row_key IN (SELECT source_key FROM _phasewise_quarantine
    WHERE source_table IN (${quoteText(table)}, ${quoteText(legacy)}) AND source_key IS NOT NULL))`;
}

/**
 * A text that is no JSON is excused where the old column says the very same. When the old column is gone nobody can
 * tell any more, nor where the original itself wrote events that never had one.
 */
function unreadableExcuse(schema: Schema, resource: ApiResource, field: ApiField, value: string): Problem['excused'] {
  const target = canonical.find(({ name }) => name === resource.table);
  const legacyTable = target?.legacyName ?? resource.table;
  const legacyColumn =
    target?.legacyName === undefined
      ? Object.entries(target?.legacyColumns ?? {}).find(([, successor]) => successor === field.name)?.[0]
      : field.name;
  const isEvent = ['quality_reports', 'cost_events'].includes(resource.table);
  if (legacyColumn === undefined || isEvent) {
    return {
      unless: (db) =>
        isEvent && isFilledByOriginal(db)
          ? `(${hasIssue(db, resource)} OR row_key NOT LIKE '%:%')`
          : hasIssue(db, resource),
    };
  }
  if (!schema.column(legacyTable, legacyColumn)) return 'always';
  // The old table may have columns of any name: within it, those of the answer bear its name.
  const isSame = `EXISTS (SELECT 1 FROM ${legacyTable} AS old WHERE old.id = answer.row_key AND old.${legacyColumn} IS answer.${value})`;
  return { unless: (db) => `(${hasIssue(db, resource)} OR ${isSame})` };
}
