import type { Filter } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { quoteName, type ColumnInfo, type TableInfo } from '../migration.ts';
import { affinity } from '../column-diff.ts';
import { realText } from './cells.ts';
import { bound, decodePlace } from './row-key.ts';
import type { Range } from './order.ts';
import { columnOf, isMasked, type Subject } from './subject.ts';

/** Conditions from what a person asked for. Identifiers come from the schema, values are only ever bound. */

/** Everything that must hold, in one condition; empty text = nothing was asked. */
export function conditionOf(subject: Subject, filters: readonly Filter[], find: string | null): Range {
  const parts = [...filters.map((filter) => filterOf(subject, filter)), ...(find ? [findIn(subject, find)] : [])];
  return {
    where: parts.map(({ where }) => `(${where})`).join(' AND '),
    params: parts.flatMap(({ params }) => params),
  };
}

/**
 * What may be asked of a masked column: anything else would find out its values, piece by piece or by trying. A reference
 * may be followed, because the engine itself has sealed the value that it leads by.
 */
const OF_MASKED: readonly Filter['operator'][] = ['is-null', 'is-not-null'];

function filterOf(subject: Subject, filter: Filter): Range {
  if (filter.operator === 'refers') return refersTo(subject, filter);
  const column = columnOf(subject, filter.column);
  if (isMasked(subject, column.name) && !OF_MASKED.includes(filter.operator))
    throw coded('E_BAD_REQUEST', 'The values of this column are hidden, so they cannot be looked for.', undefined, {
      nextStep: 'Ask whether it is NULL, or look for a value of another column.',
    });
  const sql = quoteName(column.name);
  const compare = (operator: Comparison, value: string): Range[] => compared(subject.table, column, operator, value);
  switch (filter.operator) {
    case 'is-null':
      return { where: `${sql} IS NULL`, params: [] };
    case 'is-not-null':
      return { where: `${sql} IS NOT NULL`, params: [] };
    case 'contains':
      return holds(sql, filter.value);
    case 'starts-with':
      return { where: `${asText(sql)} LIKE ? ESCAPE '\\'`, params: [`${escapeLike(filter.value)}%`] };
    case 'equals':
      return anyOf(compare('=', filter.value));
    case 'differs': {
      const same = anyOf(compare('=', filter.value));
      return { where: `(${same.where}) IS NOT TRUE`, params: same.params };
    }
    case 'less':
      return anyOf(compare('<', filter.value));
    case 'greater':
      return anyOf(compare('>', filter.value));
    case 'between': {
      const [low, high] = [anyOf(compare('>=', filter.from)), anyOf(compare('<=', filter.to))];
      return { where: `(${low.where}) AND (${high.where})`, params: [...low.params, ...high.params] };
    }
    case 'in':
      return anyOf(filter.values.flatMap((value) => compare('=', value)));
    case 'json-equals': {
      const path = jsonPath(filter.path);
      return {
        // ->> gives texts without their quotes, -> gives true, false, null and lists as they are written.
        where: `CASE WHEN json_valid(${sql}) THEN CAST(${sql} ->> ? AS TEXT) = ? OR ${sql} -> ? = ? END`,
        params: [path, filter.value, path, filter.value],
      };
    }
  }
}

type Comparison = '=' | '<' | '>' | '<=' | '>=';

/**
 * A typed text against a column. One with a type of its own takes the text as that type; one without compares storage
 * classes as they are, so a number is also tried as a number.
 */
function compared(table: TableInfo, column: ColumnInfo, operator: Comparison, value: string): Range[] {
  const sql = quoteName(column.name);
  const typed = { where: `${sql} ${operator} ?`, params: [value] };
  const kind = kindOf(table, column);
  if (kind === 'TEXT') return [typed];
  if (!/^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i.test(value)) {
    // Otherwise a text is greater than every number.
    return kind === 'BLOB' ? [typed] : [{ where: `typeof(${sql}) = 'text' AND ${typed.where}`, params: [value] }];
  }
  const number = {
    where: `typeof(${sql}) IN ('integer', 'real') AND ${sql} ${operator} CAST(? AS NUMERIC)`,
    params: [value],
  };
  return kind === 'BLOB' && operator === '=' ? [number, typed] : [number];
}

