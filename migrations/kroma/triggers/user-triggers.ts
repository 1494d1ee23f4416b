import {
  completeFromMoved,
  forget,
  forgetArrival,
  givesWay,
  isArriving,
  isBack,
  isChanged,
  isLeftTo,
  isMoved,
  isSlotTaken,
  isThere,
  note,
  noteArrival,
  noteReplaced,
  recursionProbe,
  removeMoved,
  removeReplaced,
  stayTrigger,
  yieldPlace,
  type Twin,
} from './mirror.ts';
import { userRulesOf, type UserRules } from '../rules/own-rule.ts';

/**
 * Keeps users and app_users in step: the same rows under the same ids, whichever of the two a program writes. Part of
 * the users' migration and as immutable as it is.
 */
const allColumns = ['username', 'display_name', 'email', 'is_active', 'updated_at', 'created_at'] as const;
/** One of the two tables, and what somebody may have made unique there. */
interface UserTwin extends Twin {
  readonly own: UserRules;
}
const twin = (table: 'users' | 'app_users'): UserTwin => ({
  table,
  own: userRulesOf(table),
  key: 'id',
  slot: ['username'],
  notNull: ['username', 'display_name', 'is_active', 'created_at', 'updated_at'],
  columns: allColumns,
  isLeftTo: (there, column) => (column === 'display_name' || column === 'email' ? isLeftTo(there, column) : '0'),
});
const users = twin('users');
const appUsers = twin('app_users');

/** A user name that somebody else has in the other table is not carried over: one row must not push out another. */
const isTaken = (other: Twin) => isSlotTaken(other, 's');

/** Ids that the file compares without their case are another user's all the same. */
const isTwin = (row: 'NEW' | 'OLD') => `id = ${row}.id COLLATE BINARY`;

/** The row as it is by now: a trigger of somebody else may have changed it since it was NEW. */
const rowOf = ({ table }: Twin) => `FROM ${table} AS s WHERE s.id = NEW.id`;

/** An e-mail that somebody else has there is left out where e-mails are unique; any other rule keeps the row from coming. */
const insertTwin = (twin: UserTwin, other: UserTwin) => {
  const isEmailTaken = other.own.isEmailTaken('s.email', 's.id');
  const value = (column: string) =>
    column === 'email' ? `CASE WHEN ${isEmailTaken} THEN NULL ELSE s.email END` : `s.${column}`;
  return `
    INSERT INTO ${other.table} (id, ${allColumns.join(', ')})
      SELECT s.id, ${allColumns.map(value).join(', ')} ${rowOf(twin)}
        AND NOT EXISTS (SELECT 1 FROM ${other.table} AS t WHERE t.id = s.id) AND NOT ${isTaken(other)}
        AND NOT ${other.own.mayBreak(allColumns)} AND NOT (${isEmailTaken} AND ${other.own.needsEmail});${note(other.table, 'NEW.id', 'changes() = 1')}`;
};

/** The same but for its type: what a column of texts made of a number is not carried back. */
const isSaid = (other: Twin, column: string) => {
  const there = `${other.table}.${column}`;
  return `(${there} IS s.${column} COLLATE BINARY OR CAST(${there} AS TEXT) IS CAST(s.${column} AS TEXT) COLLATE BINARY)`;
};

/** The last writer is right on both sides. `stays` is true where a column is not to be carried over. */
function carry(twin: UserTwin, other: UserTwin, carried: readonly string[], stays: (column: string) => string) {
  const breaks = (column: string) =>
    column === 'email'
      ? ` OR ${other.own.isEmailTaken('s.email', 's.id')}`
      : column === 'username'
        ? ` OR ${isTaken(other)}`
        : '';
  const value = (column: string) =>
    `CASE WHEN ${stays(column)}${breaks(column)} OR ${other.own.changeMayBreak(column)} THEN ${other.table}.${column} ELSE s.${column} END`;
  return `${removeReplaced(twin, other)}
    UPDATE ${other.table} SET (${carried.join(', ')}) = (
        SELECT ${carried.map(value).join(',\n          ')}
        ${rowOf(twin)})
      WHERE ${isTwin('NEW')} AND EXISTS (SELECT 1 ${rowOf(twin)} AND NOT (${carried.map(stays).join(' AND ')}));${insertTwin(twin, other)}`;
}

