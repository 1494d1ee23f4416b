import { isOwnName } from './bookkeeping.ts';
import { isSameTable, type TableInfo } from './migration.ts';
import type { Comparison, Loss, Unmade } from './rehearsal-comparison.ts';
import { isQuotedText, type Reading } from './rehearsal-quoted.ts';
import { ruleLosses } from './rehearsal-rules.ts';
import type { Stage } from './rehearsal-stage.ts';
import { isFamilyColumn, isFamilyTable } from './removal.ts';
import { nameKey } from './schema.ts';

/** Everything of others that is missing, changed or broken afterwards. */
export const compareStages = (before: Stage, after: Stage, how: Comparison): Loss[] => [
  ...[...before.schema.tables.values()]
    .filter(({ name }) => !isOwnName(name))
    .flatMap((table) => {
      if (table.kind === 'view')
        return codeLoss('view', table.name, table.sql, after.schema.table(table.name)?.sql, before, after, how);
      if (table.kind === 'virtual') return virtualLoss(table, before, after, how);
      return [
        ...(isFamilyTable(how.pack, table.name) ? columnLosses(table, after, how) : tableLoss(table, after, how)),
        ...(isFamilyTable(how.pack, table.name) ? ruleLosses(table, before, after, how) : []),
        ...referenceLosses(table, before, after, how),
        ...indexLosses(table, after, how),
      ];
    }),
  ...before.schema.triggers
    .filter(({ name, table }) => !isOwnName(name) && !isOwnName(table))
    .flatMap(({ name, sql }) => {
      const now = after.schema.triggers.find((each) => nameKey(each.name) === nameKey(name))?.sql;
      return codeLoss('trigger', name, sql, now, before, after, how);
    }),
  ...[...how.unmade.values()].flatMap((object) => unjudgedLoss(object, how)),
];

/** A table of others may refer to the successor of a table that is removed; nothing else of it may change. */
function tableLoss({ name, sql }: TableInfo, { schema }: Stage, { removal }: Comparison): Loss[] {
  const now = schema.table(name);
  if (now?.sql === sql || (now && isSameTable(sql, now.sql, Object.fromEntries(removal.tables)))) return [];
  return [{ object: `table ${name}`, why: now ? 'it would be changed' : 'it would be removed' }];
}

/** Columns that others added to a table of the family. */
function columnLosses(table: TableInfo, after: Stage, { pack, removal }: Comparison): Loss[] {
  const place = after.schema.table(table.name)?.name ?? removal.tables.get(nameKey(table.name)) ?? table.name;
  return table.columns
    .filter(({ name }) => !isFamilyColumn(pack, table.name, name))
    .flatMap(({ name, type, notNull, defaultSql, hidden }) => {
      const now = after.schema.column(place, name);
      const isSame =
        now?.type === type && now.notNull === notNull && now.defaultSql === defaultSql && now.hidden === hidden;
      if (isSame) return [];
      return [{ object: `column ${table.name}.${name}`, why: now ? 'it would be changed' : 'it would be removed' }];
    });
}

/** References that would lead to a table or column that is removed. Those of the family are the pack's own matter. */
function referenceLosses(table: TableInfo, before: Stage, after: Stage, { pack }: Comparison): Loss[] {
  const now = after.schema.table(table.name);
  return (now?.foreignKeys ?? []).flatMap(({ from, table: parent, to }) => {
    const isOurs = isFamilyTable(pack, table.name) && from.every((name) => isFamilyColumn(pack, table.name, name));
    if (isOurs || !before.schema.table(parent)) return [];
    const object = isFamilyTable(pack, table.name) ? `column ${table.name}.${from.join(', ')}` : `table ${table.name}`;
    if (!after.schema.table(parent)) return [{ object, why: `it refers to ${parent}, which is removed` }];
    const gone = to.filter((name) => before.schema.column(parent, name) && !after.schema.column(parent, name));
    return gone.map((name) => ({ object, why: `it refers to ${parent}.${name}, which is removed` }));
  });
}

/** Indexes that SQLite makes itself follow from the rules of their table. */
function indexLosses(table: TableInfo, after: Stage, { removal }: Comparison): Loss[] {
  const now = after.schema.table(table.name);
  return table.indexes
    .filter(({ name, sql }) => sql !== null && !isOwnName(name) && !removal.indexes.has(nameKey(name)))
    .filter(({ name, sql }) => now?.indexes.find((each) => nameKey(each.name) === nameKey(name))?.sql !== sql)
    .map(({ name, columns }) => {
      const gone = columns.flatMap((column) =>
        column.name !== null && now && !after.schema.column(table.name, column.name) ? [column.name] : [],
      );
      const why = now === undefined ? `it is on ${table.name}, which is removed` : whyIndex(table.name, gone);
      return { object: `index ${name}`, why };
    });
}

const whyIndex = (table: string, gone: readonly string[]): string =>
  gone.length === 0 ? 'it would be removed' : `it names ${table}.${gone.join(', ')}, which is removed`;

