import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { buildKromaSample } from '../../../migrations/kroma/sample/build.ts';

const build = (seed: number): Database.Database => {
  const db = new Database(':memory:');
  buildKromaSample(db, { seed });
  return db;
};
const count = (db: Database.Database, sql: string): number =>
  db.prepare(`SELECT count(*) FROM ${sql}`).pluck().get() as number;

describe('the sample database', () => {
  const db = build(1);

  it('has the fifteen legacy tables, the worker columns last, and the three markers', () => {
    expect(count(db, `sqlite_schema WHERE type = 'table'`)).toBe(15);
    expect(count(db, `sqlite_schema WHERE type = 'index' AND sql IS NOT NULL`)).toBe(12);
    const columns = db.prepare(`SELECT name FROM pragma_table_info('agent_instructions')`).pluck().all();
    expect(columns.slice(-7)).toEqual([
      'attempts',
      'max_attempts',
      'next_attempt_at',
      'last_error',
      'locked_by',
      'locked_at',
      'agent_response_json',
    ]);
    expect(count(db, 'schema_migrations')).toBe(3);
  });

  it('is a believable size: some megabytes, dozens of runs, hundreds of candidates', () => {
    const bytes = db.serialize().length;
    expect(bytes).toBeGreaterThan(2_000_000);
    expect(bytes).toBeLessThan(5_000_000);
    expect(count(db, 'runs')).toBe(54);
    expect(count(db, 'run_job_candidates')).toBeGreaterThan(500);
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
  });

  it('shares files between candidates of many runs', () => {
    expect(count(db, `(SELECT output_path FROM run_job_candidates GROUP BY 1 HAVING count(*) > 1)`)).toBeGreaterThan(
      20,
    );
  });

  it('holds a few of the odd rows that real files have', () => {
    expect(count(db, 'projects WHERE NOT json_valid(settings_json)')).toBe(1);
    expect(count(db, 'run_job_candidates WHERE job_id NOT IN (SELECT id FROM run_jobs)')).toBe(2);
    expect(count(db, `run_job_candidates WHERE instr(output_path, char(92))`)).toBe(12);
    expect(count(db, `assets WHERE project_id NOT IN (SELECT id FROM projects)`)).toBe(1);
    expect(
      count(db, `run_job_candidates WHERE output_path > '' AND output_path NOT IN (SELECT rel_path FROM assets)`),
    ).toBeGreaterThan(10);
  });

  it('is the same for the same seed, byte by byte, and another for another seed', () => {
    expect(build(1).serialize().equals(db.serialize())).toBe(true);
    expect(build(2).serialize().equals(db.serialize())).toBe(false);
  });

  it('leaves the connection as it was and refuses to start inside a transaction', () => {
    expect(db.pragma('foreign_keys', { simple: true })).toBe(1);
    const busy = new Database(':memory:').exec('BEGIN');
    expect(() => buildKromaSample(busy, { seed: 1 })).toThrow(/without an open transaction/);
  });
});
