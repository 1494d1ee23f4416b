/**
 * Unique rules that somebody has added to a table, as SQL for triggers. Part of the migrations whose triggers use it.
 * They may be about rows that a trigger inserts, and about columns that it fills in the row that a program writes.
 *
 * A program's OR REPLACE holds for what triggers write, too: where that meets a rule which no trigger looks at, it
 * deletes somebody else's row; without OR REPLACE the program's own write is aborted. The schema is asked whenever a
 * trigger fires, because such a rule may come after it.
 */

/** What the program adds. */
const programs: Readonly<Record<string, string>> = {
  assets: 'uq_assets_project_storage_uri',
  projects: 'uq_projects_owner_slug',
};
const withOneKey = ['quality_reports', 'audit_events', 'cost_events', 'project_exports'];
/** Indexes by which SQLite keeps the keys of the program's own tables, by their number, and what the program adds. */
const known = (table: string): string => {
  const keys = withOneKey.includes(table) ? [1] : [1, 2];
  const names = keys.map((number) => `sqlite_autoindex_${table}_${number}`);
  return [...names, programs[table] ?? []]
    .flat()
    .map((name) => `'${name}'`)
    .join(', ');
};
/** An entry of sqlite_master is a unique rule over the table that somebody added. */
export const isAdded = (table: string): string =>
  `type = 'index' AND tbl_name = '${table}' COLLATE NOCASE
          AND (sql IS NULL OR substr(sql, 1, 20) = 'CREATE UNIQUE INDEX ') AND lower(name) NOT IN (${known(table)})`;
const added = (table: string) => `SELECT 1 FROM sqlite_master WHERE ${isAdded(table)}`;
const indexed = `lower(substr(ifnull(sql, ''), instr(ifnull(sql, ''), '(') + 1))`;

/** A column of assets may have to be unique in the whole table. */
export const isUnique = (column: string): string =>
  `EXISTS (${added('assets')} AND (sql IS NULL OR instr(lower(sql), '${column}') > 0))`;

/**
 * A file that we register may break a rule. It never breaks one over plain columns with sha256 among them: what we
 * register has none, and no NULL equals another.
 */
export const mayBreakRule = `EXISTS (${added('assets')}
          AND NOT (${indexed} GLOB '*sha256*' AND ${indexed} NOT GLOB '*[(/-]*' AND ${indexed} NOT GLOB '*)*where*'))`;

/** The same with what each says of columns; NULL for a rule within the table, which says it elsewhere. */
const rules = (
  table: string,
) => `SELECT 1 FROM (SELECT name, ' ' || lower(substr(sql, instr(sql, '(') + 1)) || ' ' AS said
            FROM sqlite_master WHERE ${isAdded(table)}) AS rule`;
const isAbout = (column: string) => `said IS NULL OR said GLOB '*[^a-z0-9_]${column}[^a-z0-9_]*'`;

/**
 * What a trigger writes to the table may break a rule: one about a column that it fills. Columns that the owner added
 * stay empty in a row of ours.
 */
export const mayBreakRuleOf = (table: string, columns: readonly string[]): string =>
  `EXISTS (${rules(table)} WHERE ${columns.map(isAbout).join(' OR ')})`;

/** Of columns alone, which it names: nothing is computed, and no row is left out. */
const isPlain = `trim(said, ' )') NOT GLOB '*[^]a-z0-9_ ,"\`[]*' AND instr(said, 'where') + instr(said, 'collate') = 0`;
const isWithin = (scope: string) => `',' || replace(replace(said, ' ', ''), '"', '') GLOB '*,${scope}[,)]*'`;
/**
 * A trigger may break a rule by the value that it gives a column of NEW: some other row has it, within the same scope if
 * the rule holds there only; or the rule is not plain, so that nobody can tell.
 * @param value SQL in which columns of the row that is written are named with their table.
 */
export const valueMayBreakRuleOf = (table: string, column: string, value: string, scope = 'project_id'): string =>
  `EXISTS (${rules(table)} WHERE (${isAbout(column)}) AND (NOT (${isPlain})
          OR EXISTS (SELECT 1 FROM ${table} AS other WHERE lower(other.${column}) = lower(${value}) AND other.rowid <> NEW.rowid
            AND (said IS NULL OR NOT ${isWithin(scope)} OR other.${scope} IS ${table}.${scope}))))`;

/** What a trigger changes in a row of the table may break a rule. @param changes by column: it changes, as SQL. */
export const changeMayBreakRuleOf = (table: string, changes: Readonly<Record<string, string>>): string =>
  `EXISTS (${rules(table)} WHERE ${Object.entries(changes)
    .map(([column, isChanged]) => `((${isAbout(column)}) AND ${isChanged})`)
    .join(' OR ')})`;

/** The table itself says one of these, written without blanks and quotes. */
const tableSays = (table: string, texts: readonly string[]) =>
  `EXISTS (SELECT 1 FROM (SELECT replace(replace(replace(lower(t.sql), ' ', ''), char(10), ''), '"', '') AS text
          FROM sqlite_master AS t WHERE t.type = 'table' AND t.name = '${table}' COLLATE NOCASE) AS k
          WHERE ${texts.map((text) => `instr(k.text, '${text}') > 0`).join(' OR ')})`;
const uniqueEmails = [',emailtextunique', ',emailtextcollatenocaseunique', ',unique(email)'];
/** A rule over the e-mail alone: nothing else is left of it, but for the condition of a part; that may be about more. */
const isEmailRule = (table: string) => `CASE WHEN said IS NULL
            THEN lower(name) = 'sqlite_autoindex_${table}_3' AND ${tableSays(table, uniqueEmails)}
            ELSE instr(said, 'email') > 0 AND trim(replace(replace(replace(substr(said, 1, instr(said || 'where', 'where') - 1),
              'collate nocase', ''), 'lower', ''), 'email', ''), '()"[] ' || char(9, 10, 13, 96)) = '' END`;

/** Whether a row may break a rule of users or app_users; each as SQL. */
export interface UserRules {
  /** Somebody else has this e-mail, and somebody made e-mails, or something else, unique. */
  readonly isEmailTaken: (email: string, id: string) => string;
  /** Whoever has no e-mail of their own can't be inserted. */
  readonly needsEmail: string;
  /** A row with these columns may break a rule over more than the e-mail. */
  readonly mayBreak: (columns: readonly string[]) => string;
  /** A row that is there may, by a change of this column: it may come under the condition of a rule over e-mails. */
  readonly changeMayBreak: (column: string) => string;
}
export const userRulesOf = (table: 'users' | 'app_users'): UserRules => ({
  isEmailTaken: (email, id) => `(${email} IS NOT NULL AND EXISTS (${rules(table)} WHERE ${isAbout('email')})
          AND EXISTS (SELECT 1 FROM ${table} AS other WHERE lower(other.email) = lower(${email}) AND other.id IS NOT ${id}))`,
  needsEmail: tableSays(table, [',emailtextnotnull']),
  mayBreak: (columns) =>
    `EXISTS (${rules(table)} WHERE (${columns.map(isAbout).join(' OR ')}) AND NOT ${isEmailRule(table)})`,
  changeMayBreak: (column) =>
    `EXISTS (${rules(table)} WHERE (${isAbout(column)}) AND NOT (${column === 'email' ? '1' : 'said IS NULL'} AND ${isEmailRule(table)}))`,
});
