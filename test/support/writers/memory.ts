import { textOf, type Row, type Value } from '../oracle/rows.ts';
import type { Statement } from './statement.ts';
import type { TableShape } from './table-shape.ts';

/** What happened to a row, for the rules that keep the two names in step. */
export interface Rules {
  /** Before an insert: a row that a rule made, and that gives way to this one. */
  yields(memory: Memory, table: string, row: Row): Row | null;
  inserted(memory: Memory, table: string, row: Row, more: { yielded: Row | null; replaced: readonly Row[] }): void;
  updated(memory: Memory, table: string, before: Row, after: Row, replaced: readonly Row[]): void;
  deleted(memory: Memory, table: string, row: Row): void;
}

export type Outcome = 'done' | 'refused' | 'unsure';
class Refused extends Error {}
class Unsure extends Error {}

/**
 * The tables of a file as rows in memory, with keys, foreign keys and conflict clauses as SQLite has them, and the rules
 * that keep old and new names in step. Nothing here is SQL.
 */
export class Memory {
  readonly tables: ReadonlyMap<string, Map<string, Row>>;
  readonly shapes: ReadonlyMap<string, TableShape>;
  /** Rows that a rule made for a program that wrote the twin only, as `table id`. */
  marks = new Set<string>();
  private readonly rules: Rules;
  private readonly options: { readonly foreignKeys: boolean; readonly recursiveTriggers: boolean };
  private journal: (() => void)[] = [];

  constructor(
    shapes: readonly TableShape[],
    rows: ReadonlyMap<string, readonly Row[]>,
    rules: Rules,
    options: { readonly foreignKeys: boolean; readonly recursiveTriggers: boolean },
  ) {
    this.shapes = new Map(shapes.map((shape) => [shape.name, shape]));
    this.tables = new Map(
      shapes.map(({ name }) => [name, new Map((rows.get(name) ?? []).map((row) => [textOf(row['id']), { ...row }]))]),
    );
    this.rules = rules;
    this.options = options;
  }

  table(name: string): Map<string, Row> {
    const table = this.tables.get(name);
    if (!table) throw new Error(`no table ${name} in memory`);
    return table;
  }
  row = (table: string, id: Value | undefined): Row | undefined =>
    id === null || id === undefined ? undefined : this.table(table).get(textOf(id));
  rows = (table: string): Row[] => [...this.table(table).values()];
  has = (table: string): boolean => this.tables.has(table);

  /** Carries a statement out, or nothing of it. `unsure`: what SQLite does first is its choice. */
  run(statement: Statement): Outcome {
    this.journal = [];
    const marks = new Set(this.marks);
    const before = this.options.foreignKeys ? this.violations() : 0;
    try {
      if (statement.kind === 'insert') this.insertStatement(statement);
      else if (!this.table(statement.table).has(statement.id)) return 'done';
      else if (statement.kind === 'delete') this.remove(statement.table, statement.id);
      else this.update(statement.table, statement.id, statement.set, statement.or);
      if (this.options.foreignKeys && this.violations() > before) throw new Refused();
      return 'done';
    } catch (error) {
      if (!(error instanceof Refused || error instanceof Unsure)) throw error;
      for (const undo of this.journal.toReversed()) undo();
      this.marks = marks;
      return error instanceof Refused ? 'refused' : 'unsure';
    }
  }

  /** Writes a row without any rule. */
  put(table: string, row: Row): void {
    const rows = this.table(table);
    const id = textOf(row['id']);
    const old = rows.get(id);
    this.journal.push(() => (old ? rows.set(id, old) : rows.delete(id)));
    rows.set(id, this.shaped(table, row));
  }
  change(table: string, id: Value | undefined, set: Row): void {
    const old = this.row(table, id);
    if (old) this.put(table, { ...old, ...set });
  }
  drop(table: string, id: string): void {
    const rows = this.table(table);
    const old = rows.get(id);
    if (!old) return;
    this.journal.push(() => rows.set(id, old));
    rows.delete(id);
  }

  /** Takes the rows of the file over. */
  adopt(rows: ReadonlyMap<string, readonly Row[]>): void {
    for (const [name, table] of this.tables) {
      table.clear();
      for (const row of rows.get(name) ?? []) table.set(textOf(row['id']), { ...row });
    }
  }

  /** Gives a row another id, wherever it is referred to. */
  rename(table: string, from: string, to: string): void {
    for (const rows of this.tables.values())
      for (const [id, row] of rows)
        for (const [column, value] of Object.entries(row))
          if (column !== 'id' && value === from) rows.set(id, { ...rows.get(id), [column]: to });
    const row = this.table(table).get(from);
    this.table(table).delete(from);
    if (row) this.table(table).set(to, { ...row, id: to });
  }