/** ANY of a STRICT table keeps values as they are, like a column without a type; of others it means NUMERIC. */
export const kindOf = ({ isStrict }: TableInfo, { type }: ColumnInfo): ReturnType<typeof affinity> =>
  isStrict && /^any$/i.test(type) ? 'BLOB' : affinity(type);

function anyOf(ranges: readonly Range[]): Range {
  return {
    where: eitherOf(ranges.map(({ where }) => `(${where})`)),
    params: ranges.flatMap(({ params }) => params),
  };
}

/** In halves: SQLite takes expressions up to a depth of 1,000, and a plain row of ORs is as deep as it is long. */
function eitherOf(parts: readonly string[]): string {
  if (parts.length < 3) return parts.join(' OR ');
  const half = Math.ceil(parts.length / 2);
  return `(${eitherOf(parts.slice(0, half))}) OR (${eitherOf(parts.slice(half))})`;
}

/** Exact stored values, as a reference holds them. The parent's affinity applies as in SQLite's own foreign keys. */
function refersTo(subject: Subject, filter: Extract<Filter, { operator: 'refers' }>): Range {
  const { columns, key, collations, isNumeric } = filter;
  const isSealed = columns.map((name) => isMasked(subject, name));
  const values = decodePlace(key, columns.length, isSealed);
  const parts = columns.map((name, at) => {
    const column = columnOf(subject, name);
    const value = bound(values[at] ?? { type: 'null' });
    // Of a number this changes nothing but the affinity; only where it matters, because no index of texts is used then.
    const isCast =
      isNumeric?.[at] && typeof value.param !== 'object' && /TEXT|BLOB/.test(kindOf(subject.table, column));
    const written = isCast ? 'CAST(? AS NUMERIC)' : value.sql;
    const collation = collations?.[at] ? ` COLLATE ${collations[at]}` : '';
    return { where: `${quoteName(column.name)} = ${written}${collation}`, param: value.param };
  });
  return { where: parts.map(({ where }) => where).join(' AND '), params: parts.map(({ param }) => param) };
}

/** Masked columns are left out: finding would tell what they hold. */
function findIn(subject: Subject, find: string): Range {
  const columns = subject.columns.filter((name) => !isMasked(subject, name));
  if (columns.length === 0) throw coded('E_BAD_REQUEST', 'There is no column to look in.');
  return anyOf(columns.map((name) => holds(quoteName(name), find)));
}

/** In any case of A–Z. LIKE stops at a NUL; what stands behind one is found as it is written. */
function holds(sql: string, text: string): Range {
  if (isShownReal(text)) {
    const { where, params } = holdsText(sql, text);
    return { where: `${where} OR (typeof(${sql}) = 'real' AND ${sql} = CAST(? AS REAL))`, params: [...params, text] };
  }
  return holdsText(sql, text);
}

/** SQLite writes some reals in other ways than they are shown here, as 1.0e+22 for 1e+22. */
const isShownReal = (text: string): boolean =>
  /^-?\d+(\.\d+)?(e[+-]?\d+)?$/.test(text) && text !== '-0.0' && realText(Number(text)) === text;

function holdsText(sql: string, text: string): Range {
  return {
    where: `${asText(sql)} LIKE ? ESCAPE '\\' OR instr(${asText(sql)}, ?)`,
    params: [`%${escapeLike(text)}%`, text],
  };
}

/** Blobs hold no text to look in, whatever their bytes are. */
const asText = (sql: string): string => `CASE typeof(${sql}) WHEN 'blob' THEN NULL ELSE ${sql} END`;
const escapeLike = (text: string): string => text.replace(/[\\%_]/g, '\\$&');

const jsonPath = (path: string): string =>
  path.startsWith('$') ? path : path === '' || path.startsWith('[') ? `$${path}` : `$.${path}`;
