import { execFileSync } from 'node:child_process';
import { linkSync, mkdirSync, mkdtempSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { endsOf, MAX_SOURCE_BYTES, openSourceFiles } from '@engine/source-files.ts';
import { describe, expect, it } from 'vitest';
import { codeOf } from '../../support/code-of.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** A project beside a database, with one log. */
function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const database = makeDatabase(home, 'CREATE TABLE t (a)', 'app.db');
  const root = path.join(home, 'project');
  const write = (name: string, content: string | Buffer) => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  };
  write('generated/projects/kites/runs/run_1.json', '{"a":1}');
  return { home, database, root, write, files: () => openSourceFiles(root, database) };
}

describe('the files that rows name', () => {
  it('are found by the whole path, else by its shorter and shorter ends', () => {
    const { files, root, database } = setUp();
    const log = { state: 'read', text: '{"a":1}', file: 'generated/projects/kites/runs/run_1.json' };

    for (const named of [
      'generated/projects/kites/runs/run_1.json',
      ' generated\\projects\\kites\\runs\\run_1.json ',
      '/srv/render/generated/projects/kites/runs/run_1.json',
      'D:/Art/generated/projects/kites/./runs//run_1.json',
      '../elsewhere/generated/projects/kites/runs/run_1.json',
    ])
      expect(files().read(named)).toEqual(log);
    const inner = openSourceFiles(path.join(root, 'generated/projects'), database);
    expect(inner.read('generated/projects/kites/runs/run_1.json')).toMatchObject({ file: 'kites/runs/run_1.json' });
    expect(files().read('generated/projects/kites/runs/run_2.json')).toEqual({ state: 'missing' });
  });

  it('are believed by their name alone only when their content says so', () => {
    const { root, database } = setUp();
    const runs = openSourceFiles(path.join(root, 'generated/projects/kites/runs'), database);

    expect(runs.read('other/place/run_1.json')).toEqual({ state: 'missing' });
    expect(runs.read('other/place/run_1.json', () => false)).toEqual({ state: 'missing' });
    expect(runs.read('other/place/run_1.json', (text) => text === '{"a":1}')).toMatchObject({ state: 'read' });
    expect(runs.read('run_1.json', () => true)).toMatchObject({ state: 'read' });
    expect([runs.has('run_1.json'), runs.has('kites/runs/run_1.json')]).toEqual([false, false]);
  });

  it('are never looked for outside of the folder', () => {
    const { home, root, files } = setUp();
    writeFileSync(path.join(home, 'secret.json'), 'secret');
    mkdirSync(path.join(root, 'links'));
    symlinkSync(path.join(home, 'secret.json'), path.join(root, 'links', 'out.json'));
    symlinkSync(home, path.join(root, 'links', 'home'));
    symlinkSync(path.join(root, 'generated'), path.join(root, 'links', 'in'));

    for (const named of [
      '../secret.json',
      'links/../../secret.json',
      path.join(home, 'secret.json'),
      'links/out.json',
      'links/home/secret.json',
      'x/../secret.json',
      'links\0/out.json',
    ])
      expect(files().read(named, () => true)).toEqual({ state: 'missing' });
    expect(files().read('links/in/projects/kites/runs/run_1.json')).toMatchObject({ state: 'read' });
  });

  it('are regular files, and never a part of the database: closing it would drop its locks', () => {
    const { home, database, root, files } = setUp();
    mkdirSync(path.join(root, 'odd/folder.json'), { recursive: true });
    execFileSync('mkfifo', [path.join(root, 'odd/pipe.json')]);
    writeFileSync(`${database}-wal`, '');
    linkSync(database, path.join(root, 'odd/linked.json'));
    linkSync(`${database}-wal`, path.join(root, 'odd/wal.json'));

    for (const name of ['folder', 'pipe', 'linked', 'wal'])
      expect(files().read(`odd/${name}.json`)).toEqual({ state: 'missing' });
    expect(openSourceFiles(home, database).read('home/app.db', () => true)).toEqual({ state: 'missing' });
  });

  it('are unreadable, with the reason, when they are too long or not UTF-8', () => {
    const { root, write, files } = setUp();
    write('runs/latin1.json', Buffer.from([0x22, 0xe9, 0x22]));
    write('runs/long.json', '');
    truncateSync(path.join(root, 'runs/long.json'), MAX_SOURCE_BYTES + 1);
    write('runs/bom.json', '\ufeff{}');

    expect(files().read('runs/latin1.json')).toMatchObject({ state: 'unreadable', reason: 'it is not UTF-8 text' });
    expect(files().read('runs/long.json')).toMatchObject({ state: 'unreadable', reason: 'it is longer than 64 MB' });
    expect(files().read('runs/bom.json')).toMatchObject({ text: '\ufeff{}' });
  });

  it('need a folder that is there', () => {
    const { home, database } = setUp();

    expect(codeOf(() => openSourceFiles(path.join(home, 'gone'), database))).toBe('E_SOURCE_FOLDER');
    expect(codeOf(() => openSourceFiles(database, database))).toBe('E_SOURCE_FOLDER');
  });

  it('keep no climbing and no drive in any end', () => {
    expect(endsOf('C:\\a\\..\\b/c.json')).toEqual([['b', 'c.json'], ['c.json']]);
    expect(endsOf('  ')).toEqual([]);
  });
});
