import { isOwnName } from './bookkeeping.ts';
import { quoteName, quoteText, type Db, type Schema } from './migration.ts';
import { nameKey, readSchema } from './schema.ts';
import { isUnanswered } from './sqlite-error.ts';

/**
 * Views and triggers with texts in double quotes. SQLite can be built to take a word in double quotes for a text where
 * it is no name, and most programs have it so; ours refuses it. Read here as those programs do.
 */
export interface Reading {
  readonly sql: string;
  /** The same with such texts in single quotes. */
  readonly asRead: string;
  /** Places in `sql` of the words that are texts, by the words without their quotes. */
  readonly texts: ReadonlyMap<number, string>;
}

/** By "view name" and "trigger name"; none of an object that SQLite compiles as it stands, or that cannot be read. */
export type Readings = ReadonlyMap<string, Reading>;

/** SQLite's error, or null. */
type Compile = (db: Db, schema: Schema, object: string) => string | null;

/** More than anybody writes by hand. They are found one by one, in a few milliseconds each. */
const MOST_TEXTS = 100;

/** @param db the stage: it is changed to try things, and put back as it was. */
export function readQuoted(db: Db, schema: Schema, compile: Compile): Readings {
  const readings = new Map<string, Reading>();
  const errorOf = (object: string, sql: string, asRead: string) => {
    const tried = new Map([...readings, [object, { sql, asRead, texts: new Map<number, string>() }]]);
    try {
      return undone(db, () => {
        restate(db, schema, tried);
        return compile(db, isOfView(schema, object) ? readSchema(db) : schema, object);
      });
    } catch (error) {
      if (isUnanswered(error)) throw error;
      return error instanceof Error ? error.message : String(error); // it cannot even be made so
    }
  };
  const open = new Map(
    [
      ...[...schema.tables.values()]
        .filter(({ kind }) => kind === 'view')
        .map(({ name, sql }) => [`view ${name}`, sql] as const),
      // Ours have none; they are many and long, and to compile one takes milliseconds.
      ...schema.triggers
        .filter(({ name }) => !isOwnName(name))
        .map(({ name, sql }) => [`trigger ${name}`, sql] as const),
    ].filter(([object, sql]) => sql.includes('"') && isQuotedText(compile(db, schema, object))),
  );
  // What one of them complains of may stand in another that it uses: as long as one more can be read, look again.
  for (let found = true; found;) {
    found = false;
    for (const [object, sql] of open) {
      const reading = readOne(sql, (asRead) => errorOf(object, sql, asRead));
      if (reading === null) continue;
      readings.set(object, reading);
      open.delete(object);
      found = true;
    }
  }
  return readings;
}

/** Its statements need the columns of its view, which can't be read before the view is. */
const isOfView = ({ triggers, table }: Schema, object: string): boolean =>
  triggers.some((trigger) => `trigger ${trigger.name}` === object && table(trigger.table)?.kind === 'view');

/** True of SQLite's complaint about a text in double quotes. */
export const isQuotedText = (reason: string | null): boolean => wordOf(reason) !== null;

/** Runs `body` while every object of `readings` that is as it was read stands there as read. */
export function withReadings<T>(db: Db, schema: Schema, readings: Readings, body: (schema: Schema) => T): T {
  if (readings.size === 0) return body(schema);
  return undone(db, () => {
    restate(db, schema, readings);
    return body(readSchema(db));
  });
}

/** Runs `body` and takes back what it changed. */
export function undone<T>(db: Db, body: () => T): T {
  db.exec('SAVEPOINT alone');
  try {
    return body();
  } finally {
    // Without memory or disk SQLite takes everything back itself; what is on its way then is that error.
    if (db.inTransaction) db.exec('ROLLBACK TO alone; RELEASE alone');
  }
}

/** A view takes its triggers along: they are made again with it. */
function restate(db: Db, { tables, triggers }: Schema, readings: Readings): void {
  const readAs = (object: string, sql: string) => {
    const reading = readings.get(object);
    return reading?.sql === sql ? reading.asRead : sql;
  };
  const views = [...tables.values()].filter(
    ({ name, kind, sql }) => kind === 'view' && readAs(`view ${name}`, sql) !== sql,
  );
  const changed = triggers.filter(
    ({ name, table, sql }) =>
      readAs(`trigger ${name}`, sql) !== sql || views.some((view) => nameKey(view.name) === nameKey(table)),
  );
  for (const { name } of changed) db.exec(`DROP TRIGGER ${quoteName(name)}`);
  for (const { name, sql } of views) db.exec(`DROP VIEW ${quoteName(name)}; ${readAs(`view ${name}`, sql)}`);
  for (const { name, sql } of changed) db.exec(readAs(`trigger ${name}`, sql));
}

/** @returns null when it has no texts in double quotes, or there is still something that SQLite would have as one. */
function readOne(sql: string, errorOf: (sql: string) => string | null): Reading | null {
  const words = quotedWords(sql);
  const texts = new Map<number, string>();
  const error = () => errorOf(stated(sql, words, texts));
  for (let word = wordOf(error()); word !== null; word = wordOf(error())) {
    const same = [...words].filter(([at, each]) => each === word && !texts.has(at));
    if (same.length === 0 || texts.size + same.length > MOST_TEXTS) return null;
    for (const [at] of same) texts.set(at, word);
  }
  // The same word may be a text in one place and a name in another.
  const isAgain = (word: string) => [...words.values()].filter((each) => each === word).length > 1;
  for (const [at, word] of [...texts].filter(([, each]) => isAgain(each))) {
    texts.delete(at);
    if (wordOf(error()) !== null) texts.set(at, word);
  }
  const left = error();
  // What else is wrong with it is wrong for every program, unless it came from our own quotes.
  const isRead = texts.size > 0 && wordOf(left) === null && !/syntax error/.test(left ?? '');
  return isRead ? { sql, asRead: stated(sql, words, texts), texts } : null;
}

/** Comments and other quoted things are stepped over: what looks like a word in them is none. */
const QUOTED = /--[^\n]*|\/\*[\s\S]*?(?:\*\/|$)|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\]|"(?:[^"]|"")*"/g;

/** By their places. */
const quotedWords = (sql: string): Map<number, string> =>
  new Map(
    [...sql.matchAll(QUOTED)]
      .filter(({ 0: text }) => text.startsWith('"'))
      .map(({ 0: text, index }) => [index, text.slice(1, -1).replaceAll('""', '"')]),
  );

const stated = (sql: string, words: ReadonlyMap<number, string>, texts: ReadonlyMap<number, string>): string =>
  sql.replaceAll(QUOTED, (text, at: number) => (texts.has(at) ? quoteText(words.get(at) ?? '') : text));

const wordOf = (reason: string | null): string | null =>
  /no such column: "(.*)" - should this be a string literal/s.exec(reason ?? '')?.[1] ?? null;
