import type { Row } from '../oracle/rows.ts';
import type { Memory, Rules } from './memory.ts';
import { changedColumns, dropReplaced, dropTwin, mark, twinOf, yieldTwin } from './twins.ts';

const columns = ['username', 'display_name', 'email', 'is_active', 'updated_at'];
const isUsers = (table: string) => table === 'users' || table === 'app_users';

/** users and app_users: the last writer is right, but nobody is pushed out by a user name. */
export const userRules: Partial<Rules> = {
  yields: yieldTwin,
  inserted(memory, table, row, { replaced }) {
    if (!isUsers(table)) return;
    dropReplaced(memory, table, replaced);
    carry(memory, table, row, columns);
  },
  updated(memory, table, before, after, replaced) {
    if (!isUsers(table)) return;
    dropReplaced(memory, table, replaced);
    const changed = changedColumns([...columns, 'created_at'], before, after);
    if (changed.length > 0) carry(memory, table, after, changed);
  },
  deleted(memory, table, row) {
    if (isUsers(table)) dropTwin(memory, table, row);
  },
};

function carry(memory: Memory, table: string, row: Row, changed: readonly string[]): void {
  const other = twinOf[table] ?? '';
  const isTaken = memory.rows(other).some((each) => each['username'] === row['username'] && each['id'] !== row['id']);
  if (memory.row(other, row['id'])) {
    const wanted = changed.filter((column) => column !== 'username' || !isTaken);
    memory.change(other, row['id'], Object.fromEntries(wanted.map((column) => [column, row[column] ?? null])));
  } else if (!isTaken) {
    const shared = ['id', ...columns, 'created_at'];
    memory.put(other, {
      ...memory.shapes.get(other)?.defaults,
      ...Object.fromEntries(shared.map((c) => [c, row[c] ?? null])),
    });
    mark(memory, other, row);
  }
}
