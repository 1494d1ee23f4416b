import fs from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { requireSqliteVersion } from '@engine/connection.ts';
import type { Db } from '@engine/migration.ts';
import { root } from '../../../build/layout.mjs';
import { codeOf } from '../../support/code-of.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { everywhere, makeSandbox, openFolder, refusals } from './support/sandbox.ts';

const base = openFolder();
afterAll(() => fs.rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);

const ofVersion = (version: string) =>
  ({ prepare: () => ({ pluck: () => ({ get: () => version }) }) }) as unknown as Db;

it('V09: an older SQLite than the one we rely on is refused by name', () => {
  const codes = ['3.53.9', '3.8.11', '2.54.0', '3.54.0', '3.60.1', '4.0.0'].map((version) =>
    codeOf(() => requireSqliteVersion(ofVersion(version))),
  );
  expect(codes).toEqual(['E_RUNTIME_MISMATCH', 'E_RUNTIME_MISMATCH', 'E_RUNTIME_MISMATCH', null, null, null]);
});

it('V09: a process that has one answers so whatever it is asked, and touches no file', async () => {
  const preload = path.join(base, 'older-sqlite.cjs');
  fs.writeFileSync(
    preload,
    `const Module = require('node:module');
    const load = Module._load;
    Module._load = function (name, ...rest) {
      const found = load.call(this, name, ...rest);
      if (!/better-sqlite3$/.test(name) || found.isOlder) return found;
      const { prepare } = found.prototype;
      found.isOlder = true;
      found.prototype.prepare = function (sql) {
        return prepare.call(this, /sqlite_version/.test(sql) ? "SELECT '3.40.1'" : sql);
      };
      return found;
    };`,
  );
  const engine = startEngine({ env: { NODE_OPTIONS: `--require ${preload}` } });

  expect(await refusals(engine, makeSandbox(base))).toEqual(everywhere('E_RUNTIME_MISMATCH'));
});

it('V10: no package that we ship brings another SQLite', () => {
  const { packages } = JSON.parse(fs.readFileSync(path.join(root, 'package-lock.json'), 'utf8')) as {
    packages: Record<string, { dev?: boolean }>;
  };
  const shipped = Object.entries(packages).filter(([name, { dev }]) => dev !== true && /sql/i.test(name));
  expect(shipped.map(([name]) => name)).toEqual(['node_modules/better-sqlite3']);
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
