import path from 'node:path';
import { describe, expect, it } from 'vitest';
import {
  applyMigration,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
} from '../../support/run-migration.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { household, secret } from './rows.ts';

const id = '20260221_0005_secrets_key_ref';
const folder = temporaryFolder();
let files = 0;
const open = (secrets: ReturnType<typeof secret>[]) =>
  legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, project_api_secrets: secrets });
const references = 'SELECT id, key_ref, kms_key_ref FROM project_api_secrets ORDER BY id';

describe('filling', () => {
  it('copies the reference, also an empty one, and never touches the old column or the secret', () => {
    const db = open([secret('s1'), secret('s2', { key_ref: '' }), secret('s3', { key_ref: 'kms://α' })]);

    expect(applyMigration(db, id)).toEqual({ accounts: { 'key-references': '3 / 0 / 0' }, findings: [] });

    expect(rowsOf(db, references)).toEqual([
      ['s1', 'local-master', 'local-master'],
      ['s2', '', ''],
      ['s3', 'kms://α', 'kms://α'],
    ]);
    expect(rowsOf(db, 'SELECT DISTINCT secret_ciphertext FROM project_api_secrets')).toEqual([['x']]);
  });

  it('keeps a reference that is there', () => {
    const db = open([secret('s1'), secret('s2')]);
    db.exec(
      `ALTER TABLE project_api_secrets ADD COLUMN kms_key_ref TEXT; UPDATE project_api_secrets SET kms_key_ref = 'own' WHERE id = 's1'`,
    );

    expect(applyMigration(db, id)?.accounts).toEqual({ 'key-references': '1 / 1 / 0' });

    expect(rowsOf(db, references)).toEqual([
      ['s1', 'local-master', 'own'],
      ['s2', 'local-master', 'local-master'],
    ]);
  });

  it('fills and reports a secret of a project that does not exist', () => {
    const db = open([secret('s1', { project_id: 'gone' })]);

    expect(applyMigration(db, id)?.accounts).toEqual({ 'key-references': '0 / 0 / 1' });

    expect(issuesOf(db, 'project_api_secrets')).toEqual(['s1: project-missing']);
    expect(rowsOf(db, references)).toEqual([['s1', 'local-master', 'local-master']]);
  });

  it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
    const secrets = ['s1', 's2', 's3'].map((name) => secret(name));
    const whole = open(secrets);
    applyMigration(whole, id);
    for (let chunks = 0; chunks <= 3; chunks++) {
      const db = open(secrets);
      expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
      applyMigration(db, id, { chunkRows: 1 });
      applyMigration(db, id);
      expect(contentOf(db)).toBe(contentOf(whole));
    }
  });

  it('is found out when a reference is missing', () => {
    const db = open([secret('s1')]);
    applyMigration(db, id);
    db.exec('UPDATE project_api_secrets SET kms_key_ref = NULL');

    expect(findingsOf(db, id)).toEqual(['1 secrets whose key is named in the old column only']);
  });
});

it('follows what an older program writes, and keeps what a newer one gives', () => {
  const db = open([secret('s1')]);
  applyMigration(db, id);
  const insert = (columns: string, values: string) =>
    db.exec(`INSERT OR REPLACE INTO project_api_secrets (id, project_id, provider_code, secret_name, secret_ciphertext, created_at, updated_at${columns})
      VALUES (${values})`);

  db.exec(`UPDATE project_api_secrets SET key_ref = 'next' WHERE id = 's1'`);
  insert('', `'s2', 'p', 'openai', 's2', 'x', 't', 't'`);
  insert(', key_ref, kms_key_ref', `'s3', 'p', 'openai', 's3', 'x', 't', 't', 'old', 'new'`);

  expect(rowsOf(db, references)).toEqual([
    ['s1', 'next', 'next'],
    ['s2', 'local-master', 'local-master'],
    ['s3', 'old', 'new'],
  ]);
});
