import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { requireSqliteVersion } from '@engine/connection.ts';
import type { Db } from '@engine/migration.ts';
import { root } from '../../../build/layout.mjs';
import { codeOf } from '../../support/code-of.ts';

const ofVersion = (version: string) =>
  ({ prepare: () => ({ pluck: () => ({ get: () => version }) }) }) as unknown as Db;

it('V09: an older SQLite than the one we rely on is refused by name', () => {
  const codes = ['3.53.9', '3.8.11', '2.54.0', '3.54.0', '3.60.1', '4.0.0'].map((version) =>
    codeOf(() => requireSqliteVersion(ofVersion(version))),
  );
  expect(codes).toEqual(['E_RUNTIME_MISMATCH', 'E_RUNTIME_MISMATCH', 'E_RUNTIME_MISMATCH', null, null, null]);
});

it('V10: no file of ours loads a second SQLite', () => {
  const sources = ['electron', 'migrations'].flatMap((folder) =>
    fs
      .readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' })
      .filter((name) => name.endsWith('.ts'))
      .map((name) => path.join(root, folder, name)),
  );
  const second = sources.filter((file) =>
    /(from|import\(|require\()\s*['"](node:sqlite|sqlite3|sql\.js)['"]/.test(fs.readFileSync(file, 'utf8')),
  );

  expect(sources.length).toBeGreaterThan(100);
  expect(second).toEqual([]);
});
