import { textOf, type Row } from '../oracle/rows.ts';
import type { Memory } from './memory.ts';

/** Two tables that hold the same rows under the same ids: what the rules for users and for candidates share. */
export const twinOf: Readonly<Record<string, string>> = {
  users: 'app_users',
  app_users: 'users',
  run_job_candidates: 'run_candidates',
  run_candidates: 'run_job_candidates',
};

const markOf = (table: string, id: string) => `${table} ${id}`;
export const mark = (memory: Memory, table: string, row: Row): unknown =>
  memory.marks.add(markOf(table, textOf(row['id'])));
export const forget = (memory: Memory, table: string, row: Row): unknown =>
  memory.marks.delete(markOf(table, textOf(row['id'])));

/** A row that a rule made gives way to the row of a program that knows both names, unless that one cannot come in. */
export function yieldTwin(memory: Memory, table: string, row: Row): Row | null {
  if (!(table in twinOf) || !memory.marks.has(markOf(table, textOf(row['id'])))) return null;
  const there = memory.row(table, row['id']) ?? null;
  if (there && memory.inTheWay(table, row).length > 0) return null;
  forget(memory, table, row);
  return there;
}

/** Rows that a REPLACE has pushed out go from the other table, too. */
export function dropReplaced(memory: Memory, table: string, replaced: readonly Row[]): void {
  for (const row of replaced) memory.remove(twinOf[table] ?? '', textOf(row['id']));
}

/** Deletes the twin; whoever made one of the two is forgotten. */
export function dropTwin(memory: Memory, table: string, row: Row): void {
  forget(memory, table, row);
  forget(memory, twinOf[table] ?? '', row);
  memory.remove(twinOf[table] ?? '', textOf(row['id']));
}

export const changedColumns = (columns: readonly string[], before: Row, after: Row): string[] =>
  columns.filter((column) => before[column] !== after[column]);
