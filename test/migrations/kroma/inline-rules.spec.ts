import { describe, expect, it } from 'vitest';
import { readTableDefinition } from '@engine/migration.ts';
import { inlineRules } from '../../../migrations/kroma/cleanup/inline-rules.ts';
import { ownParts } from '../../../migrations/kroma/cleanup/final-schema.ts';
import { canonical } from '../../../migrations/kroma/schema/canonical.ts';

/** Rules that the owner of a file wrote with a column of the family. */
function tableOf(name: string) {
  const table = canonical.find((each) => each.name === name);
  if (table === undefined) throw new Error(`no table ${name}`);
  return table;
}
const inline = (table: string, columns: string) =>
  inlineRules(tableOf(table), readTableDefinition(`CREATE TABLE t (${columns})`)).map(({ text }) => text);
const own = (table: string, columns: string) =>
  ownParts(tableOf(table), readTableDefinition(`CREATE TABLE t (${columns})`)).rules;

describe('a rule that stands with a column', () => {
  it.each([
    ['title TEXT UNIQUE NOT NULL', 'UNIQUE ("title")'],
    [
      '"Title" TEXT NOT NULL unique /* so */ ON conflict REPLACE DEFAULT 1',
      'UNIQUE ("Title") /* so */ ON conflict REPLACE',
    ],
    ['title TEXT CONSTRAINT "one only" UNIQUE', 'CONSTRAINT "one only" UNIQUE ("title")'],
    ['title TEXT REFERENCES titles', 'FOREIGN KEY ("title") REFERENCES titles'],
    [
      'title TEXT constraint c REFERENCES "t (x"("a)b") ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED NOT NULL',
      'constraint c FOREIGN KEY ("title") REFERENCES "t (x"("a)b") ON DELETE SET NULL ON UPDATE NO ACTION MATCH FULL NOT DEFERRABLE INITIALLY DEFERRED',
    ],
    ['title TEXT REFERENCES a(b) DEFERRABLE NOT NULL', 'FOREIGN KEY ("title") REFERENCES a(b) DEFERRABLE'],
  ])('%s is the rule of a table that says the same', (column, rule) => {
    expect(inline('chat_sessions', `id TEXT, ${column}`)).toEqual([rule]);
  });

  it('both of a column are two', () => {
    expect(inline('chat_sessions', 'title TEXT UNIQUE REFERENCES a ON DELETE CASCADE')).toEqual([
      'UNIQUE ("title")',
      'FOREIGN KEY ("title") REFERENCES a ON DELETE CASCADE',
    ]);
  });

  it.each([
    `title TEXT DEFAULT 'unique' /* UNIQUE references a */ CHECK (title <> 'references a' AND (1 OR "unique"))`,
    'title TEXT -- unique\n',
    'title "unique" NOT NULL',
    'title uniqueness',
    'mine TEXT UNIQUE', // kept with its whole text
    'project_id TEXT REFERENCES others (id)', // ours takes its place
  ])('%s is none', (column) => {
    expect(inline('chat_sessions', `id TEXT, ${column}`)).toEqual([]);
  });

  it('is looked for in a text of many comments without getting lost in them', () => {
    expect(inline('chat_sessions', `title TEXT REFERENCES a ${'/* so */ '.repeat(200)} ON nothing`)).toHaveLength(1);
  });

  it('is kept where the family has no such rule itself', () => {
    expect(own('assets', 'run_id TEXT REFERENCES users(id) ON DELETE SET NULL, sha256 TEXT UNIQUE')).toEqual([
      'UNIQUE ("sha256")',
    ]);
    expect(own('assets', 'run_id TEXT REFERENCES runs(id) ON DELETE SET NULL')).toEqual([
      'FOREIGN KEY ("run_id") REFERENCES runs(id) ON DELETE SET NULL',
    ]);
    expect(own('app_users', 'username TEXT NOT NULL UNIQUE')).toEqual([]);
  });
});
