import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readable, readableAsTexts } from '../../../migrations/kroma/rules/readable-json.ts';
import { issuesOf, rowsOf } from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { laterDatabase } from './baseline-file.ts';
import { candidate, job, project } from './rows.ts';
import { upgradeTo } from './upgraded.ts';

/** JSON that Python writes, and texts that only look like it: no JSON function may be given what it calls malformed. */
const folder = temporaryFolder();
let files = 0;
const open = (rows: Parameters<typeof laterDatabase>[2] = {}): Db =>
  laterDatabase(path.join(folder, `${(files += 1)}.db`), 'first', rows);

const malformed = [
  ...['{"a":-NaN}', '{"a":+NaN}', '{"a":1Infinity}', '{"a":NaN1}', '{"a":NaNNaN}', '{"a":-InfinityInfinity}'],
  ...['{"a":1.NaN}', '{"a":1eInfinity}', '{NaN:1}', '-NaN', '{"a":"\\NaN"}', '{"a":"\\u000NaN"}', '{"a":"x","b":-NaN}'],
];

describe('a text', () => {
  const db = new Database(':memory:');
  const read = (sql: (text: string) => string, text: string) =>
    db
      .prepare<[string], string | null>(`SELECT ${sql('text')} FROM (SELECT ? AS text)`)
      .pluck()
      .get(text);

  it.each([
    ['{"a":1}', '{"a":1}', '{"a":1}'],
    ['{"a": "NaN, Infinity"}', '{"a": "NaN, Infinity"}', '{"a": "NaN, Infinity"}'],
    ['{"a": NaN}', '{"a": null}', '{"a": "nan"}'],
    ['[NaN,-Infinity,\n Infinity]', '[null,-9e999,\n 9e999]', '["nan","-inf",\n "inf"]'],
    ['{"a":NaN,"b":"Infinity pool"}', '{"a":null,"b":"Infinity pool"}', '{"a":"nan","b":"Infinity pool"}'],
    ['{"a": NaN, "b": "a, NaN"}', '{"a": null, "b": "a, NaN"}', '{"a": "nan", "b": "a, NaN"}'],
    ['{"a": [NaN], "b": "NaN-b"}', null, null],
    ['{a:1}', null, null],
    ['', null, null],
  ])('%j reads as JSON to every library', (text, asNumbers, asTexts) => {
    expect([read(readable, text), read(readableAsTexts, text)]).toEqual([asNumbers, asTexts]);
  });

  it.each(malformed)('%j is no JSON, or becomes some', (text) => {
    for (const sql of [readable, readableAsTexts]) {
      const found = read(sql, text) ?? 'null';
      expect(db.prepare('SELECT json_valid(?)').pluck().get(found)).toBe(1);
    }
  });
});

describe('malformed texts', () => {
  const guarded = (text: string) => (text.startsWith('{"') ? text.replace('{', '{"output_guard":{},') : text);

  it('stop no step, and are reported', () => {
    const db = open({
      projects: malformed.map((text, k) => project(`p${k}`, { settings_json: text })),
      run_jobs: malformed.map((text, k) => job(`j${k}`, { meta_json: text })),
      run_job_candidates: malformed.map((text, k) =>
        candidate(`c${k}`, { candidate_index: k, meta_json: guarded(text) }),
      ),
    });

    upgradeTo(db, 4);

    // {NaN:1} becomes JSON, in which nothing is set.
    expect(issuesOf(db, 'projects').length).toBe(malformed.length - 1);
    expect(issuesOf(db, 'run_jobs').length).toBe(malformed.length);
    expect(rowsOf(db, 'SELECT count(*) FROM run_candidates')).toEqual([[malformed.length]]);
  });

  it('stop no write of another program', () => {
    const db = open();
    upgradeTo(db, 4);
    const candidateOf = db.prepare(
      `INSERT INTO run_job_candidates (id, job_id, candidate_index, status, meta_json, created_at) VALUES ('c' || :k, 'j', :k, 'done', :meta, 't')`,
    );

    for (const [k, text] of malformed.entries()) {
      db.prepare(`UPDATE projects SET settings_json = ?`).run(text);
      db.prepare(`UPDATE run_jobs SET meta_json = ?`).run(text);
      candidateOf.run({ k, meta: guarded(text) });

      expect(
        rowsOf(
          db,
          `SELECT settings_json FROM projects UNION ALL SELECT meta_json FROM run_jobs
          UNION ALL SELECT meta_json FROM run_candidates WHERE candidate_index = ${k}`,
        ),
      ).toEqual([[text], [text], [guarded(text)]]);
    }
  });
});

it('makes no trigger nest deeper than the parsers of older libraries hold', () => {
  const db = open();
  upgradeTo(db, 4);
  const texts = rowsOf(db, `SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`) as [string, string][];

  // They hold 100 symbols, of which a call takes up to five. 3.40.1 reads 12 calls in one another in the longest of ours.
  expect(texts.filter(([, sql]) => depthOf(sql) > 12).map(([name]) => name)).toEqual([]);
});

/** How many parentheses are open at once; those within texts do not count. */
function depthOf(sql: string): number {
  let depth = 0;
  const depths = [...sql.replaceAll(/'[^']*'/g, '')].map((sign) => (depth += sign === '(' ? 1 : sign === ')' ? -1 : 0));
  return Math.max(...depths);
}
