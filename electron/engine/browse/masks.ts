import { quoteName, type Db, type Pack, type Schema, type TableInfo } from '../migration.ts';
import { nameKey } from '../schema.ts';
import { isUnanswered } from '../sqlite-error.ts';
import { canonicalOf } from './canonical-table.ts';

/** Lower-case names of the columns of each table, by the key of its name, whose values are shown only when a person asks. */
export type Masks = ReadonlyMap<string, ReadonlySet<string>>;

/** Names that mean a secret in anybody's database. */
const SECRET = /(^|_)(password|passwd|pwd|secret|token|api_?key|private_?key|credentials?|cipher(text)?)($|_)/i;
/** About a secret, and none: token_count, password_changed_at. */
const ABOUT = /_(at|on|count|limit|length|size|budget|type|kind|version)$/i;
/** Whole rows stand there as JSON, secrets included. */
const WHOLE_ROWS: Readonly<Record<string, string>> = { _phasewise_quarantine: 'row_json' };

/**
 * What is sensitive: what the pack says; what has a telling name where the pack says nothing; and whatever is made of
 * such columns by views, generated columns and full-text indexes.
 * @param pack null = nobody here knows this kind of database.
 */
export function masksOf(db: Db, schema: Schema, pack: Pack | null): Masks {
  const tables = [...schema.tables.values()];
  const named = sensitiveNames(pack);
  const masks = new Map(tables.map((table) => [nameKey(table.name), ofTable(table, pack, named)]));
  const origins = new Map(tables.filter(({ kind }) => kind === 'view').map((view) => [view, originsOf(db, view)]));
  // Each may be made of any other (a view of an index of a view): all of them together, until nothing more is found.
  for (let before = -1; before < sizeOf(masks);) {
    before = sizeOf(masks);
    for (const table of tables) {
      addReferences(schema, table, masks);
      addGenerated(table, masks.get(nameKey(table.name)) ?? new Set());
      if (table.kind === 'virtual') addVirtual(table, masks);
      if (table.kind === 'shadow') addShadow(table, tables, masks);
      if (table.kind === 'view') addView(table, origins.get(table) ?? [], masks);
    }
  }
  return masks;
}

const sizeOf = (masks: Masks): number => [...masks.values()].reduce((sum, { size }) => sum + size, 0);

/** Of every table that the pack describes: the same name in an unknown table means the same. */
const sensitiveNames = (pack: Pack | null): Set<string> =>
  new Set((pack?.canonical ?? []).flatMap((table) => sensitiveIn(table)));

const sensitiveIn = ({ columns, sensitiveLegacyColumns = [] }: Pack['canonical'][number]): string[] =>
  [
    ...columns.filter(({ isSensitive }) => isSensitive).flatMap(({ name, legacyName }) => [name, legacyName]),
    ...sensitiveLegacyColumns,
  ].flatMap((name) => (name === undefined ? [] : [name.toLowerCase()]));

function ofTable(table: TableInfo, pack: Pack | null, named: ReadonlySet<string>): Set<string> {
  const canonical = canonicalOf(table.name, pack);
  const described = new Set([
    ...(canonical?.columns.flatMap(({ name, legacyName }) => [name, legacyName ?? name]) ?? []),
    ...Object.keys(canonical?.legacyColumns ?? {}),
  ]);
  const telling = table.columns
    .map(({ name }) => name)
    .filter((name) => !described.has(name))
    .filter((name) => (SECRET.test(name) && !ABOUT.test(name)) || (!canonical && named.has(name.toLowerCase())))
    .map((name) => name.toLowerCase());
  const rows = WHOLE_ROWS[nameKey(table.name)];
  return new Set([...(canonical ? sensitiveIn(canonical) : []), ...telling, ...(rows === undefined ? [] : [rows])]);
}

const says = (sql: string, name: string): boolean =>
  new RegExp(`(^|\\W)${name.replace(/[\\^$.*+?()[\]{}|/-]/g, '\\$&')}(\\W|$)`, 'i').test(sql);

