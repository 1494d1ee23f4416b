import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, expect, it } from 'vitest';
import { problemsBeside } from '../../../build/packaging/dry-run/shipped.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-shipped-'));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

it('beside app.asar only the addon and the guides may be shipped', () => {
  const files = [
    'app.asar',
    'app.asar.unpacked/node_modules/better-sqlite3/prebuilds/linux-x64.node',
    'docs/user-guide.md',
    'docs/architecture.svg',
    'docs/pictures/plan.png',
  ];
  const strays = [
    'default_app.asar',
    'docs/notes.txt',
    'app.asar.unpacked/node_modules/better-sqlite3/prebuilds/win32-x64.node',
  ];
  for (const name of [...files, ...strays]) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), '');
  }
  expect(problemsBeside(folder, 'linux', 'x64').toSorted()).toEqual(
    strays.map((name) => `should not be beside app.asar: ${name}`).toSorted(),
  );
});
