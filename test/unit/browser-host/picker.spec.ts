import { execFileSync } from 'node:child_process';
import { renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createDrives, type Drives } from '@host/drives.ts';
import { createPicker, isVisibleInside } from '../../../electron/browser-host/picker.ts';
import { describe, expect, it } from 'vitest';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';
import { codeOf, makeFolder, must } from '../host/scripted-host.ts';

const folder = temporaryFolder();
let count = 0;
function setUp() {
  const base = makeFolder(folder, `case-${(count += 1)}`);
  const allowed = makeFolder(base, 'allowed');
  const outside = makeFolder(base, 'outside');
  makeDatabase(allowed, 'CREATE TABLE t (x)', 'project.db');
  makeDatabase(outside, 'CREATE TABLE t (x)', 'private.db');
  return { base, allowed, outside };
}
async function open(...folders: string[]) {
  const picker = await createPicker({ folders, files: [] });
  const top = must(await picker.list(null));
  const token = top.entries[0]?.token ?? '';
  const inside = async () => must(await picker.list(token));
  const tokenOf = async (name: string) =>
    (await inside()).entries.find((entry) => entry.name === name)?.token ?? `no ${name}`;
  return { picker, top, token, inside, tokenOf };
}

describe('the file picker', () => {
  it('begins with the places it was allowed to show', async () => {
    const { allowed, outside } = setUp();
    const { top } = await open(allowed, outside, allowed, path.join(allowed, 'gone'));
    expect(top).toMatchObject({ isTop: true, parentToken: null });
    expect(top.entries.map(({ name, kind }) => [name, kind])).toEqual([
      [allowed, 'folder'],
      [outside, 'folder'],
    ]);
  });

  it('lists folders first, marks databases by their first bytes, and leaves hidden files out', async () => {
    const { allowed } = setUp();
    makeFolder(allowed, 'zeta');
    makeFolder(allowed, '.hidden');
    writeFileSync(path.join(allowed, '.secret.db'), 'x');
    writeFileSync(path.join(allowed, 'fake.db'), 'x'.repeat(1_000));
    writeFileSync(path.join(allowed, 'tiny.db'), 'SQLite format 3\0');
    symlinkSync(path.join(allowed, 'project.db'), path.join(allowed, '.alias.db'));
    execFileSync('mkfifo', [path.join(allowed, 'pipe.db')]);
    const { inside } = await open(allowed);
    const { entries, title } = await inside();
    expect(title).toBe(allowed);
    expect(entries.map(({ name, kind, looksLikeDatabase }) => [name, kind, looksLikeDatabase])).toEqual([
      ['zeta', 'folder', false],
      ['fake.db', 'file', false],
      ['project.db', 'file', true],
      ['tiny.db', 'file', false], // no database is as small as that
    ]);
  });

  it('lists as many as anybody reads, databases and folders before all others, and says that there are more', async () => {
    const { allowed } = setUp();
    for (let number = 0; number < 2_100; number += 1) writeFileSync(path.join(allowed, `file ${number}`), '');
    for (const name of ['Studio.SQLite', 'a.db3']) makeDatabase(allowed, 'CREATE TABLE t (x)', name);
    makeFolder(allowed, 'zeta');
    const { inside } = await open(allowed);
    const { entries, isCut } = await inside();
    expect(isCut).toBe(true);
    expect(entries).toHaveLength(2_000);
    expect(entries.filter(({ looksLikeDatabase }) => looksLikeDatabase).map(({ name }) => name)).toEqual([
      'a.db3',
      'project.db',
      'Studio.SQLite',
    ]);
    expect(entries[0]).toMatchObject({ name: 'zeta', kind: 'folder' });
  });

  it('says of a folder that is listed whole that nothing more is in it', async () => {
    const { allowed } = setUp();
    const { top, inside } = await open(allowed);
    expect([top, await inside()]).toMatchObject([
      { isCut: false, silent: [] },
      { isCut: false, silent: [] },
    ]);
  });

  it('names what does not answer, and waits neither for it nor for links into it', async () => {
    const { base, allowed } = setUp();
    const away = makeFolder(allowed, 'nas');
    symlinkSync(path.join(base, 'allowed', 'nas', 'deep'), path.join(allowed, 'shortcut'));
    const asked: string[] = [];
    const look: Drives = (file) => {
      asked.push(file);
      if (file === path.join(allowed, 'shortcut')) throw new Error('the folder itself would count as silent');
      return file.startsWith(away) ? Promise.resolve('silent') : stat(file).catch(() => 'nothing');
    };
    const picker = await createPicker({ folders: [allowed], files: [] }, look);
    const { entries } = must(await picker.list(null));

    const listing = must(await picker.list(entries[0]?.token ?? ''));

    expect(listing.entries.map(({ name }) => name)).toEqual(['project.db']);
    expect(listing.silent).toEqual(['nas', 'shortcut']);
  });

  it('lists what could not be asked, as nobody knows that it does not answer, and goes where a person says', async () => {
    const { base, allowed } = setUp();
    makeFolder(allowed, 'usb', 'deep');
    symlinkSync(path.join(base, 'allowed', 'usb'), path.join(allowed, 'shortcut'));
    makeDatabase(path.join(allowed, 'usb'), 'CREATE TABLE t (x)', 'on usb.db');
    const driveOf = (file: string): string => /^.*allowed.usb|^.away.../.exec(file)?.[0] ?? '/';
    const ask = (file: string) => (file.startsWith('/away') ? new Promise<never>(() => {}) : stat(file));
    const look = createDrives({ limitMs: 500, own: () => ['/'], driveOf, ask });
    await Promise.all(['/away/n1', '/away/n2'].map((file) => look(file)));
    const picker = await createPicker({ folders: [allowed], files: [] }, look);
    const token = must(await picker.list(null)).entries[0]?.token ?? '';

    const { entries, silent } = must(await picker.list(token));

    expect(silent).toEqual([]);
    const unknown = { kind: 'folder', sizeBytes: null, modifiedAt: null, looksLikeDatabase: false };
    expect(entries).toMatchObject([
      { name: 'shortcut', ...unknown },
      { name: 'usb', ...unknown },
      { name: 'project.db' },
    ]);
    const inside = must(await picker.list(entries[1]?.token ?? ''));
    expect(inside.entries).toMatchObject([{ name: 'deep' }, { name: 'on usb.db', looksLikeDatabase: true }]);
  });

  it('does not go where a drive has fallen silent since it was listed', async () => {
    const { allowed } = setUp();
    makeFolder(allowed, 'nas');
    let isSilent = false;
    const look: Drives = (file) => (isSilent ? Promise.resolve('silent') : stat(file).catch(() => 'nothing'));
    const picker = await createPicker({ folders: [allowed], files: [] }, look);
    const { token = '' } = must(await picker.list(null)).entries[0] ?? {};
    isSilent = true;

    const answers = [await picker.list(token), await picker.resolve(token)];

    expect(answers.map(codeOf)).toEqual(['E_TIMEOUT', 'E_TIMEOUT']);
    expect(must(await picker.list(null))).toMatchObject({ entries: [], silent: [allowed] });
  });

  it('gives paths for tokens it has shown, and for nothing else', async () => {
    const { allowed, outside } = setUp();
    const { picker, tokenOf } = await open(allowed);
    expect(must(await picker.resolve(await tokenOf('project.db')))).toBe(path.join(allowed, 'project.db'));
    for (const token of ['', '/etc/passwd', '../outside/private.db', outside, 'x'.repeat(22), '__proto__']) {
      expect(codeOf(await picker.resolve(token))).toBe('E_NOT_FOUND');
      expect(codeOf(await picker.list(token))).toBe('E_NOT_FOUND');
    }
  });

  it('leads up to the allowed folder and no further', async () => {
    const { allowed } = setUp();
    makeFolder(allowed, 'deep');
    const { picker, inside, tokenOf, token } = await open(allowed);
    expect((await inside()).parentToken).toBeNull();
    expect(must(await picker.list(await tokenOf('deep'))).parentToken).toBe(token);
    expect((await (await open('/')).inside()).parentToken).toBeNull(); // it is above itself
  });

  it('says of a token that names no folder, or nothing any more, what it says of an unknown one', async () => {
    const { allowed } = setUp();
    const { picker, tokenOf } = await open(allowed);
    const file = await tokenOf('project.db');
    expect(codeOf(await picker.list(file))).toBe('E_NOT_FOUND');
    rmSync(path.join(allowed, 'project.db'));
    expect([codeOf(await picker.list(file)), codeOf(await picker.resolve(file))]).toEqual([
      'E_NOT_FOUND',
      'E_NOT_FOUND',
    ]);
  });

  it('does not follow links out of the allowed places or into hidden ones', async () => {
    const { allowed, outside } = setUp();
    makeFolder(allowed, '.ssh');
    symlinkSync(outside, path.join(allowed, 'way-out'));
    symlinkSync(path.join(outside, 'private.db'), path.join(allowed, 'private.db'));
    symlinkSync(path.join(allowed, '.ssh'), path.join(allowed, 'keys'));
    symlinkSync(path.join(allowed, 'project.db'), path.join(allowed, 'alias.db'));
    const { inside } = await open(allowed);
    expect((await inside()).entries.map(({ name }) => name)).toEqual(['alias.db', 'project.db']);
  });

  it('refuses a token whose file was since replaced by a way out', async () => {
    const { allowed, outside } = setUp();
    makeFolder(allowed, 'folder');
    const { picker, tokenOf } = await open(allowed);
    const [file, inner] = [await tokenOf('project.db'), await tokenOf('folder')];
    rmSync(path.join(allowed, 'project.db'));
    symlinkSync(path.join(outside, 'private.db'), path.join(allowed, 'project.db'));
    renameSync(path.join(allowed, 'folder'), path.join(allowed, 'moved'));
    symlinkSync(outside, path.join(allowed, 'folder'));
    expect(codeOf(await picker.resolve(file))).toBe('E_NOT_FOUND');
    expect(codeOf(await picker.list(inner))).toBe('E_NOT_FOUND');
  });

  it('shows a single file that was named, without its folder', async () => {
    const { allowed, outside } = setUp();
    const picker = await createPicker({ folders: [allowed], files: [path.join(outside, 'private.db')] });
    const { entries } = must(await picker.list(null));
    expect(entries.map(({ kind }) => kind)).toEqual(['folder', 'file']);
    expect(must(await picker.resolve(entries[1]?.token ?? ''))).toBe(path.join(outside, 'private.db'));
  });

  it('knows inside from beside', () => {
    expect(isVisibleInside('/a/b', '/a/b')).toBe(true);
    expect(isVisibleInside('/a/b', '/a/b/c/d.db')).toBe(true);
    expect(isVisibleInside('/a/b', '/a/bc')).toBe(false);
    expect(isVisibleInside('/a/b', '/a')).toBe(false);
    expect(isVisibleInside('/a/b', '/a/b/.c/d.db')).toBe(false);
    expect(isVisibleInside('/home/me/.config/x', '/home/me/.config/x/y')).toBe(true); // it was named itself
    expect(isVisibleInside('/', '/a')).toBe(true);
  });
});
