import { copyFileSync, mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DatabaseStatus } from '@shared/status.ts';
import { identify } from '@engine/identity.ts';
import { times } from './support/effort.ts';
import { buildInputsCli, buildInputsEngine, startEngine } from './support/engine.ts';
import {
  everywhere,
  makeSandbox,
  openFolder,
  refusals,
  runInput,
  type Sandbox,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** Names that some layer below could read as another name. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();

const named = (name: string): Sandbox => makeSandbox(base, { name });

/** Looks under that name and makes sure that it was this very file. */
async function expectOpened(box: Sandbox): Promise<void> {
  const look = await engine.ask('inspect', { path: box.file, check: 'schema' });
  expect(look, JSON.stringify(box.file)).toMatchObject({ ok: true, value: { file: { path: box.file } } });
}

describe('F01: a name is taken exactly as it is', () => {
  const strange = [
    ['blanks inside', 'my  project file.db'],
    ['quotes and shell', `it's "a" ;$(touch x) \`y\` & | > < * ? [a-z] {b} ~ # !.db`],
    ['percent signs', '%2e%2e%2f%00.db'],
    ['parameters of an address', 'project.db?mode=ro&cache=shared#top'],
    ['an address', 'file:project.db?mode=memory'],
    ['a leading dash', '--help'],
    ['the name of a database in memory', ':memory:'],
    ['the name of the parent folder, almost', '...'],
    ['a backslash', 'C:\\project.db'],
    ['letters with marks, composed', '\u00e9\u00fc.db'],
    ['letters with marks, taken apart', 'e\u0301u\u0308.db'],
    ['an emoji', '🦊👩‍👩‍👧.db'],
    ['right-to-left override', 'abc\u202ebd.txt'],
    ['an invisible blank inside', 'pro\u200bject.db'],
    ['CJK and Hebrew', '四עברית.db'],
    ['227 bytes', `${'x'.repeat(224)}.db`],
    ['the end of a journal', 'project.db-journal'],
    ['the end of a log', 'project.db-wal'],
  ] as const;

  it.each(strange)('%s', async (_, name) => {
    const box = named(name);
    await expectOpened(box);
    expect(readdirSync(box.folder)).toEqual([name]);
  });

  it('with all of its work: an upgrade, its backup and its verdict', async () => {
    for (const name of ['file:project.db?mode=memory', `-it's "a" %s;🦊\u202e e\u0301.db`].slice(0, times(1, 2))) {
      const box = named(name);
      expect(await upgradeAndVerify(engine, box), name).toBeNull();
      expect(readdirSync(box.folder)).toEqual([name]);
    }
  });

  it('composed and taken-apart letters are two files', async () => {
    const box = named('\u00e9.db');
    const twin = { ...box, file: path.join(box.folder, 'e\u0301.db') };
    copyFileSync(box.file, twin.file);
    const other = identify(twin.file);

    await expectOpened(box);
    expect(identify(twin.file)).toEqual(other);
    await expectOpened(twin);
  });

  it('every byte from 1 to 255 but the slash: the very file, or E_PATH_UNSUPPORTED', async () => {
    const { folder, file, ...rest } = makeSandbox(base);
    const found: Record<number, string> = {};
    for (let byte = 1; byte < 256; byte += 1) {
      if (byte === 0x2f) continue;
      const bytes = Buffer.concat([Buffer.from(`${folder}/a`), Buffer.from([byte]), Buffer.from('b.db')]);
      renameSync(file, bytes);
      // What a program gets to hear of such a name: text, in which a byte that is no text became U+FFFD.
      const answer = await engine.ask('inspect', { path: bytes.toString('utf8'), check: 'schema' });
      renameSync(bytes, file);
      found[byte] = answer.ok ? 'opened' : answer.error.code;
    }
    const codes = (from: number, to: number) =>
      new Set(
        Object.entries(found)
          .filter(([byte]) => Number(byte) >= from && Number(byte) <= to)
          .map(([, code]) => code),
      );
    expect(codes(1, 31)).toEqual(new Set(['E_PATH_UNSUPPORTED']));
    expect(codes(32, 126)).toEqual(new Set(['opened']));
    expect(codes(127, 127)).toEqual(new Set(['E_PATH_UNSUPPORTED']));
    expect(codes(128, 255)).toEqual(new Set(['E_PATH_UNSUPPORTED']));
    expect(readdirSync(folder)).toEqual([path.basename(file)]);
    void rest;
  });

  it.each([
    ['255 bytes, which leaves no room for a journal', (box: Sandbox) => path.join(box.folder, `${'x'.repeat(252)}.db`)],
    ['256 bytes', (box: Sandbox) => path.join(box.folder, 'x'.repeat(256))],
    ['a path of 4,000 bytes', (box: Sandbox) => path.join(box.folder, `${'d'.repeat(199)}/`.repeat(20), 'x.db')],
    ['a path of a megabyte', (box: Sandbox) => path.join(box.folder, 'x/'.repeat(500_000))],
  ])('too long: %s', async (_, of) => {
    const box = makeSandbox(base);
    expect(await refusals(engine, { ...box, file: of(box) })).toEqual(everywhere('E_PATH_UNSUPPORTED'));
  });

  it('a real file below a path longer than SQLite takes is refused before SQLite sees it', async () => {
    const box = makeSandbox(base);
    const deep = path.join(box.folder, `${'d'.repeat(199)}/`.repeat(3));
    mkdirSync(deep, { recursive: true });
    copyFileSync(box.file, path.join(deep, 'x.db'));

    expect(await refusals(engine, { ...box, folder: deep, file: path.join(deep, 'x.db') })).toEqual(
      everywhere('E_PATH_UNSUPPORTED'),
    );
  });
});

describe('F02: blanks around a name, with a database of the name without them beside it', () => {
  const around = {
    blank: ' ',
    tab: '\t',
    newline: '\n',
    'no-break space': '\u00a0',
    'byte order mark': '\ufeff',
    'line separator': '\u2028',
  };

  it.each(Object.entries(around))('%s', async (_, white) => {
    for (const name of [`project.db${white}`, `${white}project.db`]) {
      const box = makeSandbox(base);
      const file = path.join(box.folder, name);
      copyFileSync(box.file, file);
      const decoy = identify(box.file);

      const isAtEnd = name.endsWith(white);
      const found = await refusals(
        engine,
        { ...box, file },
        { only: isAtEnd ? ['inspect', 'plan', 'run'] : ['inspect'] },
      );

      expect(new Set(Object.values(found))).toEqual(
        // Behind a folder's name a leading blank is a letter like others; a path that begins with one is not.
        new Set(isAtEnd || white.charCodeAt(0) < 32 ? ['E_PATH_UNSUPPORTED'] : [null]),
      );
      expect(identify(box.file)).toEqual(decoy);
    }
  });

  it('a relative path that begins with a blank', async () => {
    const box = makeSandbox(base);
    expect(await refusals(engine, { ...box, file: ' project.db' })).toEqual(everywhere('E_PATH_UNSUPPORTED'));
  });
});

describe('F03: a NUL ends no name early', () => {
  it('through the engine', async () => {
    const box = makeSandbox(base);
    for (const name of [`${box.file}\0`, `${box.file}\0.txt`, `\0${box.file}`]) {
      expect(await refusals(engine, { ...box, file: name })).toEqual(everywhere('E_PATH_UNSUPPORTED'));
    }
  });

  it('as a folder of backups or of locks', async () => {
    const box = makeSandbox(base);
    const before = readFileSync(box.file);
    const run = await engine.ask('run', runInput(box, { backupFolder: `${box.backupFolder}\0` }));
    const lock = await engine.ask('run', runInput(box, { lockFolder: `${box.lockFolder}\0` }));

    expect(run).toMatchObject({ ok: false, error: { code: 'E_BACKUP_FOLDER' } });
    expect(lock).toMatchObject({ ok: false, error: { code: 'E_DATA_FOLDER' } });
    expect(readFileSync(box.file)).toEqual(before);
  });
});

it('F01: the command line takes names as they are, behind --', async () => {
  const cli = await buildInputsCli();
  for (const name of ['--help', 'file:x.db?mode=ro']) {
    const box = named(name);
    const env = { ...process.env, PHASEWISE_HOME: path.join(path.dirname(box.folder), 'home') };
    const ended = spawnSync(process.execPath, [cli, 'status', '--json', '--', name], {
      cwd: box.folder,
      env,
      encoding: 'utf8',
    });
    expect(ended.status, ended.stdout + ended.stderr).toBe(0);
    const status = (JSON.parse(ended.stdout) as { status?: unknown }).status ?? JSON.parse(ended.stdout);
    expect((status as DatabaseStatus).file?.path ?? JSON.stringify(status)).toContain(box.file);
  }
});
void writeFileSync;
