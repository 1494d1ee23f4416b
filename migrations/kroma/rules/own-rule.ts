/**
 * Unique rules that somebody has added to `assets`, as SQL for triggers. Part of the migrations whose triggers use it.
 *
 * A program's OR REPLACE holds for what triggers write, too: where that meets a rule which no trigger looks at, it
 * deletes a file of another project; without OR REPLACE the program's own write is aborted. The schema is asked whenever
 * a trigger fires, because such a rule may come after it.
 */

/** Those of the program's own tables: the key, (project_id, rel_path), and the address in a project. */
const known = ['sqlite_autoindex_assets_1', 'sqlite_autoindex_assets_2', 'uq_assets_project_storage_uri'];
const added = `SELECT 1 FROM sqlite_master WHERE type = 'index' AND lower(tbl_name) = 'assets'
          AND (sql IS NULL OR substr(sql, 1, 20) = 'CREATE UNIQUE INDEX ') AND lower(name) NOT IN (${known.map((name) => `'${name}'`).join(', ')})`;

/** A column may have to be unique in the whole table. */
export const isUnique = (column: string): string =>
  `EXISTS (${added} AND (sql IS NULL OR instr(lower(sql), '${column}') > 0))`;

const indexed = `lower(substr(ifnull(sql, ''), instr(ifnull(sql, ''), '(') + 1))`;
/**
 * A file that we register may break a rule. It never breaks one over plain columns with sha256 among them: what we
 * register has none, and no NULL equals another.
 */
export const mayBreakRule = `EXISTS (${added}
          AND NOT (${indexed} GLOB '*sha256*' AND ${indexed} NOT GLOB '*[(/-]*' AND ${indexed} NOT GLOB '*)*where*'))`;
