import { coded, type CodedError } from '@shared/errors.ts';
import { isOwnName } from './bookkeeping.ts';
import { readTableDefinition, type Backfill, type Db, type IdentifiedMigration, type TableInfo } from './migration.ts';
import { nameKey, readSchema } from './schema.ts';
import { sqliteCode } from './sqlite-error.ts';

/**
 * What somebody put on tables that a step reads or writes, and that SQLite asks with every row: computed columns,
 * indexes over expressions, CHECK rules. SQLite's own words ("malformed JSON") name none of them.
 * @returns the error of a chunk with what it can have come from; null when nothing of the kind is there.
 */
export function namingRules(
  db: Db,
  { effect }: IdentifiedMigration,
  { source, title }: Backfill,
  error: unknown,
): CodedError | null {
  const code = sqliteCode(error) ?? '';
  if (!(error instanceof Error) || !['SQLITE_ERROR', 'SQLITE_CONSTRAINT_CHECK'].includes(code)) return null;
  const touched = new Set([source, ...effect.grows, ...Object.keys(effect.changes)].map(nameKey));
  const tables = [...readSchema(db).tables.values()].filter(
    ({ name, kind }) => kind === 'table' && touched.has(nameKey(name)),
  );
  const [, failed = ''] = /^CHECK constraint failed: (.*)$/s.exec(error.message) ?? [];
  const found = tables.flatMap((table) => (failed === '' ? computed(table) : checks(table, failed)));
  if (found.length === 0) return null;
  const named = found.slice(0, MOST_SHOWN).join(', ');
  return coded(
    'E_MIGRATION_FAILED',
    `While ${title}, SQLite said “${error.message.slice(0, 200)}”. It computes or checks this with every such row: ${named}.`,
    { objects: named, sqlite: code, text: error.message },
    { nextStep: 'Change or remove what is named with the program that made it, then continue. Or restore the backup.' },
  );
}
const MOST_SHOWN = 10;

function computed({ name, columns, indexes }: TableInfo): string[] {
  // A condition that only compares cannot fail; those of our own indexes are of that kind.
  const isComputed = ({ isPartial, columns: parts, sql }: TableInfo['indexes'][number]) =>
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
