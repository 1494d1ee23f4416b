import type { Migration, Pack } from './migration.ts';
import { nameKey } from './schema.ts';

/** What contracting steps declare that they take away; names are compared as SQLite does. */
export interface Removal {
  /** Removed table -> the table that has its rows. */
  readonly tables: ReadonlyMap<string, string>;
  /** Removed columns by table. */
  readonly columns: ReadonlyMap<string, ReadonlySet<string>>;
  readonly indexes: ReadonlySet<string>;
  /** Tables that rows may leave, each as an issue row. */
  readonly setsAside: ReadonlySet<string>;
}

/** The removals of all of these together; steps that are no contracting ones have none. */
export function removalOf(migrations: readonly Pick<Migration, 'effect' | 'kind'>[]): Removal {
  const effects = migrations.filter(({ kind }) => kind === 'contract').map(({ effect }) => effect);
  const columns = new Map<string, Set<string>>();
  for (const { removesColumns = {} } of effects) {
    for (const [table, names] of Object.entries(removesColumns))
      columns.set(nameKey(table), new Set([...(columns.get(nameKey(table)) ?? []), ...names.map(nameKey)]));
  }
  return {
    tables: new Map(
      effects.flatMap(({ removes = {} }) => Object.entries(removes).map(([from, to]) => [nameKey(from), to] as const)),
    ),
    columns,
    indexes: new Set(effects.flatMap(({ removesIndexes = [] }) => removesIndexes.map(nameKey))),
    setsAside: new Set(effects.flatMap(({ setsAside = [] }) => setsAside.map(nameKey))),
  };
}

type Family = Pick<Pack, 'canonical' | 'legacyTables' | 'ledger' | 'audit' | 'migrations'>;

/** Tables of the family by any of their names, and those that its steps speak of; all others are somebody else's. */
export function isFamilyTable(pack: Family, name: string): boolean {
  const names = [
    ...pack.canonical.flatMap(({ name: own, legacyName }) => [own, ...(legacyName === undefined ? [] : [legacyName])]),
    ...pack.legacyTables,
    ...pack.migrations.flatMap(({ effect }) => [...effect.grows, ...Object.keys(effect.changes)]),
    ...alwaysGrowing(pack),
  ];
  return names.some((each) => nameKey(each) === nameKey(name));
}

/** Columns of a family's table that its programs know, under any of their names; all others are somebody else's. */
export function isFamilyColumn(pack: Pick<Pack, 'canonical' | 'ledger'>, table: string, column: string): boolean {
  const known = pack.canonical
    .filter(({ name, legacyName }) => [name, legacyName ?? name].some((each) => nameKey(each) === nameKey(table)))
    .flatMap(({ columns, legacyColumns = {} }) => [
      ...columns.flatMap(({ name, legacyName }) => [name, legacyName ?? name]),
      ...Object.keys(legacyColumns),
    ]);
  const { ledger } = pack;
  const listed =
    nameKey(table) === nameKey(ledger.table) ? [ledger.idColumn, ledger.noteColumn, ledger.appliedAtColumn] : [];
  return [...known, ...listed].some((each) => nameKey(each) === nameKey(column));
}

/** What ANALYZE noted: no data, and made anew at any time. */
export const isStatistics = (table: string): boolean => /^sqlite_stat\d$/i.test(table);

/**
 * Tables to which a repair may add besides its own: triggers of the migrations that are recorded by then carry its rows on.
 * @param recorded ids of the migrations whose triggers may be in the file.
 */
export const grownByTriggers = (pack: Pick<Pack, 'migrations'>, recorded: ReadonlySet<string>): string[] =>
  pack.migrations.filter(({ id }) => recorded.has(id)).flatMap(({ effect }) => effect.grows);

/** Tables to which every run may add: the list of applied steps, and the database's own list of events. */
export const alwaysGrowing = ({ ledger, audit }: Pick<Pack, 'ledger' | 'audit'>): string[] => [
  ledger.table,
  ...(audit ? [audit.table] : []),
];
