import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import {
  copyFileSync,
  linkSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  truncateSync,
  unlinkSync,
} from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { passGate } from '@engine/gate.ts';
import { folderState } from '../../support/folder-state.ts';
import { codeOf } from '../../support/code-of.ts';
import { times } from './support/effort.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { CANNOT_MOUNT, canMount, mounting } from './support/namespace.ts';
import {
  canDo,
  everywhere,
  makeSandbox,
  openFolder,
  put,
  refusals,
  runInput,
  type Sandbox,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** What a path may lead to instead of one ordinary file that is a database. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();

/** As if the person had chosen `name` in the project's folder. */
const choosing = (box: Sandbox, name: string): Sandbox => ({ ...box, file: path.join(box.folder, name) });

describe('F04: symbolic links', () => {
  it('a link, and a chain of links, lead to the real file, which alone is shown and worked on', async () => {
    const box = makeSandbox(base);
    symlinkSync('project.db', path.join(box.folder, 'one'));
    symlinkSync('one', path.join(box.folder, 'two'));
    symlinkSync(box.folder, path.join(path.dirname(box.folder), 'by-folder'));

    for (const file of [path.join(box.folder, 'two'), path.join(path.dirname(box.folder), 'by-folder', 'one')]) {
      const look = await engine.ask('inspect', { path: file, check: 'schema' });
      expect(look).toMatchObject({ ok: true, value: { file: { path: box.file, name: 'project.db' } } });
    }
    expect(await upgradeAndVerify(engine, choosing(box, 'two'))).toBeNull();
    expect(readdirSync(box.folder)).toEqual(['one', 'project.db', 'two']); // no journal was left beside a link
  });

  it('a link to nothing and a link to itself are refused, and nothing is created where they lead', async () => {
    const box = makeSandbox(base);
    symlinkSync(path.join(box.folder, 'target.db'), path.join(box.folder, 'dangling.db'));
    symlinkSync('loop.db', path.join(box.folder, 'loop.db'));
    symlinkSync('ping.db', path.join(box.folder, 'pong.db'));
    symlinkSync('pong.db', path.join(box.folder, 'ping.db'));

    for (const name of ['dangling.db', 'loop.db', 'ping.db']) {
      expect(await refusals(engine, choosing(box, name)), name).toEqual(everywhere('E_NOT_FOUND'));
    }
  });

  it('a link that is turned to another database 10,000 times while it is opened: one of the two, never a mixture', async () => {
    const box = makeSandbox(base);
    const other = path.join(box.folder, 'other.db');
    copyFileSync(box.file, other);
    const db = new Database(other);
    db.exec("DELETE FROM schema_migrations WHERE version LIKE '%api_secrets'");
    db.close();
    const link = path.join(box.folder, 'link.db');
    const turn = (to: string): void => {
      symlinkSync(to, `${link}.new`);
      renameSync(`${link}.new`, link);
    };
    turn('project.db');
    const state = () => [box.file, other].map((file) => readFileSync(file));
    const before = state();
    let turns = 0;
    const turning = setInterval(() => {
      for (let i = 0; i < 1_000; i++) turn(turns++ % 2 ? 'project.db' : 'other.db');
    }, 1);
    const seen = new Set<string>();
    const mixed: string[] = [];
    for (let i = 0; i < times(10, 25) || turns < 10_000; i++) {
      const look = await engine.ask('inspect', { path: link, check: 'schema' });
      seen.add(look.ok ? look.value.file.name : look.error.code);
      // The name that is shown and the list of steps that was read are those of one file.
      if (look.ok && (look.value.file.name === 'other.db') !== (look.value.ledger.length === 2))
        mixed.push(`${look.value.file.name} with ${look.value.ledger.length} steps`);
    }
    clearInterval(turning);
    expect(mixed).toEqual([]);

    expect(
      [...seen].filter((each) => !['project.db', 'other.db', 'E_PATH_CHANGED', 'E_PATH_UNSUPPORTED'].includes(each)),
    ).toEqual([]);
    expect(state()).toEqual(before);
  });

  it('a link instead of the file when the upgrade begins: the file it was planned for is left alone', async () => {
    const box = makeSandbox(base);
    const plan = await engine.ask('plan', { path: box.file, toPhase: null, backupFolder: box.backupFolder });
    const fingerprint = plan.ok ? plan.value.fingerprint : '';
    const db = new Database(box.file);
    db.exec('CREATE TABLE mine (a)');
    db.close();
    renameSync(box.file, path.join(box.folder, 'moved.db'));
    symlinkSync('moved.db', box.file);
    const before = folderState(box.folder);

    const run = await engine.ask('run', runInput(box, { fingerprint }));

    expect(run).toMatchObject({ ok: false, error: { code: 'E_STATE_CHANGED' } });
    expect(folderState(box.folder)).toEqual(before);
  });
});

describe('F05 F06: what is no file of its own', () => {
  it('F05: a file with a second name anywhere', async () => {
    const box = makeSandbox(base);
    linkSync(box.file, path.join(path.dirname(box.folder), 'second.db'));

    expect(await refusals(engine, box)).toEqual(everywhere('E_MULTI_LINK'));
    unlinkSync(path.join(path.dirname(box.folder), 'second.db'));
    expect(await refusals(engine, box, { only: ['inspect'] })).toEqual({ inspect: null });
  });

  it('F06: folders, pipes, sockets and devices are refused without being opened', async () => {
    const box = makeSandbox(base);
    mkdirSync(path.join(box.folder, 'folder.db'));
    execFileSync('mkfifo', [path.join(box.folder, 'pipe.db')]);
    const server = createServer();
    await new Promise<void>((resolve) => void server.listen(path.join(box.folder, 'socket.db'), resolve));
    const isNode = canDo(`mknod '${box.folder}/block.db' b 7 99 && mknod '${box.folder}/char.db' c 1 5`);
    const names = ['folder.db', 'pipe.db', 'socket.db', ...(isNode ? ['block.db', 'char.db'] : [])];

    for (const file of [
      ...names.map((name) => path.join(box.folder, name)),
      '/dev/zero',
      '/dev/null',
      '/proc/self/mem',
    ]) {
      const found = await refusals(engine, { ...box, file });
      expect(Object.values(found), file).toEqual(
        Array.from(
          { length: 4 },
          () => (file.startsWith('/proc') ? expect.stringMatching(/^E_(IO|EMPTY)$/) : 'E_NOT_A_FILE') as string,
        ),
      );
    }
    server.close();
  });

  it('F06: a folder that becomes a pipe between two looks does not hang', async () => {
    const box = makeSandbox(base);
    const swapped = choosing(box, 'swapped.db');
    execFileSync('mkfifo', [`${swapped.file}.pipe`]);
    copyFileSync(box.file, `${swapped.file}.file`);
    let turns = 0;
    const turning = setInterval(() => {
      for (let i = 0; i < 50; i++) {
        const kind = turns++ % 2 ? 'pipe' : 'file';
        linkSync(`${swapped.file}.${kind}`, `${swapped.file}.new`);
        renameSync(`${swapped.file}.new`, swapped.file);
      }
    }, 1);
    for (let i = 0; i < 40; i++) {
      const startedAt = performance.now();
      const look = await engine.ask('inspect', { path: swapped.file, check: 'schema' });
      expect(performance.now() - startedAt).toBeLessThan(2_000);
      if (!look.ok)
        expect(['E_NOT_A_FILE', 'E_MULTI_LINK', 'E_PATH_CHANGED', 'E_NOT_FOUND']).toContain(look.error.code);
    }
    clearInterval(turning);
  });
});

describe('F07 F08: what is no database', () => {
  const fileOf = (content: Buffer | string): Sandbox => {
    const box = makeSandbox(base);
    put(box.file, content);
    return box;
  };
  const whole = (): Buffer => readFileSync(makeSandbox(base).file);
  const zip = Buffer.concat([Buffer.from('PK\u0003\u0004'), randomBytes(8_188)]);

  it.each<[string, string, () => Buffer | string]>([
    ['0 bytes', 'E_EMPTY', () => ''],
    ['1 byte', 'E_NOT_SQLITE', () => 'x'],
    ['the first byte of a database', 'E_TRUNCATED', () => 'S'],
    ['a header alone', 'E_TRUNCATED', () => whole().subarray(0, 100)],
    ['511 bytes', 'E_TRUNCATED', () => whole().subarray(0, 511)],
    [
      'a header and zeros',
      'E_CORRUPT',
      () => Buffer.concat([whole().subarray(0, 100), Buffer.alloc(whole().length - 100)]),
    ],
    ['text', 'E_NOT_SQLITE', () => 'Dear reader, '.repeat(1_000)],
    ['a zip', 'E_NOT_SQLITE', () => zip],
    [
      'a database of SQLite 2',
      'E_NOT_SQLITE',
      () => '** This file contains an SQLite 2.1 database **'.padEnd(4_096, '\0'),
    ],
    ['noise in whole pages, as encrypted databases are', 'E_ENCRYPTED', () => randomBytes(8_192)],
    ['zeros', 'E_NOT_SQLITE', () => Buffer.alloc(8_192)],
    ['0xff', 'E_NOT_SQLITE', () => Buffer.alloc(8_192, 0xff)],
    ['a text in UTF-16', 'E_NOT_SQLITE', () => Buffer.from('\ufeffSQLite format 3', 'utf16le')],
  ])('%s: %s', async (_, code, make) => {
    expect(await refusals(engine, fileOf(make()))).toEqual(everywhere(code));
  });

  it('F07: an empty file of a terabyte is no reason to read it', async () => {
    const box = fileOf('');
    truncateSync(box.file, 2 ** 40);

    expect(await refusals(engine, box)).toEqual(everywhere('E_NOT_SQLITE'));
  });

  it('F09: a small database in a sparse file of a terabyte is refused by its length, not read', async () => {
    const box = makeSandbox(base);
    truncateSync(box.file, 2 ** 40);

    expect(await refusals(engine, box)).toEqual(everywhere('E_SIZE_MISMATCH'));
  });
});

describe('F13 F14: where it lies', () => {
  it.each([0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x01021997])(
    'F13: a network drive (magic %i) may be looked at, not written',
    (magic) => {
      const box = makeSandbox(base);
      const gated = passGate(box.file, () => ({ magic, name: null }));

      expect(gated.readOnlyReason).toMatchObject({ code: 'E_NETWORK_FS' });
      expect(codeOf(() => passGate(box.file, () => ({ magic: 0xef53, name: null })).readOnlyReason)).toBeNull();
    },
  );

  it.skipIf(!canMount)(
    `F14: two paths that lead to one file are one database with one lock (${CANNOT_MOUNT})`,
    async () => {
      // As in a folder that ignores case: the names differ, the file is the same. Casefold itself needs an ext4 of its own.
      const box = makeSandbox(base);
      const twin = path.join(path.dirname(box.folder), 'Twin');
      mkdirSync(twin);
      const both = startEngine({ prefix: mounting(`mount --bind '${box.folder}' '${twin}'`) });
      let second: Promise<unknown> | undefined;
      const rival = startEngine({ prefix: mounting(`mount --bind '${box.folder}' '${twin}'`) });
      await rival.pid();
      const holder = await both.pid();

      const run = await both.ask('run', runInput(box), {
        onEvent: (event) => {
          if (event.type !== 'backup' || second) return;
          process.kill(holder, 'SIGSTOP'); // for longer than the other one waits
          second = rival
            .ask('run', runInput({ ...box, file: path.join(twin, 'project.db') }))
            .finally(() => process.kill(holder, 'SIGCONT'));
        },
      });

      expect(run).toMatchObject({ ok: true, value: { ok: true } });
      expect(await second).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });
    },
  );
});
