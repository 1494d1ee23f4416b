import type { CanonicalColumn } from '@engine/migration.ts';

/**
 * A shorthand for column lists, so that a table of the canonical schema fits on a screen.
 * `phase` of a column is the phase that adds it; columns that every source has are of phase 0.
 */
type Extra = Partial<Omit<CanonicalColumn, 'name' | 'type'>>;

export const text = (name: string, extra: Extra = {}): CanonicalColumn => ({ name, type: 'TEXT', phase: 0, ...extra });
export const integer = (name: string, extra: Extra = {}): CanonicalColumn => ({
  name,
  type: 'INTEGER',
  phase: 0,
  ...extra,
});
export const real = (name: string, extra: Extra = {}): CanonicalColumn => ({ name, type: 'REAL', phase: 0, ...extra });

/** `id TEXT PRIMARY KEY`; SQLite itself would admit a NULL id there, in the sources as well as in the target. */
export const id = (phase = 0): CanonicalColumn => text('id', { isPrimaryKey: true, phase });
export const required = (name: string, extra: Extra = {}): CanonicalColumn => text(name, { notNull: true, ...extra });
/** A JSON text that is never NULL. */
export const json = (name: string, extra: Extra = {}): CanonicalColumn =>
  required(name, { defaultSql: `'{}'`, ...extra });
export const prose = (name: string, extra: Extra = {}): CanonicalColumn =>
  required(name, { defaultSql: `''`, ...extra });
/** A switch, stored as 0 or 1. */
export const flag = (name: string, defaultSql: '0' | '1', extra: Extra = {}): CanonicalColumn =>
  integer(name, { notNull: true, defaultSql, allowed: ['0', '1'], ...extra });

/** A required column that refers to a row which owns this one. */
export const owner = (name: string, table: string, extra: Extra = {}): CanonicalColumn =>
  required(name, { references: { table, onDelete: 'CASCADE' }, ...extra });
/**
 * A required word of a list: the specification's words and those that the sources write. '' is among them where a
 * source leaves the word out; a file whose rows hold other words keeps them, without this rule.
 */
export const word = (name: string, allowed: readonly string[], extra: Extra = {}): CanonicalColumn =>
  required(name, { allowed, ...extra });

/** An optional column that refers to a row which may go away. */
export const link = (name: string, table: string, extra: Extra = {}): CanonicalColumn =>
  text(name, { references: { table, onDelete: 'SET NULL' }, ...extra });

/** Columns added by ALTER get their NOT NULL and FOREIGN KEY only with the rebuild of the last phase. */
export const FINAL = 5;
