import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { clearPlainSecrets, listPlainSecrets } from '@engine/plain-secrets.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { buildBaseline } from '../../support/kroma/baseline.ts';
import { foldersOf, upgradeHere, withDatabase } from '../../support/kroma/upgrade.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const keysIn = (file: string): string[] =>
  withDatabase(file, (db) => db.prepare<[], string>('SELECT api_key FROM provider_accounts ORDER BY id').pluck().all());

it('clears keys in plain text behind a backup that still holds them, notes it, and never shows one', async () => {
  const file = path.join(temporaryFolder(), 'keys.db');
  const db = new Database(file);
  buildBaseline(db, { isHopeless: false });
  db.close();
  await upgradeHere(file);
  const before = keysIn(file);
  const listed = await listPlainSecrets(file, [kroma]);
  expect(listed.owners).toHaveLength(before.filter((key) => key !== '').length);
  expect(before.some((key) => key !== '' && JSON.stringify(listed).includes(key))).toBe(false);

  const input = { path: file, ...foldersOf(file), appVersion: '0.0.0-test', runId: 'clear-1' };
  const stages = new Set<string>();
  const { cleared, backup } = await clearPlainSecrets(input, [kroma], ({ stage, canCancel }) => {
    stages.add(`${stage} ${canCancel}`);
  });

  expect([...stages]).toEqual(['copying true', 'proving true', 'writing false', 'checking false']);

  expect(cleared).toBe(listed.owners.length);
  expect(keysIn(file)).toEqual(before.map(() => ''));
  expect(keysIn(backup?.path ?? '')).toEqual(before);
  withDatabase(file, (now) =>
    expect(
      now.prepare(`SELECT payload_json FROM audit_events WHERE event_code = 'phasewise.keys_cleared'`).pluck().get(),
    ).toBe(`{"accounts":${cleared}}`),
  );
  expect(await codeOfPromise(clearPlainSecrets(input, [kroma]))).toBe('E_NOTHING_TO_DO');
});