  /** Deletes a row with all that hangs on it. */
  remove(table: string, id: string): void {
    const row = this.table(table).get(id);
    if (!row) return;
    this.drop(table, id);
    this.release(table, id);
    this.rules.deleted(this, table, row);
  }

  /** Other rows in whose place this one would stand. */
  inTheWay(table: string, row: Row): Row[] {
    const { uniques = [] } = this.shapes.get(table) ?? {};
    const id = textOf(row['id']);
    return this.rows(table).filter(
      (other) =>
        textOf(other['id']) !== id &&
        uniques.some((columns) =>
          columns.every((column) => {
            const [one, two] = [row[column] ?? null, other[column] ?? null];
            return one !== null && two !== null && textOf(one) === textOf(two);
          }),
        ),
    );
  }

  private insertStatement({ table, row: given, or, upsert }: Extract<Statement, { kind: 'insert' }>): void {
    const row = this.shaped(table, { ...this.shapes.get(table)?.defaults, ...given });
    const id = textOf(row['id']);
    const yielded = this.rules.yields(this, table, row);
    if (yielded) this.drop(table, id);
    const same = this.table(table).get(id);
    const conflicts = [...(same ? [same] : []), ...this.inTheWay(table, row)];
    if (conflicts.length > 0) {
      if (or === 'IGNORE') return;
      if (upsert) return this.upsert(table, row, upsert, conflicts);
      if (or !== 'REPLACE') throw new Refused();
      for (const conflict of conflicts) this.replace(table, conflict);
    }
    this.put(table, row);
    const replaced = conflicts.filter((conflict) => conflict !== same);
    this.rules.inserted(this, table, this.row(table, id) ?? row, { yielded, replaced });
  }

  private upsert(
    table: string,
    row: Row,
    { target, set }: { target: readonly string[]; set: readonly string[] },
    conflicts: readonly Row[],
  ): void {
    const [hit, ...others] = conflicts.filter((conflict) =>
      target.every((column) => textOf(conflict[column]) === textOf(row[column])),
    );
    if (!hit) throw new Refused();
    if (others.length > 0 || conflicts.length > 1) throw new Unsure();
    this.update(table, textOf(hit['id']), Object.fromEntries(set.map((column) => [column, row[column] ?? null])));
  }

  private update(table: string, id: string, set: Row, or?: 'REPLACE'): void {
    const before = this.table(table).get(id);
    if (!before) return;
    const after = this.shaped(table, { ...before, ...set });
    const replaced = this.inTheWay(table, after);
    if (replaced.length > 0 && or !== 'REPLACE') throw new Refused();
    for (const conflict of replaced) this.replace(table, conflict);
    this.put(table, after);
    this.rules.updated(this, table, before, after, replaced);
  }

  /** REPLACE deletes without triggers, but never without the actions of foreign keys. */
  private replace(table: string, row: Row): void {
    const id = textOf(row['id']);
    if (this.options.recursiveTriggers) return this.remove(table, id);
    this.drop(table, id);
    this.release(table, id);
  }

  /** Foreign keys that refer to a row which is gone. */
  private release(parent: string, id: string): void {
    if (!this.options.foreignKeys) return;
    for (const { name, parents } of this.shapes.values()) {
      for (const { from, table, onDelete } of parents) {
        if (table !== parent) continue;
        for (const child of this.rows(name).filter((row) => row[from] !== null && textOf(row[from]) === id)) {
          if (onDelete === 'CASCADE') this.remove(name, textOf(child['id']));
          else if (onDelete === 'SET NULL') this.update(name, textOf(child['id']), { [from]: null });
        }
      }
    }
  }

  private violations(): number {
    let count = 0;
    for (const { name, parents } of this.shapes.values())
      for (const { from, table } of parents)
        if (this.has(table))
          for (const row of this.table(name).values())
            if (row[from] !== null && !this.table(table).has(textOf(row[from]))) count += 1;
    return count;
  }

  private shaped(table: string, row: Row): Row {
    const { real = [], notNull = [] } = this.shapes.get(table) ?? {};
    if (notNull.some((column) => row[column] === null)) throw new Refused();
    if (!real.some((column) => typeof row[column] === 'bigint')) return row;
    return { ...row, ...Object.fromEntries(real.map((column) => [column, Number(row[column])])) };
  }
}
