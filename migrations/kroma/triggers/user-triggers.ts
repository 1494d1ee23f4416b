import {
  forget,
  isChanged,
  isNoted,
  isSlotTaken,
  note,
  noteReplaced,
  removeMoved,
  removeReplaced,
  yieldPlace,
  type Twin,
} from './mirror.ts';

/**
 * Keeps users and app_users in step: the same rows under the same ids, whichever of the two a program writes. Part of
 * the users' migration and as immutable as it is.
 */
const columns = ['username', 'display_name', 'email', 'is_active', 'updated_at'] as const;
const notNull = ['username', 'display_name', 'is_active', 'created_at', 'updated_at'] as const;
const users: Twin = { table: 'users', slot: ['username'], notNull };
const appUsers: Twin = { table: 'app_users', slot: ['username'], notNull };

/** A user name that somebody else has in the other table is not carried over: one row must not push out another. */
const takenIn = (other: Twin) => isSlotTaken(other);

/** Ids that the file compares without their case are another user's all the same. */
const isTwin = (row: 'NEW' | 'OLD') => `id = ${row}.id COLLATE BINARY`;

const insertTwin = (other: Twin) => `
    INSERT INTO ${other.table} (id, username, display_name, email, is_active, created_at, updated_at)
      SELECT NEW.id, NEW.username, NEW.display_name, NEW.email, NEW.is_active, NEW.created_at, NEW.updated_at
      WHERE NEW.id IS NOT NULL AND NOT EXISTS (SELECT 1 FROM ${other.table} AS t WHERE t.id = NEW.id)
        AND NOT ${takenIn(other)};${note(other.table, 'NEW.id', 'changes() = 1')}`;

/** The same but for its type: what a column of texts made of a number is not carried back. */
const isSaid = (column: string) =>
  `(${column} IS NEW.${column} COLLATE BINARY OR CAST(${column} AS TEXT) IS CAST(NEW.${column} AS TEXT) COLLATE BINARY)`;
const set = (other: Twin, column: string, stays: string) =>
  `${column} = CASE WHEN ${column === 'username' ? `${takenIn(other)} OR ` : ''}${stays} THEN ${column} ELSE NEW.${column} END`;

/** The last writer is right on both sides. */
const followInsert = (twin: Twin, other: Twin) => `${removeReplaced(twin, other)}
    UPDATE ${other.table} SET ${columns.map((column) => set(other, column, isSaid(column))).join(',\n        ')}
      WHERE ${isTwin('NEW')} AND NOT (${columns.map(isSaid).join(' AND ')});${insertTwin(other)}`;

const followUpdate = (twin: Twin, other: Twin) => `${removeReplaced(twin, other)}
    UPDATE ${other.table} SET ${[...columns, 'created_at']
      .map((column) => set(other, column, `NEW.${column} IS OLD.${column} OR ${isSaid(column)}`))
      .join(',\n        ')}
      WHERE ${isTwin('NEW')};${insertTwin(other)}`;

const followDelete = (other: Twin) => `
    DELETE FROM ${other.table} WHERE ${isTwin('OLD')};${forget('users', 'OLD.id')}${forget('app_users', 'OLD.id')}`;

/** The statements for one table; `suffix` tells the two directions apart by name. */
function follow(twin: Twin, other: Twin, suffix: string): Record<string, string> {
  const name = (what: string) => `_phasewise_0001_${twin.table}_${what}${suffix}`;
  const isWrite = `NEW.id IS OLD.id AND ${isChanged([...columns, 'created_at'])}`;
  return {
    [name('replaces')]: `CREATE TRIGGER ${name('replaces')} BEFORE INSERT ON ${twin.table}
  WHEN ${isSlotTaken(twin)}
  BEGIN${noteReplaced(twin)}
  END`,
    [name('renames')]: `CREATE TRIGGER ${name('renames')} BEFORE UPDATE OF username ON ${twin.table}
  WHEN NEW.username IS NOT OLD.username AND ${isSlotTaken(twin)}
  BEGIN${noteReplaced(twin)}
  END`,
    [name('insert')]: `CREATE TRIGGER ${name('insert')} AFTER INSERT ON ${twin.table}
  BEGIN${followInsert(twin, other)}
  END`,
    [name('update')]:
      `CREATE TRIGGER ${name('update')} AFTER UPDATE OF ${[...columns, 'created_at'].join(', ')} ON ${twin.table}
  WHEN ${isWrite}
  BEGIN${followUpdate(twin, other)}
  END`,
    [name('delete')]: `CREATE TRIGGER ${name('delete')} AFTER DELETE ON ${twin.table}
  BEGIN${followDelete(other)}
  END`,
  };
}

/** Lets a program that writes both tables replace the row that a trigger made in this one. */
function giveWay(twin: Twin, suffix: string): Record<string, string> {
  const name = (what: string) => `_phasewise_0001_${twin.table}_${what}${suffix}`;
  return {
    [name('yield')]: `CREATE TRIGGER ${name('yield')} BEFORE INSERT ON ${twin.table}
  WHEN ${isNoted(twin.table, 'NEW.id')}
  BEGIN${yieldPlace(twin)}
  END`,
    [name('yielded')]: `CREATE TRIGGER ${name('yielded')} AFTER INSERT ON ${twin.table}
  WHEN ${isNoted(`${twin.table}/moved`, 'NEW.id')}
  BEGIN${removeMoved(twin)}
  END`,
  };
}

export const userTriggers: Readonly<Record<string, string>> = {
  ...follow(users, appUsers, ''),
  ...giveWay(appUsers, ''),
};
export const userFollowTriggers: Readonly<Record<string, string>> = {
  ...follow(appUsers, users, '_follows'),
  ...giveWay(users, '_follows'),
};
