import { copyFileSync, chmodSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { normaliseSource, sha256, type Db, type IdentifiedMigration } from '@engine/migration.ts';
import { readSchema } from '@engine/schema.ts';
import { packs } from '../../../migrations/index.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { madeOnceOf } from '../../support/made-once.ts';
import { applyMigration, applyUpTo, contentOf, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { asset, candidate, exported, household, job, project, secret, user } from './rows.ts';

const folder = temporaryFolder();
let files = 0;
const newFile = () => path.join(folder, `${(files += 1)}.db`);

describe('the pack as data', () => {
  it('has its migrations in order, each with a checksum of its own', () => {
    expect(packs).toContain(kroma);
    const numbers = (phase: number) =>
      kroma.migrations.filter((each) => each.phase === phase).map(({ id }) => id.slice(9, 13));
    expect(kroma.migrations.map(({ phase }) => phase)).toEqual(kroma.migrations.map(({ phase }) => phase).toSorted());
    expect([1, 2, 3, 4, 5].map(numbers)).toEqual([
      ['0001', '0002', '0003', '0005', '0007', '0009', '0010', '0011', '0015', '0017'],
      ['0012', '0014', '0016'],
      [],
      ['0004', '0006', '0008', '0013'],
      ['0025', '0026', '0027', '0028'],
    ]);
    expect(new Set(kroma.migrations.map(({ checksum }) => checksum)).size).toBe(21);
    expect(kroma.migrations.every(({ phase, kind }) => kind === (phase === 5 ? 'contract' : 'expand'))).toBe(true);
    expect(kroma.migrations.every(({ what }) => what.length > 0)).toBe(true);
  });

  it('counts the files that migrations share in their checksums', () => {
    const ownChecksum = (text: string) => sha256(normaliseSource(text));
    const sources = import.meta.glob<string>('../../../migrations/kroma/20*.ts', {
      eager: true,
      import: 'default',
      query: '?raw',
    });
    const isWhole = ({ id, checksum }: IdentifiedMigration) =>
      checksum !== ownChecksum(sources[`../../../migrations/kroma/${id}.ts`] ?? '');

    const alone = kroma.migrations.filter((each) => !isWhole(each));
    expect(alone.map(({ id }) => id.slice(9, 13))).toEqual(['0017']);
  });

  it('names 25 canonical tables, all required indexes, and the approved extensions', () => {
    const columns = kroma.canonical.flatMap((table) =>
      table.columns.map((column) => ({ table: table.name, ...column })),
    );
    expect(kroma.canonical).toHaveLength(25);
    expect(kroma.canonical.flatMap(({ indexes }) => indexes)).toHaveLength(17);
    expect(kroma.canonical.filter(({ isExtension }) => isExtension).map(({ name }) => name)).toEqual([
      'project_snapshots',
    ]);
    expect(columns.filter(({ isExtension }) => isExtension)).toHaveLength(7 + 3 + 3 + 7);
    expect(columns.filter(({ isExtension }) => isExtension).map(({ table, name }) => `${table}.${name}`)).toEqual(
      expect.arrayContaining([
        ...['project_storage.total_bytes', 'project_storage.used_bytes', 'audit_events.target_type'],
        ...[
          'audit_events.target_id',
          'provider_accounts.api_key',
          'reference_sets.notes',
          'prompt_templates.updated_at',
        ],
      ]),
    );
    expect(columns.filter(({ isSensitive }) => isSensitive).map(({ name }) => name)).toEqual([
      'email',
      'secret_ciphertext',
      'kms_key_ref',
      'api_key',
    ]);
  });

  it('has plain words for every issue reason that its migrations give', () => {
    const sources = import.meta.glob<string>(['../../../migrations/kroma/*.ts', '../../../migrations/kroma/*/*.ts'], {
      eager: true,
      import: 'default',
      query: '?raw',
    });
    const words =
      /(?:reason: |THEN |^ {2})'((?:key|username|owner|project|run|settings|meta|same|address|orphan|slot|file|set|link|json)-[a-z-]+)'/gm;
    const given = Object.values(sources).flatMap((source) => [...source.matchAll(words)].map(([, reason]) => reason));
    expect([...new Set(given)].filter((reason) => !(String(reason) in kroma.issueReasons))).toEqual([]);
    expect(given).toContain('slot-taken');
  });

  it('knows every marker of the original, and none of them is an id of ours but those that carry plan names', () => {
    expect(kroma.ledger.knownMarkers).toHaveLength(22);
    expect(kroma.migrations.map(({ id }) => id).filter((id) => kroma.ledger.knownMarkers.includes(id))).toEqual([
      '20260221_0003_project_storage_table',
      ...['20260221_0012_quality_reports', '20260221_0014_cost_events', '20260221_0016_audit_events'],
      ...['20260221_0004_provider_accounts', '20260221_0006_creative_knowledge', '20260221_0008_asset_links'],
      '20260221_0013_prompt_templates',
    ]);
  });
});

/** Everything that the original's upgrade was measured to make, less what its defects made of it. */
const measured = {
  'legacy-small': { candidates: 202, finals: 80, storage: 3, mostNewFiles: 20, choiceFinals: 76, links: 56 },
  'legacy-medium': {
    candidates: 19805,
    finals: 4557 + 113,
    storage: 27,
    mostNewFiles: 411,
    choiceFinals: 4557,
    links: 2877,
  },
  'baseline-wrong-columns': {
    candidates: 222,
    finals: 86,
    storage: 4,
    mostNewFiles: 11,
    choiceFinals: 86,
    links: 121 + 6,
  },
};

describe.each(Object.entries(measured))(
  'the shared file %s',
  { skip: sharedFile('kroma', 'dual.db') === null },
  (name, figures) => {
    it('ends with the measured numbers, every account closed, and applied again it changes nothing', () => {
      const file = newFile();
      copyFileSync(sharedFile('kroma', `${name}.db`) ?? '', file);
      chmodSync(file, 0o600);
      const db = new Database(file);
      db.pragma('synchronous = OFF');
      const assetsBefore = Number(valueOf(db, 'SELECT count(*) FROM assets'));
      const expanding = kroma.migrations.filter(({ phase }) => phase <= 4);
      const findings = expanding.flatMap(({ id }) => applyMigration(db, id)?.findings ?? ['stopped']);

      expect(findings).toEqual([]);
      expect(valueOf(db, 'SELECT count(*) FROM run_candidates')).toBe(figures.candidates);
      expect(valueOf(db, 'SELECT count(*) FROM run_jobs WHERE final_asset_id IS NOT NULL')).toBe(figures.finals);
      expect(valueOf(db, 'SELECT count(*) FROM project_storage')).toBe(figures.storage);
      expect(valueOf(db, 'SELECT count(*) FROM project_exports WHERE export_asset_id IS NULL')).toBe(0);
      // The original also registers files that are there under another spelling (D10), so it makes more of them.
      const registered = Number(
        valueOf(db, `SELECT count(*) FROM assets WHERE metadata_json = '{"source":"phase3_backfill"}'`),
      );
      expect(Number(valueOf(db, 'SELECT count(*) FROM assets'))).toBe(assetsBefore + registered);
      expect(registered).toBeLessThanOrEqual(figures.mostNewFiles);
      const chosen = `SELECT count(*) FROM run_jobs AS j JOIN run_candidates AS c ON c.job_id = j.id AND c.candidate_index = j.selected_candidate_index
      WHERE j.final_asset_id = coalesce(c.final_asset_id, c.output_asset_id)`;
      expect(valueOf(db, chosen)).toBe(figures.choiceFinals);
      expect(valueOf(db, 'SELECT count(*) FROM asset_links')).toBe(figures.links);

      const before = contentOf(db);
      for (const { id } of expanding) applyMigration(db, id);
      expect(contentOf(db)).toBe(before);
      db.close();
    });
  },
);

describe('exit criteria', () => {
  const [baseline, core] = [0, 1].map(
    (number) => kroma.phases.find((phase) => phase.number === number)?.exitCriteria ?? [],
  );
  const upgraded = madeOnceOf(folder, (file): Db => {
    const db = legacyDatabase(file, {
      ...household,
      projects: [
        project('p', { settings_json: '{"storage":{"local":{"base_dir":"art"}}}' }),
        project('q', { user_id: 'gone' }),
      ],
      run_jobs: [job('j', { selected_candidate: 1, meta_json: '{"prompt":"a"}' })],
      run_job_candidates: [
        candidate('c1', { output_path: 'out\\x', final_output_path: 'out/y' }),
        candidate('c2', { job_id: 'gone' }),
      ],
      assets: [asset('a1', { rel_path: 'out/x' })],
      project_exports: [exported('e1')],
      project_api_secrets: [secret('s1')],
    });
    applyUpTo(db, '20260221_0017');
    return db;
  });
  const unmet = (db: Db, criteria = core) =>
    (criteria ?? []).filter(({ check }) => !check(db, readSchema(db)).met).map(({ id }) => id);

  it('of phase 1 are all met at its end, with evidence', () => {
    const db = upgraded();
    for (const criterion of core ?? []) {
      const result = criterion.check(db, readSchema(db));
      expect([criterion.id, result.met, result.summary]).toEqual([criterion.id, true, expect.any(String)]);
      expect(result.evidence.length).toBeGreaterThan(0);
    }
  });

  it('of phase 1 are not met before', () => {
    const db = legacyDatabase(newFile(), household);

    expect(
      unmet(
        db,
        core?.filter(({ cost }) => cost === 'schema'),
      ),
    ).toEqual(['core-columns', 'core-indexes', 'core-triggers']);
  });

  it.each<[string, string, string[]]>([
    ['a column is missing', 'ALTER TABLE runs DROP COLUMN finished_at', ['core-columns']],
    ['an index is missing', 'DROP INDEX idx_run_jobs_run_id_status', ['core-indexes']],
    ['a trigger is missing', 'DROP TRIGGER _phasewise_0009_runs_update', ['core-triggers']],
    ['a value stands in the old column only', `UPDATE runs SET run_mode = ''`, ['core-filled']],
    [
      'a prompt-less job lost its file',
      `UPDATE run_jobs SET final_output = 'out/x', final_asset_id = NULL`,
      ['core-filled'],
    ],
    ['a user is missing', 'DELETE FROM app_users', ['users-accounted', 'references-clean']],
    ['a candidate is missing', 'DELETE FROM run_candidates', ['candidates-accounted']],
    ['a storage row is missing', 'DELETE FROM project_storage', ['storage-complete']],
    [
      'a candidate leads to another file',
      `UPDATE run_candidates SET output_asset_id = final_asset_id`,
      ['paths-resolved'],
    ],
    ['a candidate leads to no file', `UPDATE run_candidates SET output_asset_id = NULL`, ['paths-resolved']],
    [
      'a candidate leads to a file that is gone',
      `UPDATE run_candidates SET output_asset_id = 'gone'`,
      ['paths-resolved', 'references-clean'],
    ],
    ['an account does not add up', `UPDATE _phasewise_backfills SET moved = moved + 1`, ['accounts-close']],
    [
      'an issue row was removed',
      `DELETE FROM _phasewise_quarantine`,
      ['candidates-accounted', 'accounts-close', 'references-clean'],
    ],
  ])('of phase 1 notice when %s', (_, sql, expected) => {
    const db = upgraded();
    const triggers = db
      .prepare<[], { name: string; sql: string }>(`SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'`)
      .all();
    if (!sql.startsWith('DROP')) for (const { name } of triggers) db.exec(`DROP TRIGGER ${name}`);
    db.exec(sql);
    if (!sql.startsWith('DROP')) for (const trigger of triggers) db.exec(trigger.sql);

    expect(unmet(db)).toEqual(expected);
  });

  it('of phase 0 want a whole file, a readable ledger and a recorded backup', () => {
    const db = upgraded();
    expect(unmet(db, baseline)).toEqual(['backup-recorded']);

    db.exec(`INSERT INTO _phasewise_runs VALUES ('r', 't', NULL, NULL, 1, 'running', '0', '${'a'.repeat(64)}')`);
    expect(unmet(db, baseline)).toEqual([]);

    db.exec('DROP TABLE schema_migrations');
    expect(unmet(db, baseline)).toEqual(['ledger-readable']);
  });
});

it('leaves old columns and tables as they are', () => {
  const rows = {
    ...household,
    users: [user('u')],
    assets: [asset('a1', { meta_json: '' })],
    run_job_candidates: [candidate('c1', { output_path: ' out\\a1.png ' })],
    project_exports: [exported('e1')],
  };
  const db = legacyDatabase(newFile(), rows);
  const old = () =>
    [
      'users',
      'run_job_candidates',
      "SELECT id, project_id, asset_kind, rel_path, sha256, meta_json, created_at FROM assets WHERE id = 'a1'",
      'SELECT id, mode, model, meta_json FROM runs',
      'SELECT id, selected_candidate, final_output, meta_json FROM run_jobs',
    ].map((what) => rowsOf(db, what.startsWith('SELECT') ? what : `SELECT * FROM ${what}`));
  const before = old();

  applyUpTo(db, '20260221_0017');

  expect(old()).toEqual(before);
});