/** A virtual table: as a view is, and of the same rows as before where they are those of another table. */
function virtualLoss(table: TableInfo, before: Stage, after: Stage, how: Comparison): Loss[] {
  const object = `table ${table.name}`;
  const content = how.content.get(table.name) ?? [];
  const gone = content.flatMap((name) => {
    if (!after.schema.table(name)) return [name];
    const columns = table.columns.filter((column) => before.schema.column(name, column.name));
    return columns
      .filter((column) => !after.schema.column(name, column.name))
      .map((column) => `${name}.${column.name}`);
  });
  const are = gone.length === 1 ? 'is' : 'are';
  if (gone.length > 0) return [{ object, why: `it is an index of ${gone.join(', ')}, which ${are} removed` }];
  const now = after.schema.table(table.name);
  const losses = codeLoss('table', table.name, table.sql, now?.sql, before, after, how);
  if (losses.length > 0 || now === undefined) return losses;
  const columnsOf = ({ columns }: TableInfo) => JSON.stringify(columns.map(({ name }) => name));
  if (columnsOf(now) !== columnsOf(table)) return [{ object, why: 'its columns would be others' }];
  const changes = content.flatMap((name) => {
    const what = whatHappens(name, table, how);
    return what === null ? [] : [{ object, why: `it is an index of the rows of ${name}, ${what}` }];
  });
  return changes.slice(0, 1);
}

/**
 * Why an index made of the rows of `content` would not fit them any more; null = it would, as rows keep their rowids.
 * Nobody tells it when they change: one that triggers keep up to date is refused for its triggers.
 */
function whatHappens(content: string, { sql, columns }: TableInfo, { removal, steps }: Comparison): string | null {
  const isContent = (name: string) => nameKey(name) === nameKey(content);
  if (removal.setsAside.has(nameKey(content))) return 'some of which may leave, and would still find them';
  const changed = steps.flatMap(({ effect }) =>
    Object.entries(effect.changes).flatMap(([table, names]) => (isContent(table) ? names : [])),
  );
  const found = columns.find(({ name }) => changed.some((each) => each === '*' || nameKey(each) === nameKey(name)));
  if (found) return `whose ${found.name} changes, and would still find what it was`;
  // SQLite's own check compares these two kinds with their rows: what they do not know of is damage to it.
  const isCompared = /\busing\s+["'`[]?fts[34]\b/i.test(sql);
  const isGrowing = steps.some(({ effect }) => effect.grows.some(isContent));
  return isCompared && isGrowing ? 'to which others are added, and would not know them' : null;
}

/** A view, trigger or virtual table: there, with the same text, and working where it worked before. */
function codeLoss(
  kind: 'view' | 'trigger' | 'table',
  name: string,
  sql: string,
  now: string | undefined,
  before: Stage,
  after: Stage,
  how: Comparison,
): Loss[] {
  const object = `${kind} ${name}`;
  if (now === undefined) return [{ object, why: 'it would be removed' }];
  if (now !== sql) return [{ object, why: 'it would be changed' }];
  const earlier = before.compiled.get(object) ?? null;
  const later = after.compiled.get(object) ?? null;
  if (earlier !== null) return isForeign(earlier, how) ? unjudgedLoss({ kind, name, sql, reason: earlier }, how) : [];
  if (later !== null) return [{ object, why: `it would not work any more (${later})` }];
  const meant = otherMeaning(before.readings.get(object)?.texts, after.readings.get(object)?.texts);
  return meant === null ? [] : [{ object, why: meant }];
}

/** A word in double quotes is a name where there is one, and a text where there is none: no program would complain. */
function otherMeaning(before: Reading['texts'] = new Map(), after: Reading['texts'] = new Map()): string | null {
  const lost = [...after].find(([place]) => !before.has(place));
  if (lost) return `it would not work any more: "${lost[1]}" would be a text to it, as there is no such column`;
  const taken = [...before].find(([place]) => !after.has(place));
  return taken ? `its text "${taken[1]}" is in double quotes, and would be taken for the column of that name` : null;
}

/** SQLite says so of a function, module or collation that only another program has, or that we do not let act. */
export const isOfAnother = (reason: string): boolean =>
  /unknown function|no such (function|module|collation)|unsafe use of/i.test(reason);

/** It needs something of another program, or an object that does, or only another program tells its texts from names. */
const isForeign = (error: string, { unmade }: Comparison): boolean =>
  isQuotedText(error) ||
  /no such (function|module|collation)|unsafe use of/i.test(error) ||
  [...unmade.values()].some(({ name }) => names(error, name));

/** Nobody here can tell whether it would still work: refused when it names a table that the steps take something from. */
function unjudgedLoss({ kind, name, sql, reason }: Unmade, { pack, steps }: Comparison): Loss[] {
  if (isOwnName(name) || !steps.some((step) => step.kind === 'contract')) return [];
  const family = [
    ...pack.canonical.flatMap((table) => [table.name, table.legacyName ?? table.name]),
    ...pack.legacyTables,
  ];
  const named = family.find((table) => names(sql, table));
  if (named === undefined) return [];
  return [
    { object: `${kind} ${name}`, why: `it uses ${named}, and whether it would still work cannot be told (${reason})` },
  ];
}

const names = (text: string, name: string): boolean =>
  new RegExp(`(?<![\\w$])${name.replaceAll(/[.*+?^${}()|[\]\\]/g, '\\$&')}(?![\\w$])`, 'i').test(text);
