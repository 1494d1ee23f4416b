import { createHash } from 'node:crypto';
import { chmodSync, copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '@engine/inspect.ts';
import { assertPlan } from '@engine/plan.ts';
import type { RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import type { RunReport } from '@shared/run.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { createLegacySchema } from '../../migrations/kroma/sample/schema.ts';
import { codeOfPromise } from '../support/code-of.ts';
import { fixtures, writeFixture } from '../support/kroma/fixtures.ts';
import { unseen } from '../support/kroma/unseen.ts';
import { readSource, readUpgraded, upgradeHere, withDatabase, type Upgraded } from '../support/kroma/upgrade.ts';
import { outcomeDifferences, outcomeOf } from '../support/kill/outcome.ts';
import { rowsOf, textOf, type Tables } from '../support/oracle/rows.ts';
import { sharedFile } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** The last phase removes the old names. Every row must be in its new place or, whole, among the issue rows. */
const folder = temporaryFolder();
const shared = ['legacy-small', 'legacy-medium', 'baseline-wrong-columns', 'dual', 'empty-legacy'];
/** What differs in them is gone by phase 4, which the spec of the whole upgrade sees. */
const sameByThen = [
  'interrupted before the columns',
  'interrupted among the columns',
  'interrupted before the backfill',
  'sample',
  'legacy, 4,000 candidates',
];
const cases = [
  ...fixtures
    .filter(({ name }) => !sameByThen.includes(name))
    .map((fixture) => ({
      name: fixture.name,
      // Two rows of it claim one place.
      mayBeGated: fixture.originalAborts === true || fixture.name.includes('disagree'),
      write: (file: string) => writeFixture(file, fixture),
    })),
  ...shared.map((name) => {
    const source = sharedFile('kroma', `${name}.db`);
    const copy = (file: string) => (copyFileSync(source ?? '', file), chmodSync(file, 0o600));
    return { name: `../shared/data/kroma/${name}.db`, mayBeGated: false, write: source === null ? null : copy };
  }),
];
/** Step by step, the same code is at work for every file: the oddest ones show a difference, if there is any. */
const stepwiseNames = [
  'legacy with every odd case',
  'dual with asset references',
  '../shared/data/kroma/baseline-wrong-columns.db',
];
const successors: Readonly<Record<string, string>> = { users: 'app_users', run_job_candidates: 'run_candidates' };
const asPlanned: Partial<RunDependencies> = {
  assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
};
const to = (file: string, toPhase: number, more = asPlanned): Promise<RunReport> =>
  upgradeHere(file, more, { toPhase, isRemovalConfirmed: toPhase === 5 });
const hashOf = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

for (const [index, { name, write, mayBeGated }] of cases.entries()) {
  if (name.includes('own objects')) continue;
  describe.skipIf(write === null)(`cleaning up ${name}`, () => {
    const file = path.join(folder, `${index}`, 'project.db');
    const stepwise = path.join(folder, `${index}`, 'stepwise.db');
    let source: Tables;
    let report: RunReport;
    let cleaned: Upgraded;
    let isGated = false;

    beforeAll(async () => {
      mkdirSync(path.dirname(file));
      write?.(file);
      if (stepwiseNames.includes(name)) write?.(stepwise);
      source = readSource(file);
      report = await to(file, 5, stepwiseNames.includes(name) ? asPlanned : {}); // a rehearsal is a second upgrade
      isGated = report.error?.code === 'E_ISSUES_OPEN';
      cleaned = readUpgraded(file);
    });

    it('reaches the last phase, or says which rows stand in the way', async () => {
      if (isGated) {
        const gating = cleaned.issues.filter(({ reason }) => kroma.gatingReasons?.includes(reason));
        expect(gating.length).toBeGreaterThan(0);
        expect(mayBeGated).toBe(true);
        expect((await inspect(file, 'data', [kroma])).phaseReached).toBe(4);
        return;
      }
      expect(report.error).toBeUndefined();
      expect(await inspect(file, 'data', [kroma])).toMatchObject({ phaseReached: 5, pending: [], drift: [] });
    });

    it('has every row of the source in its place or, whole, among the issue rows', () => {
      expect(unaccounted(file, source, cleaned)).toEqual([]);
    });

    it('leaves nothing of the old names, and every reference leads somewhere', () => {
      withDatabase(file, (db) => {
        expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
        if (isGated) return;
        expect(db.pragma('foreign_key_check')).toEqual([]);
        expect(legacyNames(cleaned.tables)).toEqual([]);
      });
    });

    it('passes every check of the verdict', () => {
      const input = { path: file, toPhase: isGated ? 4 : 5, backupPath: report.backup?.path ?? null };
      const unmet = verifyResult(input, [kroma]).checks.filter(({ state }) => state !== 'met');
      expect(unmet.map(({ title, summary }) => `${title}: ${summary}`)).toEqual([]);
    });

    it.runIf(stepwiseNames.includes(name))('is the same when it goes phase by phase', async () => {
      for (const phase of [0, 1, 2, 3, 4, 5]) {
        const step = to(stepwise, phase, {}); // whether its plan lets each pass: kroma-upgrade.spec.ts
        if (phase === 5 && isGated) expect(await codeOfPromise(step)).toBe('E_ISSUES_OPEN');
        else expect({ phase, error: (await step).error }).toEqual({ phase, error: undefined });
      }
      expect(outcomeDifferences(outcomeOf(file), outcomeOf(stepwise))).toEqual([]);
    });

    it('changes no byte when it is asked again', async () => {
      const before = hashOf(file);
      expect(await codeOfPromise(to(file, 5))).toBe(isGated ? 'E_ISSUES_OPEN' : 'E_NOTHING_TO_DO');
      expect(hashOf(file)).toBe(before);
    });
  });
}

describe('a file to which a person added something', () => {
  const own = fixtures.find(({ name }) => name.includes('own objects'));
  const open = (name: string, before = ''): string => {
    const file = path.join(folder, `${name}.db`);
    if (own) writeFixture(file, { ...own, build: (db) => (own.build(db), db.exec(before)) });
    return file;
  };

  it('is refused before anything starts when a view needs an old name', async () => {
    const file = open('views');
    const before = hashOf(file);
    expect(await codeOfPromise(to(file, 5))).toBe('E_PREFLIGHT_UNKNOWN_OBJECT');
    expect(hashOf(file)).toBe(before);
  });

  it('keeps tables, columns, views and indexes that need no old name', async () => {
    const file = open(
      'kept',
      `DROP VIEW my_candidates; DROP VIEW my_users; DROP INDEX my_runs_by_model;
       DELETE FROM users WHERE username IN (SELECT username FROM users GROUP BY username HAVING count(*) > 1);
       CREATE VIEW my_projects AS SELECT id, slug FROM projects; CREATE INDEX my_slugs ON projects(lower(slug));`,
    );
    const source = readSource(file);
    const report = await to(file, 5);
    expect(['E_ISSUES_OPEN', undefined]).toContain(report.error?.code);
    const { tables } = readUpgraded(file);
    expect(rowsOf(tables, 'my_notes')).toEqual(rowsOf(source, 'my_notes'));
    expect(rowsOf(tables, 'runs').some((row) => row['my_rating'] === 5n)).toBe(true);
    withDatabase(file, (db) => {
      expect(db.prepare('SELECT count(*) FROM my_projects').pluck().get()).toBe(rowsOf(source, 'projects').length);
      expect(db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'my_slugs'`).pluck().get()).toBe(1);
    });
  });
});

describe('files that no program writes, but SQLite admits', () => {
  const T = '2026-01-02T08:00:00Z';
  const open = (
    name: string,
    sql: string,
    letters: (statement: string) => string = (statement) => statement,
  ): string => {
    const file = path.join(folder, `${name}.db`);
    const build = (db: Database.Database) => {
      const template = new Database(':memory:');
      createLegacySchema(template);
      const made = template.prepare<[], string>(
        `SELECT sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY type DESC`,
      );
      for (const statement of made.pluck().all()) db.exec(letters(statement));
      template.close();
      db.pragma('foreign_keys = OFF');
      db.exec(`INSERT INTO users (id, username, display_name, created_at, updated_at) VALUES ('u', 'u', 'U', '${T}', '${T}');
        INSERT INTO projects (id, user_id, slug, name, created_at, updated_at) VALUES ('p', 'u', 's', 'n', '${T}', '${T}'); ${sql}`);
    };
    writeFixture(file, { build });
    return file;
  };
  const unmetAt = async (file: string, toPhase: number, damage = ''): Promise<string[]> => {
    const { error, backup } = await to(file, toPhase);
    expect(error).toBeUndefined();
    if (damage !== '') {
      const db = new Database(file);
      unseen(db, damage);
      db.close();
    }
    const { checks } = verifyResult({ path: file, toPhase, backupPath: backup?.path ?? null }, [kroma]);
    return checks.filter(({ state }) => state !== 'met').map(({ title, summary }) => `${title}: ${summary}`);
  };
  const keyless = `
    INSERT INTO assets (id, project_id, asset_kind, rel_path, created_at) VALUES
      (NULL, 'p', 'k', 'a.png', '${T}'), (NULL, 'p', 'k', 'b.png', '${T}'), (NULL, 'gone', 'k', 'c.png', '${T}');
    INSERT INTO runs (id, project_id, run_log_path, mode, status, created_at) VALUES (NULL, 'gone', 'x', 'run', 'ok', '${T}');`;

  it('keeps rows without an id, and those of them that have no place as issue rows', async () => {
    const file = open('keyless', keyless);
    expect(await unmetAt(file, 4)).toEqual([]);
    expect(await unmetAt(file, 5)).toEqual([]);
    withDatabase(file, (db) => {
      expect(db.prepare('SELECT count(*) FROM assets WHERE id IS NULL').pluck().get()).toBe(2);
      const noted = `SELECT count(*) FROM _phasewise_quarantine WHERE source_table = 'assets' AND row_json LIKE '%"c.png"%'`;
      expect(db.prepare(noted).pluck().get()).toBeGreaterThan(0);
    });
  });

  it('misses a row without an id when its issue row was emptied', async () => {
    const file = open('keyless-damaged', keyless);
    await to(file, 4);
    const emptied = `UPDATE _phasewise_quarantine SET row_json = '{"id":null}' WHERE source_key IS NULL`;
    expect(await unmetAt(file, 5, emptied)).not.toEqual([]);
  });

  it('keeps the letters of names that are written in others', async () => {
    const letters = (statement: string) =>
      statement
        .replace(/CREATE TABLE (\w+)/, (_, name: string) => `CREATE TABLE ${name.toUpperCase()}`)
        .replace(/\bmode\b/, 'Mode');
    const file = open('letters', keyless.replaceAll('NULL,', `'id' || random(),`), letters);
    expect(await unmetAt(file, 4)).toEqual([]);
    expect(await unmetAt(file, 5)).toEqual([]);
  });

  it('tells a file that is called by an empty text from none', async () => {
    const file = open(
      'empty-id',
      `INSERT INTO runs (id, project_id, run_log_path, mode, status, created_at) VALUES ('r', 'p', 'x', 'run', 'ok', '${T}');
       INSERT INTO run_jobs (id, run_id, job_key, status, created_at) VALUES ('j', 'r', 'k', 'done', '${T}');
       INSERT INTO assets (id, project_id, asset_kind, rel_path, created_at) VALUES ('', 'p', 'k', 'a.png', '${T}');
       INSERT INTO run_job_candidates (id, job_id, candidate_index, status, output_path, final_output_path, created_at)
         VALUES ('c', 'j', 1, 'done', 'a.png', 'b.png', '${T}');`,
    );
    expect(await unmetAt(file, 4)).toEqual([]);
    expect(await unmetAt(file, 5)).toEqual([]);
    withDatabase(file, (db) => expect(db.prepare('SELECT output_asset_id FROM run_candidates').pluck().get()).toBe(''));
  });

  it('notices at once when a new column says something else than the old one', async () => {
    const file = open(
      'damaged',
      `INSERT INTO runs (id, project_id, run_log_path, mode, status, created_at) VALUES ('r', 'p', 'x', 'run', 'ok', '${T}')`,
    );
    expect((await unmetAt(file, 4, `UPDATE runs SET run_mode = 'dry'`)).join()).toMatch(/Nothing was lost: .*mode/);
  });
});

/** Rows of the source that are neither in their table, nor in its successor, nor unplaced issue rows with all their columns. */
function unaccounted(file: string, source: Tables, { tables }: Upgraded): string[] {
  const aside = withDatabase(file, (db) =>
    db
      .prepare<[], { name: string; key: string; row: string }>(
        `SELECT source_table AS name, source_key AS key, row_json AS row FROM _phasewise_quarantine WHERE is_placed = 0`,
      )
      .all(),
  );
  const kept = new Map(aside.map(({ name, key, row }) => [`${name} ${textOf(key)}`, row]));
  return [...source].flatMap(([table, rows]) => {
    const found = new Set(rowsOf(tables, table).map((row) => textOf(row['id'] ?? row['version'])));
    const moved = new Set(rowsOf(tables, successors[table] ?? '').map((row) => textOf(row['id'])));
    return rows.flatMap((row) => {
      const key = textOf(row['id'] ?? row['version']);
      if (found.has(key) || moved.has(key)) return [];
      const whole = kept.get(`${table} ${key}`);
      const columns = whole === undefined ? [] : Object.keys(JSON.parse(whole) as object);
      return Object.keys(row).every((column) => columns.includes(column)) ? [] : [`${table} ${key}`];
    });
  });
}

const legacyNames = (tables: Tables): string[] => [
  ...Object.keys(successors).filter((name) => tables.has(name)),
  ...kroma.canonical.flatMap(({ name, columns, legacyColumns = {} }) => {
    const isKept = new Set(columns.map((column) => column.name));
    const [first = {}] = rowsOf(tables, name);
    return Object.keys(legacyColumns)
      .filter((column) => column in first && !isKept.has(column))
      .map((column) => `${name}.${column}`);
  }),
];