/** A row that was replaced says anew when it was made; one that could not have the e-mail says nothing about it. */
const followInsert = (twin: UserTwin, other: UserTwin) =>
  carry(twin, other, allColumns, (column) => {
    if (column === 'created_at') return `(NOT ${isArriving(twin)} OR ${isSaid(other, column)})`;
    if (column !== 'email') return isSaid(other, column);
    return `(${isSaid(other, column)} OR (s.email IS NULL AND ${twin.own.isEmailTaken(`${other.table}.email`, 's.id')}))`;
  });

const followUpdate = (twin: UserTwin, other: UserTwin) =>
  carry(twin, other, allColumns, (column) => `(NEW.${column} IS OLD.${column} OR ${isSaid(other, column)})`);

const followDelete = (twin: Twin, other: Twin) => `${forgetArrival(twin, 'OLD')}
    DELETE FROM ${other.table} WHERE ${isTwin('OLD')};${forget('users', 'OLD.id')}${forget('app_users', 'OLD.id')}`;

/** The statements for one table; `suffix` tells the two directions apart by name. */
function follow(twin: UserTwin, other: UserTwin, suffix: string): Record<string, string> {
  const name = (what: string) => `_phasewise_0001_${twin.table}_${what}${suffix}`;
  const isWrite = `NEW.id IS OLD.id AND ${isChanged(allColumns)}`;
  return {
    [name('replaces')]: `CREATE TRIGGER ${name('replaces')} BEFORE INSERT ON ${twin.table}
  WHEN ${isSlotTaken(twin)} OR ${isThere(twin)}
  BEGIN${noteReplaced(twin)}${noteArrival(twin)}
  END`,
    [name('renames')]: `CREATE TRIGGER ${name('renames')} BEFORE UPDATE OF username ON ${twin.table}
  WHEN NEW.username IS NOT OLD.username AND ${isSlotTaken(twin)}
  BEGIN${noteReplaced(twin)}
  END`,
    [name('insert')]: `CREATE TRIGGER ${name('insert')} AFTER INSERT ON ${twin.table}
  BEGIN${followInsert(twin, other)}${forgetArrival(twin)}
  END`,
    [name('update')]: `CREATE TRIGGER ${name('update')} AFTER UPDATE OF ${allColumns.join(', ')} ON ${twin.table}
  WHEN ${isWrite}
  BEGIN${followUpdate(twin, other)}
  END`,
    [name('delete')]: `CREATE TRIGGER ${name('delete')} AFTER DELETE ON ${twin.table}
  WHEN NOT ${isBack(twin)}
  BEGIN${followDelete(twin, other)}
  END`,
    ...stayTrigger(name('stays'), twin),
  };
}

/** Lets a program that writes both tables replace the row that a trigger made in this one. */
function giveWay(twin: Twin, suffix: string): Record<string, string> {
  const name = (what: string) => `_phasewise_0001_${twin.table}_${what}${suffix}`;
  return {
    [name('yield')]: `CREATE TRIGGER ${name('yield')} BEFORE INSERT ON ${twin.table}
  WHEN ${givesWay(twin)}
  BEGIN${yieldPlace(twin)}
  END`,
    [name('yielded')]: `CREATE TRIGGER ${name('yielded')} AFTER INSERT ON ${twin.table}
  WHEN ${isMoved(twin)}
  BEGIN${completeFromMoved(twin)}${removeMoved(twin)}
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
  ...recursionProbe,
};
