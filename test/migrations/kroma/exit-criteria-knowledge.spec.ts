import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { clearPlainKeys, countPlainKeys, listPlainKeys } from '../../../migrations/kroma/plain-keys.ts';
import { insertRows } from '../../support/kroma/insert.ts';
import { applyMigration, rowsOf, valueOf } from '../../support/run-migration.ts';
import { madeOnce } from '../../support/made-once.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { known, laterDatabase, type Shape } from './baseline-file.ts';
import { asset, candidate } from './rows.ts';

const folder = temporaryFolder();
let files = 0;
const criteria = kroma.phases.find(({ number }) => number === 4)?.exitCriteria ?? [];
const account = (name: string, api_key: string) => known(name, { provider_code: name, api_key, meta_json: '{"a":1}' });

/** A file of each shape with something in every table, at the end of phase 4. */
const upgraded = (shape: Shape = 'first'): Db => made(shape);
const made = madeOnce(folder, (file, key) => {
  const shape = key as Shape;
  const db = laterDatabase(file, shape, {
    assets: [asset('a1'), asset('a2'), asset('a3')],
    run_job_candidates: [candidate('c1', { output_path: 'out/a1.png', final_output_path: 'out/a2.png' })],
  });
  db.exec(`UPDATE run_jobs SET selected_candidate = 1`);
  if (shape !== 'missing') {
    insertRows(db, 'provider_accounts', [account('k', 'sample-not-a-key'), account('l', '')]);
    insertRows(db, 'style_guides', [
      known('g', { name: 'g', specs_json: '{"x":1}' }),
      known('h', { name: 'h', specs_json: '{"cut":' }),
      known('i', { name: 'i', specs_json: '{"n": NaN}' }),
    ]);
    insertRows(db, 'reference_sets', [known('s', { title: 's', notes: 'n' })]);
    const ends = { project_id: 'p', parent_asset_id: 'a3', created_at: 't' };
    insertRows(db, 'asset_links', [
      { id: 'odd', child_asset_id: 'a3', link_type: 'derived_from', ...ends },
      { id: 'right', child_asset_id: 'a1', link_type: 'mask_for', ...ends },
    ]);
  }
  for (const { id, phase } of kroma.migrations) if (phase === 1 || phase === 4) applyMigration(db, id);
  return db;
});
const unmet = (db: Db, mayBeEdited = false) =>
  criteria.filter(({ check }) => !check(db, readSchema(db), { mayBeEdited }).met).map(({ id }) => id);

