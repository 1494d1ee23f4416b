import { writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { addColumn, tableExists } from '@engine/migration.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { fixtures } from '../../support/kroma/fixtures.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { upgradeTo } from './upgraded.ts';

/** Which tables the pack's own SQL addresses by rowid: seen in what is executed and in the triggers that it leaves. */
const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

/** Every text that is prepared or executed from here on. */
function listen(): Set<string> {
  const heard = new Set<string>();
  for (const door of ['prepare', 'exec'] as const) {
    const really = Database.prototype[door] as (this: unknown, sql: string) => never;
    vi.spyOn(Database.prototype, door).mockImplementation(function (this: unknown, sql: string) {
      heard.add(sql);
      return really.call(this, sql);
    } as never);
  }
  return heard;
}

/** Tables of which a text asks for the rowid: by NEW and OLD, by alias, or as what is nearest before a bare word. */
function addressedIn(sql: string): string[] {
  // A rebuild asks first under which name the rowid can be had.
  if (sql.startsWith('INSERT INTO "_phasewise_new_')) return [];
  return [...sql.matchAll(/(?<!\bWITHOUT )(?:\b(\w+)\.)?\browid\b/gi)].map(({ 1: owner, index }) => {
    const before = sql.slice(0, index);
    const isOfTrigger = owner !== undefined && /^(new|old)$/i.test(owner);
    const named = isOfTrigger
      ? /\bON (\w+)/.exec(sql)
      : owner === undefined
        ? [...unbracketed(before).matchAll(/\b(?:UPDATE|FROM) "?(\w+)/g)].at(-1)
        : new RegExp(`\\b(?:FROM|JOIN|UPDATE) (?:["\\w]+\\.)?"?(\\w+)"? AS ${owner}\\b`).exec(sql);
    return named?.[1] ?? `nothing known: ${sql}`;
  });
}

/** All that the proof can ask for: every old column, and rows without an id, which are asked about in another way. */
function withMuchToProve(file: string): void {
  const db = new Database(file);
  const tables = (kroma.tablesByRowid ?? []).filter((name) => tableExists(db, name));
  db.pragma('foreign_keys = 0');
  for (const { name, legacyColumns = {} } of kroma.canonical.filter((table) => tables.includes(table.name)))
    for (const column of Object.keys(legacyColumns)) addColumn(db, name, column, 'TEXT');
  for (const name of tables) db.exec(`UPDATE ${name} SET id = NULL WHERE id = (SELECT min(id) FROM ${name})`);
  db.close();
}

/** Without what stands in brackets that are closed by here: it is of another question. */
function unbracketed(sql: string): string {
  const less = sql.replace(/'[^']*'|\([^()]*\)/g, '');
  return less === sql ? sql : unbracketed(less);
}

describe('the tables that the pack names as addressed by rowid', () => {
  const used = new Set<string>();
  const shapes = fixtures.filter(({ name }) => /^(legacy with every|baseline with|dual, both halves dis)/.test(name));

  it.each(shapes)('are all of which a step, a trigger or the proof asks for it, from $name on', ({ name, build }) => {
    const db = new Database(':memory:');
    build(db);
    const backup = path.join(folder, `${name}.db`);
    writeFileSync(backup, db.serialize());
    withMuchToProve(backup);
    const heard = listen();
    upgradeTo(db, 4);
    const triggers = db.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE type = 'trigger'`).pluck().all();
    upgradeTo(db, 5);
    db.exec(`ATTACH '${backup}' AS before`);
    kroma.carriedOver?.(db, 'before');

    const found = [...heard, ...triggers]
      .flatMap(addressedIn)
      .filter((table) => !/^(pragma|sqlite|_phasewise)_/.test(table));
    for (const table of found) used.add(table);
    expect(kroma.tablesByRowid).toEqual(expect.arrayContaining([...new Set(found)]));
  });

  it('and no others', () => {
    expect([...used].toSorted()).toEqual(kroma.tablesByRowid?.toSorted());
  });

  it('after the last phase no trigger needs one any more', () => {
    const db = new Database(':memory:');
    shapes[0]?.build(db);
    upgradeTo(db, 5);
    const triggers = db.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE type = 'trigger'`).pluck().all();
    expect(triggers.length).toBeGreaterThan(0);
    expect(triggers.flatMap(addressedIn)).toEqual([]);
  });
});
