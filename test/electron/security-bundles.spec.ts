import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { root } from './support/builds.ts';
import { isRealElectron } from './support/fixtures.ts';

/** What stands in the bundles that are shipped, and in what packages them. Nothing is started but the command line. */
test.skip(isRealElectron, 'it looks at files only, and `npm run e2e` has done so');
const build = path.join(root, '.vite/build');
const windowFolder = path.join(root, '.vite/renderer/main_window');
const read = (...parts: string[]): string => readFileSync(path.join(...parts), 'utf8');
const bundle = (name: string): string => read(build, `${name}.cjs`);
const required = (source: string): string[] => [
  ...new Set([...source.matchAll(/\brequire\((["'])([^"']+)\1\)/g)].map(([, , name]) => name ?? '')),
];
const windowFiles = (...endings: string[]): string[] =>
  readdirSync(windowFolder, { recursive: true, encoding: 'utf8' }).filter((it) => endings.includes(path.extname(it)));

/** Names of things, and pages that error texts point to; nothing is loaded from any of them. */
const MENTIONED = ['www.w3.org', 'react.dev', 'mantine.dev'];

test('the preload bundle reaches Electron and nothing else', () => {
  expect(required(bundle('preload'))).toEqual(['electron']);
  expect(bundle('preload')).not.toMatch(/\beval\(|new Function\(|nodeIntegration/);
});

test('neither the main bundle nor the engine can open a connection', () => {
  const network = /^(node:)?(http|https|http2|net|tls|dgram|dns|dns\/promises|inspector|cluster)$/;
  for (const name of ['main', 'engine']) {
    expect(
      required(bundle(name)).filter((it) => network.test(it)),
      name,
    ).toEqual([]);
    expect(bundle(name), name).not.toMatch(
      /\bnew WebSocket\(|\bXMLHttpRequest\b|\bfetch\(["'`]|\bnet\.(fetch|request)\(/,
    );
  }
});

test('the window loads its own files only', () => {
  const page = read(windowFolder, 'index.html');
  const loaded = [...page.matchAll(/(?:src|href)="([^"]*)"/g)].map(([, address]) => address ?? '');
  expect(loaded.length).toBeGreaterThan(1);
  for (const address of loaded) expect(existsSync(path.join(windowFolder, address)), address).toBe(true);
  expect(page).not.toMatch(/<script(?![^>]*\bsrc=)|\son\w+=|javascript:/);

  const hosts = windowFiles('.js', '.css', '.html').flatMap((file) =>
    [...read(windowFolder, file).matchAll(/(?:https?|wss?):\/\/([\w.-]+)/g)].map(([, host]) => host ?? ''),
  );
  expect([...new Set(hosts)].filter((host) => !MENTIONED.includes(host))).toEqual([]);
  for (const file of windowFiles('.css'))
    expect(read(windowFolder, file), file).not.toMatch(/@import|url\(["']?https?:/);
});

test('the command line is an entry of its own for Node, which Electron is not needed for', () => {
  for (const name of ['cli', 'browser-host', 'engine']) expect(required(bundle(name)), name).not.toContain('electron');
  expect(bundle('main')).not.toMatch(/["'`/]cli\.cjs/);
  const said = execFileSync(process.execPath, [path.join(build, 'cli.cjs'), '--version'], { encoding: 'utf8' });
  expect(said).toMatch(/\d+\.\d+\.\d+/);
});

test('the fuses are set in the packaging configuration, each of them', () => {
  const set = [...read(root, 'forge.config.ts').matchAll(/\[FuseV1Options\.(\w+)\]: (true|false)/g)];
  expect(Object.fromEntries(set.map(([, fuse, value]) => [fuse, value === 'true']))).toEqual({
    RunAsNode: false,
    EnableCookieEncryption: true,
    EnableNodeOptionsEnvironmentVariable: false,
    EnableNodeCliInspectArguments: false,
    EnableEmbeddedAsarIntegrityValidation: true,
    OnlyLoadAppFromAsar: true,
    GrantFileProtocolExtraPrivileges: false,
  });
});

test('every item of SECURITY.md names tests that exist', () => {
  const rows = read(import.meta.dirname, 'SECURITY.md')
    .split('\n')
    .filter((line) => line.startsWith('| ') && !/^\| (Item|-)/.test(line));
  expect(rows.length).toBeGreaterThan(20);
  for (const row of rows) {
    const files = [...row.matchAll(/`([^`]+\.spec\.ts)`/g)].map(([, file]) => file ?? '');
    const names = [...row.matchAll(/"([^"]+)"/g)].map(([, name]) => name ?? '');
    expect(files.length, `a file in ${row}`).toBeGreaterThan(0);
    expect(names.length, `a test in ${row}`).toBeGreaterThan(0);
    const sources = files.map((file) => read(root, file)).join('\n');
    for (const name of names) expect(sources.includes(`'${name}'`), `${name} in ${files.join(', ')}`).toBe(true);
  }
});
