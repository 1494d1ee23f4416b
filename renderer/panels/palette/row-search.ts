import type { BrowseTable } from '@shared/browse.ts';
import { rank } from './ranking.ts';

/** A table in which a row may have this key. */
export interface KeyPlace {
  readonly table: string;
  readonly column: string;
  readonly key: string;
}

const INTEGER = /^-?\d{1,19}$/;
/** "0107" is more likely the number of a migration. */
const NUMBER = /^(?:0|-?[1-9]\d{0,18})$/;
const UUID = /^\{?[\da-f]{8}-?(?:[\da-f]{4}-?){3}[\da-f]{12}\}?$/i;

/** Whether the text is more likely a key than a name: then looking for a row is offered first. */
export const looksLikeKey = (text: string): boolean => {
  const key = text.trim().split(/\s+/).at(-1) ?? '';
  return NUMBER.test(key) || UUID.test(key);
};

/**
 * Where a row with this key may be. "table key": in that table; a key alone: in every table whose primary key is one
 * column that can hold such a value.
 */
export function keyPlaces(text: string, tables: readonly BrowseTable[]): readonly KeyPlace[] {
  const [, name = '', rest = ''] = /^(\S+)\s+(.+)$/s.exec(text.trim()) ?? [];
  const [named] = rest === '' ? [] : rank(tables.map(findable), name);
  const places = named ? placesIn([named.table], rest.trim()) : [];
  return places.length > 0 ? places : placesIn(tables, text.trim());
}

const findable = (table: BrowseTable) => ({ table, title: table.name, words: '' });

function placesIn(tables: readonly BrowseTable[], key: string): KeyPlace[] {
  if (key === '') return [];
  return tables.flatMap(({ name, kind, columns }) => {
    const [column, ...others] = columns.filter(({ primaryKeyPosition }) => primaryKeyPosition > 0);
    if (kind !== 'table' || !column || column.isSensitive || others.length > 0 || !canHold(column.type, key)) return [];
    return [{ table: name, column: column.name, key }];
  });
}

/** As SQLite derives the affinity of a column: only in integer columns can no text stand that a key would look like. */
const canHold = (type: string, key: string): boolean => !/int/i.test(type) || INTEGER.test(key);
