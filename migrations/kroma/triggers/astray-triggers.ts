import { isAstray } from '../rules/claims.ts';
import { quoted } from '../rules/quality-summary.ts';
import { isQuiet } from './mirror.ts';

/**
 * A reference that leads nowhere is filled anew by our own writes, where a path or a choice says which file is meant.
 * What it said is recorded first: in no account, because the row is moved like any other. What programs write
 * themselves is theirs. Part of the migrations that import it.
 */
interface References {
  readonly table: string;
  readonly columns: readonly string[];
  /** Every other column that the row is known by. */
  readonly others: readonly string[];
}

/** @param name of the trigger. @param migration whose writes they are. */
export function astrayTrigger(name: string, migration: string, { table, columns, others }: References): string {
  const isReplaced = (column: string) =>
    `(ifnull(NEW.${column}, '') <> '' AND NEW.${column} IS NOT OLD.${column} AND ${isAstray(`OLD.${column}`)})`;
  const said = columns
    .map(
      (column) =>
        `CASE WHEN ${isReplaced(column)} THEN '; ${column} named ' || OLD.${column} || ', which does not exist' ELSE '' END`,
    )
    .join(' || ');
  const detail = `substr(${said}, 3)`;
  const members = ['id', ...columns, ...others].map((column) => `'"${column}":' || ${asJson(`OLD.${column}`)}`);
  const mine = `backfill_id = '${migration}/astray' AND source_key IS OLD.id`;
  return `CREATE TRIGGER ${name} AFTER UPDATE OF ${columns.join(', ')} ON ${table}
  WHEN ${isQuiet(table)} AND (${columns.map(isReplaced).join(' OR ')})
  BEGIN
    UPDATE _phasewise_quarantine SET detail = detail || '; ' || ${detail} WHERE ${mine};
    INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
      SELECT '${migration}/astray', '${table}', OLD.id, 'file-missing', ${detail}, 1,
        '{' || ${members.join(` || ',' || `)} || '}', '', strftime('%Y-%m-%dT%H:%M:%SZ', 'now')
      WHERE NOT EXISTS (SELECT 1 FROM _phasewise_quarantine WHERE ${mine});
  END`;
}

/** As issue rows say it: numbers with every digit, a blob by its bytes. */
const asJson = (value: string): string =>
  `CASE typeof(${value}) WHEN 'blob' THEN '{"$blob":"' || hex(${value}) || '"}' WHEN 'null' THEN 'null'
          WHEN 'text' THEN ${quoted(value)} WHEN 'integer' THEN CAST(${value} AS TEXT) ELSE json_quote(${value}) END`;
