import { expectNone } from '@engine/migration.ts';
import type { Db, Finding } from '@engine/migration.ts';
import { valueMayBreakRuleOf } from '../rules/own-rule.ts';

/**
 * An old column and the new one that says the same, in one table, kept in step while programs write either of them.
 * Part of the migrations of phase 4 and as immutable as they are. The side that a program writes leads; a program that
 * writes both has the last word on both. Built-in functions and old syntax only: a trigger that an older SQLite can't
 * read would make the whole file unreadable to it.
 */
export interface ColumnPair {
  readonly table: string;
  readonly legacy: string;
  readonly canonical: string;
  /** A JSON text that says nothing is '{}', a plain text that says nothing is ''. */
  readonly kind: 'json' | 'text';
}

const isEmpty = (value: string): string => `ifnull(${value}, '') = ''`;

/** What the canonical column says for a value of the old one; an empty JSON text is no JSON (D15). */
export const carriedOver = ({ kind }: ColumnPair, legacy: string): string =>
  kind === 'json' ? `CASE WHEN ${isEmpty(legacy)} THEN '{}' ELSE ${legacy} END` : `ifnull(${legacy}, '')`;

const saysNothing = ({ kind }: ColumnPair, value: string): string =>
  kind === 'json' ? `ifnull(${value}, '') IN ('', '{}')` : isEmpty(value);

/** What the canonical column of row `s` is to be: what it says stays, what is empty comes from the old column. */
export const filled = (pair: ColumnPair): string =>
  `CASE WHEN ${saysNothing(pair, `s.${pair.canonical}`)} THEN ${carriedOver(pair, `s.${pair.legacy}`)} ELSE s.${pair.canonical} END`;

/** Texts by name: those that carry over to the new column, and those that make the old one follow. */
export interface PairTriggers {
  readonly carried: Readonly<Record<string, string>>;
  readonly following: Readonly<Record<string, string>>;
}

/**
 * Two triggers for each direction. Each stays quiet where both sides say the same already, so no write comes back as
 * an echo. A trigger that somebody added later fires before them: what it has changed in the row stands. Where somebody
 * made the new column unique, it is left open where another row has the value.
 * @param prefix `_phasewise_<number>_<what>`
 */
export function pairTriggers(prefix: string, pair: ColumnPair): PairTriggers {
  const { table, legacy, canonical } = pair;
  const differs = `NEW.${canonical} IS NOT ${carriedOver(pair, `NEW.${legacy}`)} AND ifnull(NEW.${canonical}, '') IS NOT NEW.${legacy}`;
  const set = (column: string, value: string, condition: string) => `
  BEGIN
    UPDATE ${table} SET ${column} = ${value} WHERE rowid = NEW.rowid AND ${condition};
  END`;
  const isFree = `NOT ${valueMayBreakRuleOf(table, canonical, carriedOver(pair, `${table}.${legacy}`))}`;
  const toCanonical = (condition: string) => set(canonical, carriedOver(pair, legacy), `${condition} AND ${isFree}`);
  const toLegacy = (condition: string) => set(legacy, `ifnull(${canonical}, '')`, condition);
  const isUntouched = (column: string) => `${column} IS OLD.${column}`;
  const carried = {
    [`${prefix}_insert`]: `CREATE TRIGGER ${prefix}_insert AFTER INSERT ON ${table}
  WHEN ${saysNothing(pair, `NEW.${canonical}`)} AND NEW.${canonical} IS NOT ${carriedOver(pair, `NEW.${legacy}`)}${toCanonical(saysNothing(pair, canonical))}`,
    [`${prefix}_update`]: `CREATE TRIGGER ${prefix}_update AFTER UPDATE OF ${legacy} ON ${table}
  WHEN NEW.${legacy} IS NOT OLD.${legacy} AND NEW.${canonical} IS OLD.${canonical}
    AND ${differs}${toCanonical(isUntouched(canonical))}`,
  };
  const following = {
    [`${prefix}_insert_follows`]: `CREATE TRIGGER ${prefix}_insert_follows AFTER INSERT ON ${table}
  WHEN ${saysNothing(pair, `NEW.${legacy}`)} AND NOT ${saysNothing(pair, `NEW.${canonical}`)}${toLegacy(saysNothing(pair, legacy))}`,
    [`${prefix}_update_follows`]: `CREATE TRIGGER ${prefix}_update_follows AFTER UPDATE OF ${canonical} ON ${table}
  WHEN NEW.${canonical} IS NOT OLD.${canonical} AND NEW.${legacy} IS OLD.${legacy}
    AND ${differs}${toLegacy(isUntouched(legacy))}`,
  };
  return { carried, following };
}

/** Rows where the old column says something and the new one nothing. */
export const leftBehind = (db: Db, { table, legacy, canonical, kind }: ColumnPair): Finding[] =>
  expectNone(
    db,
    `rows of ${table} whose ${legacy} stands in the old column only`,
    `SELECT id FROM ${table} WHERE id IS NOT NULL AND length(${legacy}) > 0 ${kind === 'json' ? `AND ${legacy} <> '{}' ` : ''}
       AND (coalesce(length(${canonical}), 0) = 0 ${kind === 'json' ? `OR ${canonical} = '{}'` : ''})`,
  );
