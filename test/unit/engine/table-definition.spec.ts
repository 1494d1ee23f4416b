import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { namesIn, readTableDefinition, renameReferences } from '@engine/table-definition.ts';

/** As SQLite stores it: the text after every change that the database itself made to it. */
function stored(...statements: string[]): string {
  const db = new Database(':memory:');
  try {
    for (const statement of statements) db.exec(statement);
    return db.prepare<[], string>(`SELECT sql FROM sqlite_schema WHERE type = 'table'`).pluck().get() ?? '';
  } finally {
    db.close();
  }
}

describe('reading the definition of a table', () => {
  it('finds columns and rules as SQLite itself lists them', () => {
    const sql = stored(
      `CREATE TABLE t (
        id TEXT PRIMARY KEY, -- the key, of course
        "odd, name" TEXT NOT NULL DEFAULT 'a,b(' COLLATE NOCASE, /* a comment, with a comma */
        [in brackets] DECIMAL(10, 2) CHECK ([in brackets] > 0 AND 'x)' <> ''),
        \`ticks\` INTEGER CONSTRAINT positive CHECK (\`ticks\` > 0) REFERENCES other(id) ON DELETE SET NULL,
        twice INTEGER GENERATED ALWAYS AS (\`ticks\` * 2) STORED,
        UNIQUE (id, "odd, name"), CONSTRAINT c CHECK (length(id) > 1) FOREIGN KEY (id) REFERENCES "oth er" (a)
      ) STRICT`.replace('DECIMAL(10, 2)', 'REAL'),
      `ALTER TABLE t ADD COLUMN "say ""hi""" TEXT DEFAULT 'it''s'`,
    );

    const { columns, constraints, options } = readTableDefinition(sql);

    expect(columns.map(({ name }) => name)).toEqual(['id', 'odd, name', 'in brackets', 'ticks', 'twice', 'say "hi"']);
    expect(columns[1]).toMatchObject({
      text: `"odd, name" TEXT NOT NULL DEFAULT 'a,b(' COLLATE NOCASE`,
      collation: 'NOCASE',
    });
    expect(columns[2]?.checks).toEqual([`CHECK ([in brackets] > 0 AND 'x)' <> '')`]);
    expect(columns[3]?.checks).toEqual(['CONSTRAINT positive CHECK (`ticks` > 0)']);
    expect(columns[4]?.text).toBe('twice INTEGER GENERATED ALWAYS AS (`ticks` * 2) STORED');
    expect(constraints.map(({ kind, columns: of, references }) => [kind, of, references])).toEqual([
      ['unique', ['id', 'odd, name'], null],
      ['check', [], null],
      ['foreign-key', ['id'], 'oth er'],
    ]);
    expect(constraints[1]?.text).toBe('CONSTRAINT c CHECK (length(id) > 1)');
    expect(options).toBe('STRICT');
  });

  it('makes the same table again from the parts', () => {
    const sql = stored(
      `CREATE TABLE IF NOT EXISTS main.t (a TEXT, b TEXT DEFAULT (1 + (2)), -- last
         PRIMARY KEY (a, b DESC)) WITHOUT ROWID`,
    );
    const { columns, constraints, options } = readTableDefinition(sql);
    const parts = [...columns, ...constraints].map(({ text }) => text).join(', ');
    const again = stored(`CREATE TABLE t (${parts}) ${options}`);

    const shape = (text: string) => {
      const db = new Database(':memory:');
      db.exec(text);
      return db.prepare(`SELECT * FROM pragma_table_xinfo('t'), pragma_table_list('t')`).all();
    };
    expect(shape(again)).toEqual(shape(sql));
  });

  it('refuses what is no table', () => {
    expect(() => readTableDefinition('CREATE VIRTUAL TABLE t USING fts5(a)')).toThrow('not the definition');
    expect(() => readTableDefinition('CREATE VIEW v AS SELECT (1)')).toThrow('not the definition');
    expect(() => readTableDefinition('CREATE TABLE t (a')).toThrow('not the definition');
  });
});

it('renames references, and nothing that only looks like one', () => {
  const text = `reviewer TEXT DEFAULT 'references users' REFERENCES "Users" (id), users INTEGER REFERENCES usersonly(id)`;

  expect(renameReferences(text, { users: 'app_users' })).toBe(
    `reviewer TEXT DEFAULT 'references users' REFERENCES "app_users" (id), users INTEGER REFERENCES usersonly(id)`,
  );
});

it('lists the names in an expression, without texts and comments', () => {
  const names = namesIn(`CHECK ("Rel Path" <> 'mode' AND model > 1 /* kind */)`);

  expect([...names].toSorted()).toEqual(['1', 'and', 'check', 'model', 'rel path']);
});
