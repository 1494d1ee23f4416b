import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { household, job } from './rows.ts';

const id = '20260221_0010_run_jobs_columns';
const folder = temporaryFolder();
let files = 0;
const open = (jobs: Row[]) => legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, run_jobs: jobs });
const all = 'SELECT id, selected_candidate_index, prompt_text FROM run_jobs ORDER BY id';

const prompts: [name: string, meta: string, prompt: string, issue?: string][] = [
  ['a prompt', '{"prompt": "Empty pier, \\"wet\\" planks 🌧", "candidates": []}', 'Empty pier, "wet" planks 🌧'],
  ['a prompt under its other name', '{"prompt_text": "b"}', 'b'],
  ['both names: prompt counts', '{"prompt_text": "b", "prompt": "a"}', 'a'],
  ['an empty prompt and the other name', '{"prompt": "", "prompt_text": "b"}', 'b'],
  ['null and the other name', '{"prompt": null, "prompt_text": "b"}', 'b'],
  ['no prompt', '{"id": "x"}', ''],
  ['double keys: the last wins', '{"prompt": "first", "prompt": "last"}', 'last'],
  ['NaN elsewhere', '{"prompt": "a NaN", "x": NaN, "y": -Infinity}', 'a NaN'],
  ['a number', '{"prompt": 7}', '7'],
  ['a switch', '{"prompt": true}', 'True'],
  ['a list', '{"prompt": ["a", 1]}', '["a",1]'],
  ['blanks, which are kept', '{"prompt": "  a\\n"}', '  a\n'],
  ['nothing', '', ''],
  ['an empty object', '{}', ''],
  ['no JSON', '{"prompt": "cut', '', 'meta-unreadable'],
  ['a list instead of an object', '[{"prompt": "a"}]', '', 'meta-unreadable'],
  ['null instead of an object', 'null', '', 'meta-unreadable'],
  ['a byte-order mark', '\uFEFF{"prompt": "a"}', '', 'meta-unreadable'],
];

describe('filling', () => {
  it.each(prompts)('reads %s', (_, meta_json, prompt, issue) => {
    const db = open([job('j1', { meta_json })]);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(valueOf(db, 'SELECT prompt_text FROM run_jobs')).toBe(prompt);
    expect(issuesOf(db, 'run_jobs')).toEqual(issue ? [`j1: ${issue}`] : []);
    expect(valueOf(db, 'SELECT meta_json FROM run_jobs')).toBe(meta_json);
  });

  it('gives the trigger the same understanding as the backfill', () => {
    const db = open([]);
    applyMigration(db, id);
    for (const [n, [, meta]] of prompts.entries()) {
      db.prepare(
        `INSERT INTO run_jobs (id, run_id, job_key, status, meta_json, created_at) VALUES (?, 'r', ?, 's', ?, 't')`,
      ).run(`i${n}`, `i${n}`, meta);
      db.prepare(
        `INSERT INTO run_jobs (id, run_id, job_key, status, meta_json, created_at) VALUES (?, 'r', ?, 's', '{}', 't')`,
      ).run(`u${n}`, `u${n}`);
      db.prepare(`UPDATE run_jobs SET meta_json = ? WHERE id = ?`).run(meta, `u${n}`);
      expect(rowsOf(db, `SELECT prompt_text FROM run_jobs WHERE id IN ('i${n}', 'u${n}')`)).toEqual([
        [prompts[n]?.[2]],
        [prompts[n]?.[2]],
      ]);
    }
  });

  it('copies the choice, whatever type it has, and keeps a choice and a prompt that are there', () => {
    const db = open([
      job('j1', { selected_candidate: 2 }),
      job('j2', { selected_candidate: 'x' }),
      job('j3', { selected_candidate: 1, meta_json: '{"prompt":"old"}' }),
    ]);
    db.exec(`ALTER TABLE run_jobs ADD COLUMN selected_candidate_index INTEGER; ALTER TABLE run_jobs ADD COLUMN prompt_text TEXT NOT NULL DEFAULT '';
      UPDATE run_jobs SET selected_candidate_index = 3, prompt_text = 'new' WHERE id = 'j3'`);

    expect(applyMigration(db, id)?.accounts).toEqual({ jobs: '2 / 1 / 0' });

    expect(rowsOf(db, all)).toEqual([
      ['j1', 2, ''],
      ['j2', 'x', ''],
      ['j3', 3, 'new'],
    ]);
  });

  it('fills and reports a job of a run that does not exist', () => {
    const db = open([job('j1', { run_id: 'gone', meta_json: '{"prompt":"a"}', selected_candidate: 1 })]);

    expect(applyMigration(db, id)?.accounts).toEqual({ jobs: '0 / 0 / 1' });

    expect(issuesOf(db, 'run_jobs')).toEqual(['j1: run-missing']);
    expect(rowsOf(db, all)).toEqual([['j1', 1, 'a']]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const jobs = [
      job('j1', { meta_json: '{"prompt":"a"}' }),
      job('j2', { selected_candidate: 1 }),
      job('j3', { meta_json: 'x' }),
      job('j4'),
    ];
    const whole = open(jobs);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= jobs.length; chunks++) {
      const db = open(jobs);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ jobs: '2 / 1 / 1' });
      expect(applyMigration(db, id)?.accounts).toEqual({ jobs: '0 / 3 / 1' });
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a prompt or a choice is empty again', () => {
    const db = open([job('j1', { meta_json: '{"prompt":"a"}', selected_candidate: 1 })]);
    applyMigration(db, id);
    unseen(db, `UPDATE run_jobs SET prompt_text = '', selected_candidate_index = NULL`);

    expect(findingsOf(db, id)).toEqual([
      '1 jobs whose choice stands in the old column only',
      '1 jobs whose prompt stands in the details only',
    ]);
  });
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('a program %s foreign keys', (_, enforced) => {
  const insert = (columns: string, values: string, or = '') =>
    `INSERT ${or} INTO run_jobs (id, run_id, job_key, status, selected_candidate, meta_json, created_at${columns}) VALUES (${values})`;

  it('writes the old columns, and the new ones follow', () => {
    const db = open([job('j1')]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(insert('', `'j2', 'r', 'k', 'done', 1, '{"prompt":"a"}', 't'`));
    db.exec(insert('', `'j3', 'r', 'k', 'done', 2, '{"prompt":"b"}', 't'`, 'OR REPLACE'));
    db.exec(`UPDATE run_jobs SET selected_candidate = 5 WHERE id = 'j1'`);
    db.exec(`UPDATE run_jobs SET meta_json = '{"prompt":"c"}' WHERE id = 'j1'`);

    expect(rowsOf(db, all)).toEqual([
      ['j1', 5, 'c'],
      ['j3', 2, 'b'],
    ]);
  });

  it('writes both sides itself, and what it gives stays', () => {
    const db = open([]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);

    db.exec(
      insert(', selected_candidate_index, prompt_text', `'j1', 'r', 'k', 'done', 1, '{"prompt":"old"}', 't', 2, 'new'`),
    );
    db.exec(`UPDATE run_jobs SET selected_candidate = 3, selected_candidate_index = 4`);
    db.exec(`UPDATE run_jobs SET meta_json = '{"prompt":"old","more":1}'`);

    expect(rowsOf(db, all)).toEqual([['j1', 4, 'new']]);
  });
});
