import type { ObjectDiff } from '@shared/status.ts';
import { isOwnName } from './bookkeeping.ts';
import { finalWith } from './column-diff.ts';
import type { CanonicalIndex, CanonicalTable, IndexInfo, Schema, TableInfo } from './migration.ts';
import { nameKey } from './schema.ts';

type Column = { readonly name: string; readonly descending: boolean };

/** Indexes, unique rules, references and triggers of a table against what the canonical schema asks for. */
export function diffObjects(target: CanonicalTable, present: TableInfo | undefined, schema: Schema): ObjectDiff[] {
  const indexes = present?.indexes ?? [];
  return [
    ...target.uniques.map((columns) => diffUnique(target, columns, indexes)),
    ...target.indexes.map((index) => diffIndex(target, index, indexes)),
    ...target.columns.flatMap((column) => diffReference(column, present, schema)),
    ...triggerDiffs(present, schema),
  ];
}

function diffUnique(target: CanonicalTable, columns: readonly string[], indexes: readonly IndexInfo[]): ObjectDiff {
  const found = indexes.filter((index) => index.isUnique && sameSet(namesOf(index), columns));
  const hasPartial = found.length > 0 && found.every(({ isPartial }) => isPartial);
  const gap = found.length === 0 ? 'missing' : hasPartial ? 'differs' : 'none';
  const later = finalWith(target.uniquesPhase);
  const note =
    gap === 'none' ? '' : (hasPartial ? 'holds for some rows only' : 'not required to be unique yet') + later;
  return { description: `unique (${columns.join(', ')})`, kind: 'unique', gap, note };
}

function diffIndex(target: CanonicalTable, index: CanonicalIndex, indexes: readonly IndexInfo[]): ObjectDiff {
  const wanted = index.columns.map(parseColumn);
  const candidates = indexes.filter(
    (each) =>
      !each.isPartial &&
      sameList(
        namesOf(each),
        wanted.map(({ name }) => name),
      ),
  );
  const isExact = candidates.some(
    (each) =>
      each.columns.every((column, at) => column.descending === wanted[at]?.descending) &&
      (!index.isUnique || each.isUnique),
  );
  const gap = isExact ? 'none' : candidates.length > 0 ? 'differs' : 'missing';
  const note = isExact ? '' : candidates.length > 0 ? 'sorted the other way round' : `comes with phase ${index.phase}`;
  const kind = index.isUnique ? 'unique index' : 'index';
  return { description: `${kind} on ${target.name}(${index.columns.join(', ')})`, kind: 'index', gap, note };
}

function diffReference(
  column: CanonicalTable['columns'][number],
  present: TableInfo | undefined,
  schema: Schema,
): ObjectDiff[] {
  const wanted = column.references;
  const isThere = present !== undefined && schema.column(present.name, column.name) !== undefined;
  if (!wanted || (column.isExtension && !isThere)) return [];
  const found = present?.foreignKeys.find(
    ({ from }) => from.length === 1 && nameKey(from[0] ?? '') === nameKey(column.name),
  );
  const isRightTable = found !== undefined && nameKey(found.table) === nameKey(wanted.table);
  const isExact = isRightTable && found.onDelete === wanted.onDelete;
  const later = finalWith(column.constraintsPhase);
  const note = isExact
    ? ''
    : found === undefined
      ? `no reference yet${later}`
      : (isRightTable ? `on delete ${found.onDelete}` : `refers to ${found.table}`) + later;
  const description = `${column.name} -> ${wanted.table}(id) on delete ${wanted.onDelete}`;
  return [{ description, kind: 'foreign-key', gap: isExact ? 'none' : found ? 'differs' : 'missing', note }];
}

function triggerDiffs(present: TableInfo | undefined, schema: Schema): ObjectDiff[] {
  if (!present) return [];
  const own = schema.triggers.filter(({ table }) => nameKey(table) === nameKey(present.name));
  return own.map(({ name }) => ({
    description: `trigger ${name}`,
    kind: 'trigger',
    gap: isOwnName(name) ? 'none' : 'unknown',
    note: isOwnName(name) ? 'keeps old and new names in step' : 'made by somebody else',
  }));
}

function parseColumn(text: string): Column {
  const [name = '', direction = ''] = text.split(' ');
  return { name, descending: /^desc$/i.test(direction) };
}

const namesOf = (index: IndexInfo): string[] => index.columns.map(({ name }) => name ?? '');
const sameList = (a: readonly string[], b: readonly string[]): boolean =>
  a.length === b.length && a.every((name, at) => nameKey(name) === nameKey(b[at] ?? ''));
const sameSet = (a: readonly string[], b: readonly string[]): boolean => sameList(a.toSorted(), b.toSorted());