describe('the exit criteria of phase 4', () => {
  it.each<Shape>(['missing', 'first', 'dual'])('are all met at its end, from tables that are %s', (shape) => {
    const db = upgraded(shape);
    for (const criterion of criteria) {
      const result = criterion.check(db, readSchema(db));
      expect([criterion.id, result.met, result.summary]).toEqual([criterion.id, true, expect.any(String)]);
      expect(result.evidence.length).toBeGreaterThan(0);
    }
  });

  it('by schema are not met before', () => {
    const db = laterDatabase(path.join(folder, `${(files += 1)}.db`), 'first');
    const schema = criteria.filter(({ cost }) => cost === 'schema');

    expect(schema.filter(({ check }) => !check(db, readSchema(db)).met).map(({ id }) => id)).toEqual([
      'knowledge-columns',
      'knowledge-triggers',
    ]);
  });

  it.each<[string, string, string[]]>([
    ['a column is missing', 'ALTER TABLE prompt_templates DROP COLUMN version', ['knowledge-columns']],
    ['a table is missing', 'DROP TABLE prompt_templates', ['knowledge-columns']],
    ['a trigger is missing', 'DROP TRIGGER _phasewise_0006_style_guides_update_follows', ['knowledge-triggers']],
    ['the links trigger is missing', 'DROP TRIGGER _phasewise_0008_run_candidates_update', ['knowledge-triggers']],
    ['rules stand in the old column only', `UPDATE style_guides SET rules_json = '{}'`, ['knowledge-filled']],
    ['a set has lost its name', `UPDATE reference_sets SET name = NULL`, ['knowledge-filled']],
    ['notes are in no metadata', `UPDATE reference_sets SET metadata_json = '{}'`, ['knowledge-filled']],
    ['a JSON text is malformed', `UPDATE style_guides SET rules_json = '{x' WHERE id = 'g'`, ['knowledge-json']],
    ['a JSON text is blank', `UPDATE characters SET identity_constraints_json = ' '`, ['knowledge-json']],
    ['a malformed text is no longer noted', `DELETE FROM _phasewise_quarantine WHERE source_table = 'style_guides'`, ['knowledge-json']],
    ['a link is missing', `DELETE FROM asset_links WHERE id = 'c1:link'`, ['links-derived']],
    ['a link leads elsewhere', `UPDATE asset_links SET child_asset_id = 'a3' WHERE id = 'c1:link'`, ['links-derived']],
    ['the link of a job is missing', `UPDATE run_jobs SET final_asset_id = 'a3'`, ['links-derived']],
    ['a link has another type', `UPDATE asset_links SET link_type = 'cousin_of' WHERE id = 'right'`, ['links-sound']],
    ['a link leads to itself', `UPDATE asset_links SET child_asset_id = parent_asset_id WHERE id = 'right'`, ['links-sound']],
    ['a link leads to no file', `UPDATE asset_links SET child_asset_id = 'gone' WHERE id = 'right'`, ['links-sound']],
    ['a link is of another project', `UPDATE asset_links SET project_id = 'q' WHERE id = 'right'`, ['links-sound']],
    ['an odd link is no longer noted', `DELETE FROM _phasewise_quarantine WHERE source_table = 'asset_links'`, ['links-sound']],
  ])('notice when %s', (_, sql, expected) => {
    const db = upgraded();
    insertRows(db, 'characters', [known('x', { code: 'X', name: 'x' })]);
    const triggers = db.prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`).all();
    if (!sql.startsWith('DROP TRIGGER')) for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql);
    if (!sql.startsWith('DROP TRIGGER')) for (const trigger of triggers) db.exec(trigger.sql);

    const broken = sql.startsWith('DROP TABLE') || sql.startsWith('ALTER')
      ? criteria.filter(({ cost, check }) => cost === 'schema' && !check(db, readSchema(db)).met).map(({ id }) => id)
      : unmet(db);
    expect(broken).toEqual(expected);
  }); // prettier-ignore

  it('let newer programs take metadata back that only repeats the notes', () => {
    const db = upgraded();
    db.exec(`UPDATE reference_sets SET metadata_json = '{}'`);

    expect(unmet(db, true)).toEqual([]);
  });

  it('speak of what is there once the old columns are gone', () => {
    const db = upgraded();
    const triggers = rowsOf(
      db,
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name NOT GLOB '_phasewise_0008*'`,
    );
    for (const name of triggers.flat()) db.exec(`DROP TRIGGER ${String(name)}`);
    db.exec(`ALTER TABLE provider_accounts DROP COLUMN meta_json; ALTER TABLE style_guides DROP COLUMN specs_json;
      ALTER TABLE reference_sets DROP COLUMN title; DROP TABLE run_job_candidates`);

    expect(unmet(db)).toEqual([]);
    const summary = (id: string) => criteria.find((each) => each.id === id)?.check(db, readSchema(db)).summary;
    expect(summary('knowledge-filled')).toBe('The old columns are gone.');
    expect(summary('knowledge-triggers')).toBe('2 kinds of writes are carried over.');
  });

  it('ask for no followers of old columns once the new ones lead', () => {
    const db = upgraded();
    const triggers = rowsOf(
      db,
      `SELECT name FROM sqlite_schema WHERE type = 'trigger' AND name GLOB '_phasewise_000[46]*'`,
    );
    for (const name of triggers.flat()) db.exec(`DROP TRIGGER ${String(name)}`);
    expect(unmet(db)).toEqual(['knowledge-triggers']);

    recordAsApplied(db, '20260221_0025_cut_over');

    expect(unmet(db)).toEqual([]);
  });
});

/** A row in our own record, whatever else it asks for. */
function recordAsApplied(db: Db, id: string): void {
  const columns = db
    .prepare<[], { name: string; notnull: number }>(
      `SELECT name, "notnull" FROM pragma_table_info('_phasewise_migrations')`,
    )
    .all()
    .filter(({ name, notnull }) => name === 'id' || notnull === 1);
  const values = columns.map(({ name }) => (name === 'id' ? id : 0));
  db.prepare(
    `INSERT INTO _phasewise_migrations (${columns.map(({ name }) => name).join(', ')}) VALUES (${values.map(() => '?').join(', ')})`,
  ).run(values);
}

describe('keys in plain text', () => {
  it('are counted with a warning, and never shown', () => {
    const result = criteria.find(({ id }) => id === 'plain-keys')?.check(upgraded(), readSchema(upgraded()));

    expect(result).toMatchObject({
      met: true,
      summary: expect.stringMatching(/^Warning: 1 provider account keeps/) as string,
    });
    expect(JSON.stringify(result)).not.toContain('sample-not-a-key');
  });

  it('are listed by project and provider, and cleared where asked to, and nothing else', () => {
    const db = upgraded();
    const others = () => rowsOf(db, 'SELECT id, meta_json, config_json, updated_at FROM provider_accounts ORDER BY id');
    const before = others();

    expect(listPlainKeys(db)).toEqual([{ id: 'k', projectId: 'p', providerCode: 'k' }]);
    expect(clearPlainKeys(db, ['l', 'nobody'])).toBe(0);
    expect(clearPlainKeys(db, ['k', 'l'])).toBe(1);

    expect([countPlainKeys(db), valueOf(db, `SELECT count(*) FROM provider_accounts WHERE api_key = ''`)]).toEqual([
      0, 2,
    ]);
    expect(others()).toEqual(before);
    expect(db.pragma('secure_delete', { simple: true })).toBe(0);
  });

  it('are none where the column does not exist', () => {
    const db = upgraded('missing');

    expect([countPlainKeys(db), listPlainKeys(db), clearPlainKeys(db, ['k'])]).toEqual([0, [], 0]);
  });
});
