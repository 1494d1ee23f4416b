import type { BrowseReference, BrowseTable } from '@shared/browse.ts';
import type { RowCount, TableStatus } from '@shared/status.ts';
import type { Db, Pack, Schema, TableInfo } from '../migration.ts';
import { integerKey } from '../row-address.ts';
import { rowCounter } from '../row-count.ts';
import { nameKey } from '../schema.ts';
import { tableStatuses } from '../status-tables.ts';
import { canonicalOf } from './canonical-table.ts';
import { hasColumns } from './readable.ts';
import { masksOf } from './masks.ts';
import { isMasked, orderingIndexes, subjectOf } from './subject.ts';

/** What the browser knows of a whole database before a row is read. */
export interface Catalogue {
  readonly tables: readonly BrowseTable[];
  /** Lower-case names of the columns of a table that are masked. */
  masked(table: string): ReadonlySet<string>;
}

/** @param pack null = nobody here knows this kind of database. */
export function readCatalogue(db: Db, schema: Schema, pack: Pack | null): Catalogue {
  const counted = rowCounter(db);
  const count = (table: TableInfo): RowCount => (hasColumns(table) ? counted(table) : { value: 0, isExact: false });
  const statuses = pack ? tableStatuses(pack, schema, count) : [];
  const statusOf = new Map(statuses.map((status) => [nameKey(status.presentName ?? status.name), status]));
  const masks = masksOf(db, schema, pack);
  const masked = (table: string): ReadonlySet<string> => masks.get(nameKey(table)) ?? new Set();
  const references = allReferences(schema, pack);
  const tables = [...schema.tables.values()].map((table): BrowseTable => {
    const status = statusOf.get(nameKey(table.name));
    const subject = subjectOf(db, schema, table.name, masked(table.name));
    const indexed = new Set(orderingIndexes(subject).map(({ columns }) => columns[0]?.name));
    return {
      name: table.name,
      kind: table.kind,
      group: status?.group ?? (table.kind === 'view' ? 'Views' : 'Tables'),
      state: status?.state ?? 'unknown',
      keyKind: subject.keyKind,
      rows: status?.rows ?? (table.kind === 'table' ? count(table) : null),
      sizeBytes: null,
      columns: subject.columns.flatMap((name) => {
        const column = table.columns.find((each) => each.name === name);
        if (!column) return [];
        const legacy = legacyOf(table, pack, name);
        return [
          {
            name,
            type: column.type,
            isNullable: !column.notNull,
            primaryKeyPosition: column.primaryKeyPosition,
            isGenerated: column.hidden > 1,
            isSensitive: isMasked(subject, name),
            replacedBy: legacy ?? null,
            isLegacy: legacy !== undefined,
            isIndexed: indexed.has(name) || name === integerKey(table),
          },
        ];
      }),
      references: references.filter(({ fromTable }) => nameKey(fromTable) === nameKey(table.name)),
      referencedBy: references.filter(({ toTable }) => nameKey(toTable) === nameKey(table.name)),
    };
  });
  return { tables: inGroups(tables, statuses), masked };
}

/** The pack's groups in the pack's order; the tables of each by name. */
function inGroups(tables: readonly BrowseTable[], statuses: readonly TableStatus[]): BrowseTable[] {
  const groups = [...new Set(statuses.map(({ group }) => group))];
  const placeOf = ({ group }: BrowseTable): number => (groups.includes(group) ? groups.indexOf(group) : groups.length);
  return tables.toSorted((a, b) => placeOf(a) - placeOf(b));
}

/** undefined = no legacy column; null = nothing takes its place. */
function legacyOf(table: TableInfo, pack: Pack | null, column: string): string | null | undefined {
  const own = canonicalOf(table.name, pack)?.legacyColumns ?? {};
  const name = Object.keys(own).find((each) => nameKey(each) === nameKey(column));
  return name === undefined ? undefined : own[name];
}

/** Declared ones first; what only the pack knows is added where the schema does not say it yet. */
function allReferences(schema: Schema, pack: Pack | null): BrowseReference[] {
  const declared = [...schema.tables.values()].flatMap((table) =>
    table.foreignKeys.flatMap(({ from, table: parent, to }): BrowseReference[] => {
      const target = schema.table(parent);
      if (!target) return [];
      return [
        {
          fromTable: table.name,
          from: [...from],
          toTable: target.name,
          to: to.length > 0 ? columnsOf(target, to) : keyOf(target),
          origin: 'declared',
        },
      ];
    }),
  );
  const known = (pack?.canonical ?? []).flatMap((canonical) => {
    const table = schema.table(canonical.name);
    return canonical.columns.flatMap((column): BrowseReference[] => {
      const own = column.references && schema.column(canonical.name, column.name);
      const parent = own && column.references ? schema.table(column.references.table) : undefined;
      if (!table || !own || !parent || parent.kind !== 'table') return [];
      return [{ fromTable: table.name, from: [own.name], toTable: parent.name, to: keyOf(parent), origin: 'known' }];
    });
  });
  const said = new Set(declared.map(idOf));
  return [...declared, ...known.filter((reference) => !said.has(idOf(reference)))].filter(
    ({ from, to }) => from.length === to.length && from.length > 0,
  );
}

/** By their own names: a reference may write them in other letters. What is not there is left out. */
const columnsOf = ({ columns }: TableInfo, names: readonly string[]): string[] =>
  names.flatMap((name) => columns.find((each) => nameKey(each.name) === nameKey(name))?.name ?? []);

const idOf = ({ fromTable, from, toTable }: BrowseReference): string =>
  JSON.stringify([fromTable, from, toTable].map((part) => JSON.stringify(part).toLowerCase()));

const keyOf = (table: TableInfo): string[] =>
  table.columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map(({ name }) => name);
