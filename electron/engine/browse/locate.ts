import { BrowseQuery } from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import { quoteName } from '../migration.ts';
import type { SqlValue } from '../migration-values.ts';
import { conditionOf } from './filters.ts';
import { decodePlace, encodePlace, whereKey, type Place } from './row-key.ts';
import { sortableColumn, type Subject } from './subject.ts';

/** Where one row is read from. */
export interface Located {
  /** What stands behind FROM. */
  readonly sql: string;
  readonly where: string;
  readonly params: readonly SqlValue[];
}

/** What was asked of rows that have a number only. */
const Asked = BrowseQuery.pick({ sort: true, filters: true, find: true });
type Asked = Pick<BrowseQuery, 'sort' | 'filters' | 'find'>;
/** Keys of longer questions do not carry them: their rows can be seen, but not opened. */
const MOST_CHARACTERS = 2_000;

/**
 * The row that a key names.
 * @throws CodedError E_BAD_REQUEST for a key that is none of this table.
 */
export function locate(subject: Subject, key: string): Located {
  if (subject.key.length > 0)
    return { sql: subject.sql, ...whereKey(subject.key, decodePlace(key, subject.key.length, subject.isKeySealed)) };
  const [number, asked] = numberedPlace(key);
  if (asked === null) throw coded('E_BAD_REQUEST', 'Rows of such a long question cannot be opened one by one.');
  const { where, params } = conditionOf(subject, asked.filters, asked.find);
  const parts = [where && `WHERE ${where}`, orderOfNumbered(subject, asked.sort), 'LIMIT 1 OFFSET ?'];
  return { sql: `(SELECT * FROM ${subject.sql} ${parts.join(' ')})`, where: '1', params: [...params, number] };
}

/** At the named place; for a row of a table, by its own key. */
export const locateBy = (subject: Subject, key: readonly string[], place: Place): Located => ({
  sql: subject.sql,
  ...whereKey(key.map(quoteName), place),
});

/** @returns '' when no sort was asked for. */
export const orderOfNumbered = (subject: Subject, sort: BrowseQuery['sort']): string => {
  const terms = sort.map(
    ({ column, isDescending }) => `${quoteName(sortableColumn(subject, column).name)}${isDescending ? ' DESC' : ''}`,
  );
  return terms.length > 0 ? `ORDER BY ${terms.join(', ')}` : '';
};

/** Rows without a key are named by their number and by what was asked. */
export function numberedKey(number: number, { sort, filters, find }: Asked): string {
  const asked = Buffer.from(JSON.stringify({ sort, filters, find }));
  const place: Place = [{ type: 'integer', value: BigInt(number) }];
  return encodePlace(asked.length > MOST_CHARACTERS ? place : [...place, { type: 'text', bytes: asked }]);
}

/** @returns the number, and what was asked; null where that was too long for a key. */
export function numberedPlace(key: string): [number: bigint, asked: Asked | null] {
  const [number, asked] = decodePlace(key);
  const parsed = Asked.safeParse(asked?.type === 'text' ? JSON.parse(asked.bytes.toString()) : null);
  if (number?.type !== 'integer') throw coded('E_BAD_REQUEST', 'That names no row of this view.');
  return [number.value, parsed.success ? parsed.data : null];
}
