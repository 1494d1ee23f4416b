import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { findViolations, table } from '../../../build/boundaries.ts';
import { root } from '../../../build/layout.mjs';

let folder: string;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'boundaries-'));
  symlinkSync(path.join(root, 'node_modules'), path.join(folder, 'node_modules'), 'junction');
  plant(allowed);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** A tree in which every row of the table imports all that it may. */
const allowed = {
  'electron/shared/errors.ts': `import { z } from 'zod'; export const shared = z;`,
  'electron/shared/channels.ts': `import { shared } from './errors.ts'; export const channels = shared;`,
  'electron/engine/migration.ts': `export const migration = 1; export type Migration = number;`,
  'electron/engine/backup.ts': `import Database from 'better-sqlite3'; import { Umzug } from 'umzug'; import { shared } from '@shared/errors.ts'; import fs from 'node:fs'; export const backup = [Database, Umzug, shared, fs];`,
  'electron/engine/process.ts': `import pack from '../../migrations/kroma/pack.ts'; import { backup } from '@engine/backup.ts'; export const all = [pack, backup, import.meta.glob('../../migrations/*/pack.ts')];`,
  'electron/host/router.ts': `import { channels } from '@shared/channels.ts'; import type { Migration } from '@engine/migration.ts'; import type { Stats } from 'node:fs'; import { stat } from 'node:fs/promises'; import path from 'node:path'; export const router = [channels, path, stat]; export type M = [Migration, Stats];`,
  'electron/host/stats.ts': `import { statSync } from 'node:fs'; export const statsOf = statSync;`,
  'electron/browser-host/main.ts': `import { WebSocketServer } from 'ws'; import { router } from '@host/router.ts'; export const host = [WebSocketServer, router];`,
  'electron/cli/main.ts': `import { router } from '@host/router.ts'; export const cli = router;`,
  'electron/preload.ts': `import { contextBridge } from 'electron'; import { channels } from '@shared/channels.ts'; export const preload = [contextBridge, channels];`,
  'electron/shell/menu.ts': `import { Menu } from 'electron'; export const menu = Menu;`,
  'electron/main.ts': `import { app } from 'electron'; import { menu } from './shell/menu.ts'; import { router } from '@host/router.ts'; export const main = [app, menu, router];`,
  'renderer/main.tsx': `import '@mantine/core/styles.css'; import './main.css'; import { useState } from 'react'; import { create } from 'zustand'; import { useTable } from '@tanstack/react-table'; import { channels } from '@shared/channels.ts'; export const main = [useState, create, useTable, channels];`,
  'renderer/main.css': ``,
  'migrations/kroma/pack.ts': `import { own } from './paths.ts'; import { migration } from '@engine/migration.ts'; export default [own, migration, import.meta.glob('./*.ts')];`,
  'migrations/kroma/paths.ts': `export const own = 1;`,
  'migrations/kroma/20260101_0001_first.ts': `import { own } from './paths.ts'; import type { Migration } from '@engine/migration.ts'; export default own as Migration;`,
  'migrations/other/pack.ts': `export default 1;`,
  'test/unit/backup.spec.ts': `import { backup } from '@engine/backup.ts'; export default backup;`,
  'test/electron-standin/fixture/main.ts': `import { app } from 'electron'; export default app;`,
  'test/e2e/open.spec.ts': `import { test } from '@playwright/test'; export default test;`,
};

function plant(files: Record<string, string>) {
  for (const [file, source] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, file)), { recursive: true });
    writeFileSync(path.join(folder, file), source);
  }
}

it('accepts a tree in which every folder imports all that it may', async () => {
  expect(await findViolations(folder)).toEqual([]);
});

