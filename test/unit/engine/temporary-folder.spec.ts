import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = realpathSync(temporaryFolder());
const place = (): string => mkdtempSync(path.join(folder, 'tmp-'));

/** In a process of its own, since SQLite reads its environment once: where we say it sorts, and where it does. */
// It removes the file as it makes it; some systems then show its number for a name.
const ASK = `
  import Database from 'better-sqlite3';
  import { readdirSync, readlinkSync } from 'node:fs';
  import { temporaryFolder, temporaryProblem } from '@engine/temporary-folder.ts';
  const linkOf = (fd) => { try { return readlinkSync('/proc/self/fd/' + fd); } catch { return ''; } };
  const sorting = () => {
    const db = new Database(':memory:');
    db.pragma('temp_store = 1');
    db.exec('CREATE TABLE a (b); PRAGMA cache_size = 10');
    db.exec('WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 30000) INSERT INTO a SELECT hex(randomblob(200)) FROM n');
    for (const _ of db.prepare('SELECT b FROM a ORDER BY b').iterate())
      return readdirSync('/proc/self/fd').map((fd) => /^(.*)[/](etilqs_|#).* [(]deleted[)]$/.exec(linkOf(fd))?.[1]).filter(Boolean);
  };
  let sorts, failed;
  try { sorts = sorting(); } catch (error) { failed = error.code; }
  console.log(JSON.stringify({ named: temporaryFolder(), problem: temporaryProblem(1, 2)?.code, details: temporaryProblem(1, 2)?.details, sorts, failed, short: temporaryProblem(2, 1)?.code }));`;

interface Told {
  readonly named: string | null;
  readonly problem?: string;
  readonly details?: Record<string, string>;
  readonly short?: string;
  readonly sorts?: string[];
  readonly failed?: string;
}

function ask(env: Record<string, string>): Told {
  const { SQLITE_TMPDIR: _, TMPDIR: __, ...others } = process.env;
  const aliases = path.join(root, 'test/support/engine/aliases.mjs');
  const { stdout, stderr } = spawnSync(
    process.execPath,
    ['--no-warnings', '--import', aliases, '--input-type=module', '-e', ASK],
    { cwd: root, env: { ...others, ...env }, encoding: 'utf8' },
  );
  if (stdout === '') throw new Error(stderr);
  return JSON.parse(stdout) as Told;
}

/** What SQLite passes over: names of nothing, and of files. */
function unusable(kind: 'missing' | 'a file'): string {
  const name = path.join(place(), 'x');
  if (kind === 'a file') writeFileSync(name, '');
  return name;
}

it.skipIf(process.platform !== 'linux').each<[string, () => { env: Record<string, string>; expected: string }]>([
  ['SQLITE_TMPDIR', () => both(place(), place(), 0)],
  ['TMPDIR, where the first is missing', () => both(unusable('missing'), place(), 1)],
  ['TMPDIR, where the first is a file', () => both(unusable('a file'), place(), 1)],
  [
    '/var/tmp, where both are missing',
    () => ({ ...both(unusable('missing'), unusable('missing'), 0), expected: '/var/tmp' }),
  ],
])('the folder for temporary files is the one that SQLite sorts in: %s', (_name, make) => {
  const { env, expected } = make();
  const told = ask(env);
  expect(told.named).toBe(expected);
  expect(told.sorts?.length).toBeGreaterThan(0);
  expect(new Set(told.sorts)).toEqual(new Set([expected]));
  expect([told.problem, told.short]).toEqual([undefined, 'E_TEMP_UNAVAILABLE']);
});

function both(first: string, second: string, which: 0 | 1) {
  return { env: { SQLITE_TMPDIR: first, TMPDIR: second }, expected: which === 0 ? first : second };
}

// Permission bits do not stop root, a folder of the kernel's does; nobody else would get that far.
it.skipIf(process.platform !== 'linux' || process.getuid?.() !== 0)(
  'a folder in which no file can be made, though it looks as if, is E_TEMP_UNAVAILABLE; SQLite could not sort there',
  () => {
    const told = ask({ SQLITE_TMPDIR: '/proc', TMPDIR: place() });
    expect(told.named).toBe('/proc');
    expect(told.failed).toMatch(/^SQLITE_(CANTOPEN|IOERR)/);
    expect(told.problem).toBe('E_TEMP_UNAVAILABLE');
    expect(told.details?.['folder']).toBe('/proc');
  },
);

it.skipIf(process.platform !== 'linux' || process.getuid?.() === 0)(
  'a folder that may not be written to is passed over',
  () => {
    const closed = path.join(place(), 'closed');
    mkdirSync(closed, { mode: 0o500 });
    const open = place();
    expect(ask({ SQLITE_TMPDIR: closed, TMPDIR: open })).toMatchObject({ named: open, sorts: [open] });
  },
);
