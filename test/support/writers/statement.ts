import type { Row, Value } from '../oracle/rows.ts';

/** One statement of one program, as SQL and as something that a model can carry out. */
export type Statement =
  | {
      readonly kind: 'insert';
      readonly table: string;
      readonly row: Row;
      readonly or?: 'IGNORE' | 'REPLACE';
      /** ON CONFLICT (target) DO UPDATE SET each of `set` to the value that was to be inserted. */
      readonly upsert?: { readonly target: readonly string[]; readonly set: readonly string[] };
    }
  | { readonly kind: 'update'; readonly table: string; readonly id: string; readonly set: Row; readonly or?: 'REPLACE' }
  | { readonly kind: 'delete'; readonly table: string; readonly id: string };

export function toSql(statement: Statement): { sql: string; values: Value[] } {
  if (statement.kind === 'delete')
    return { sql: `DELETE FROM ${statement.table} WHERE id = ?`, values: [statement.id] };
  if (statement.kind === 'update') {
    const set = Object.keys(statement.set).map((column) => `${column} = ?`);
    return {
      sql: `UPDATE ${statement.or ? `OR ${statement.or} ` : ''}${statement.table} SET ${set.join(', ')} WHERE id = ?`,
      values: [...Object.values(statement.set), statement.id],
    };
  }
  const { table, row, or, upsert } = statement;
  const columns = Object.keys(row);
  const conflict = upsert
    ? ` ON CONFLICT (${upsert.target.join(', ')}) DO UPDATE SET ${upsert.set.map((column) => `${column} = excluded.${column}`).join(', ')}`
    : '';
  const places = columns.map(() => '?').join(', ');
  return {
    sql: `INSERT ${or ? `OR ${or} ` : ''}INTO ${table} (${columns.join(', ')}) VALUES (${places})${conflict}`,
    values: Object.values(row),
  };
}

/** For the message of a failing test. */
export function describeStatement(statement: Statement): string {
  const { sql, values } = toSql(statement);
  let at = 0;
  return sql.replace(/\?/g, () => {
    const value = values[at++] ?? null;
    return typeof value === 'string' ? `'${value}'` : String(value);
  });
}