describe('rejects a planted import', () => {
  const planted: [rule: string, file: string, source: string][] = [
    ['shared', 'electron/shared/x.ts', `import fs from 'node:fs'; export default fs;`],
    ['shared', 'electron/shared/x.ts', `import { app } from 'electron'; export default app;`],
    [
      'shared',
      'electron/shared/x.ts',
      `import type { Migration } from '@engine/migration.ts'; export type X = Migration;`,
    ],
    [
      'engine-process',
      'electron/engine/process.ts',
      `import { router } from '@host/router.ts'; export default router;`,
    ],
    ['engine', 'electron/engine/x.ts', `import pack from '../../migrations/kroma/pack.ts'; export default pack;`],
    ['engine', 'electron/engine/x.ts', `export const x = await import('electron');`],
    ['engine', 'electron/engine/x.ts', `export * from '../../renderer/main.tsx';`],
    ['engine', 'electron/engine/x.ts', `import type { App } from 'electron'; export type X = App;`],
    ['host', 'electron/host/x.ts', `import { backup } from '@engine/backup.ts'; export default backup;`],
    ['host', 'electron/host/x.ts', `import { app } from 'electron'; export default app;`],
    [
      'browser-host',
      'electron/browser-host/x.ts',
      `import { main } from '../../renderer/main.tsx'; export default main;`,
    ],
    ['cli', 'electron/cli/x.ts', `import Database from 'better-sqlite3'; export default Database;`],
    ['preload', 'electron/preload.ts', `import fs from 'node:fs'; export default fs;`],
    [
      'shell',
      'electron/shell/x.ts',
      `import type { Migration } from '@engine/migration.ts'; export type X = Migration;`,
    ],
    ['shell', 'electron/main.ts', `import { main } from '../renderer/main.tsx'; export default main;`],
    ['renderer', 'renderer/x.tsx', `import { readFileSync } from 'node:fs'; export default readFileSync;`],
    [
      'renderer',
      'renderer/panels/x.tsx',
      `import { router } from '../../electron/host/router.ts'; export default router;`,
    ],
    ['renderer', 'renderer/x.tsx', `import { ipcRenderer } from 'electron'; export default ipcRenderer;`],
    [
      'migration',
      'migrations/kroma/20260102_0002_x.ts',
      `import first from './20260101_0001_first.ts'; export default first;`,
    ],
    ['migration', 'migrations/kroma/20260102_0002_x.ts', `import pack from '../other/pack.ts'; export default pack;`],
    [
      'migration',
      'migrations/kroma/20260102_0002_x.ts',
      `import { backup } from '@engine/backup.ts'; export default backup;`,
    ],
    ['migration', 'migrations/kroma/20260102_0002_x.ts', `import fs from 'node:fs'; export default fs;`],
    ['standin-fixture', 'test/electron-standin/fixture/x.ts', `export * from '../../../../electron/host/router.ts';`],
    [
      'standin',
      'test/electron-standin/x.ts',
      `import { menu } from '../../electron/shell/menu.ts'; export default menu;`,
    ],
    ['recorder', 'test/electron/support/recorder.cjs', `import fs from 'node:fs'; export default fs;`],
    ['e2e', 'test/e2e/x.spec.ts', `import { backup } from '../../electron/engine/backup.ts'; export default backup;`],
    ['electron-in-specs', 'test/unit/x.spec.ts', `import { app } from 'electron'; export default app;`],
    ['waiting', 'electron/host/x.ts', `import { statSync } from 'node:fs'; export default statSync;`],
    ['waiting', 'electron/host/x.ts', `import { statsOf } from './stats.ts'; export default statsOf;`],
    ['unresolvable', 'electron/host/x.ts', `import { gone } from './gone.ts'; export default gone;`],
    ['circular', 'electron/host/x.ts', `import { y } from './y.ts'; export const x = () => y;`],
    [
      'glob',
      'electron/engine/x.ts',
      `export default import.meta.glob<number>('../../migrations/*/pack.ts', { eager: true });`,
    ],
    ['glob', 'migrations/kroma/x.ts', `export default import.meta.glob(['./*.ts', '../other/*.ts']);`],
  ];

  it.each(planted)('%s: %s with %s', async (rule, file, source) => {
    if (rule === 'circular') plant({ 'electron/host/y.ts': `import { x } from './x.ts'; export const y = () => x;` });
    plant({ [file]: source });

    const violations = await findViolations(folder);
    expect(violations).toContainEqual(expect.objectContaining({ rule, from: file, why: expect.stringMatching(/\w/) }));
  });

  it('for each row of the table', () => {
    expect(new Set(planted.map(([rule]) => rule))).toEqual(
      new Set([...table.map(({ name }) => name), 'electron-in-specs', 'waiting', 'unresolvable', 'circular', 'glob']),
    );
  });
});

it('does not pass when there is nothing to check', async () => {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);

  await expect(findViolations(folder)).rejects.toThrow(/no source files/);
});