/** What points to a sensitive value is the same value; and may be pointed to in turn. */
function addReferences(schema: Schema, table: TableInfo, masks: Map<string, Set<string>>): void {
  const own = masks.get(nameKey(table.name)) ?? new Set();
  for (const { from, table: parent, to } of table.foreignKeys) {
    const target = schema.table(parent);
    const names = to.length > 0 ? to : target ? primaryKey(target) : [];
    const masked = masks.get(nameKey(parent));
    for (const [at, name] of from.entries())
      if (masked?.has((names[at] ?? '').toLowerCase())) own.add(name.toLowerCase());
  }
}

/** In its own order: a reference that names no columns means these. */
const primaryKey = ({ columns }: TableInfo): string[] =>
  columns
    .filter(({ primaryKeyPosition }) => primaryKeyPosition > 0)
    .toSorted((a, b) => a.primaryKeyPosition - b.primaryKeyPosition)
    .map(({ name }) => name);

/** The table's own text tells what its generated columns are made of; which of them, only roughly. */
function addGenerated(table: TableInfo, masked: Set<string>): void {
  const made = table.columns.filter(({ hidden }) => hidden > 1).map(({ name }) => name);
  if (made.length === 0 || masked.size === 0) return;
  const expressions = table.sql
    .split(/\bAS(?:\s|\/\*.*?\*\/|--[^\n]*\n)*\(/is)
    .slice(1)
    .join(' ');
  if ([...masked].some((name) => says(expressions, name))) for (const name of made) masked.add(name.toLowerCase());
}

/** What a full-text index keeps of its texts. */
function addShadow(shadow: TableInfo, tables: readonly TableInfo[], masks: Map<string, Set<string>>): void {
  const [owner] = tables
    .filter(({ kind, name }) => kind === 'virtual' && nameKey(shadow.name).startsWith(`${nameKey(name)}_`))
    .toSorted((a, b) => b.name.length - a.name.length); // "notes_old_data" belongs to "notes_old", not to "notes"
  if (!owner || (masks.get(nameKey(owner.name))?.size ?? 0) === 0) return;
  const own = masks.get(nameKey(shadow.name));
  for (const { name, type } of shadow.columns) if (!/^int/i.test(type)) own?.add(name.toLowerCase());
}

const WORD_LISTS = /\bUSING\s+["'`[]?(fts5vocab|fts4aux)\b/i;

/** A full-text index may be over the columns of another table or view, by their names; its words can be listed by one more. */
function addVirtual(table: TableInfo, masks: Map<string, Set<string>>): void {
  const own = masks.get(nameKey(table.name)) ?? new Set();
  for (const [name, masked] of masks) {
    if (name === nameKey(table.name) || masked.size === 0 || !says(table.sql, name)) continue;
    for (const column of table.columns.map((each) => each.name.toLowerCase()))
      if (masked.has(column) || (WORD_LISTS.test(table.sql) && column === 'term')) own.add(column);
  }
}

/**
 * SQLite knows where a plain column of a view comes from. An expression is masked when the view speaks of a sensitive
 * column, or takes all columns of its table.
 */
function addView(view: TableInfo, origins: readonly Origin[], masks: Map<string, Set<string>>): void {
  const own = masks.get(nameKey(view.name)) ?? new Set();
  const sql = view.sql.replace(/count\s*\(\s*\*\s*\)/gi, '');
  const speaks = [...masks].some(
    ([table, columns]) =>
      table !== nameKey(view.name) &&
      columns.size > 0 &&
      says(sql, table) &&
      (sql.includes('*') || [...columns].some((column) => says(sql, column))),
  );
  const isMixed = /\b(union|intersect|except)\b/i.test(sql);
  for (const { name, column, table } of origins) {
    // json_each and its like are no tables of the file: what they give was made of something.
    const isKnown = column !== null && table !== null && masks.has(nameKey(table)) && !isMixed;
    if (isKnown ? masks.get(nameKey(table))?.has(column.toLowerCase()) : speaks) own.add(name.toLowerCase());
  }
}

interface Origin {
  readonly name: string;
  readonly column: string | null;
  readonly table: string | null;
}

function originsOf(db: Db, view: TableInfo): Origin[] {
  try {
    return db.prepare(`SELECT * FROM main.${quoteName(view.name)}`).columns();
  } catch (error) {
    if (isUnanswered(error)) throw error;
    return []; // a view that cannot be read shows nothing
  }
}
