import { execFileSync } from 'node:child_process';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { leaveHotJournal, lockPageOf, nameSuperJournal } from './support/journals.ts';
import { everywhere, makeSandbox, openFolder, refusals, type Sandbox, upgradeAndVerify } from './support/sandbox.ts';

/** Rollback journals, and whatever else can have the name of one. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();

describe('J08: what has the name of a sidecar and is none', () => {
  const disguises: Record<string, (sidecar: string) => void> = {
    'a link to another file': (sidecar) => {
      writeFileSync(path.join(path.dirname(sidecar), 'victim'), 'precious');
      symlinkSync('victim', sidecar);
    },
    'a link to nothing': (sidecar) => symlinkSync('nowhere', sidecar),
    'a folder': (sidecar) => mkdirSync(sidecar),
    'a pipe': (sidecar) => execFileSync('mkfifo', [sidecar]),
    'a hole of a terabyte': (sidecar) => {
      writeFileSync(sidecar, Buffer.from('d9d505f920a163d7', 'hex'));
      truncateSync(sidecar, 2 ** 40);
    },
    'a second name of another file': (sidecar) => {
      writeFileSync(path.join(path.dirname(sidecar), 'victim'), 'precious');
      execFileSync('ln', [path.join(path.dirname(sidecar), 'victim'), sidecar]);
    },
  };

  it.each(
    ['-journal', '-wal', '-shm'].flatMap((suffix) => Object.keys(disguises).map((kind) => [suffix, kind] as const)),
  )('%s: %s', async (suffix, kind) => {
    const box = makeSandbox(base);
    disguises[kind]?.(box.file + suffix);

    expect(await refusals(engine, box)).toEqual(everywhere('E_SIDECAR_UNSAFE'));
  });
});

/** A file whose last writer was killed, with a journal that names a file as that of a transaction over several files. */
function withSuperJournal(named: (box: Sandbox) => string): Sandbox {
  const box = makeSandbox(base);
  leaveHotJournal(box.file);
  nameSuperJournal(`${box.file}-journal`, named(box), lockPageOf(box.file));
  return box;
}

describe('J09: a journal made to have another file deleted', () => {
  it.each([
    ['with any name', 'precious.txt'],
    ['with the name of such a journal', 'project.db-mj0123456789'],
    ['with a name like it', 'x-mj0A1B2C3D9'],
  ])('the victim survives looking, a backup, upgrading and restoring: %s', async (_, name) => {
    const box = withSuperJournal(({ folder }) => path.join(folder, name));
    const victim = path.join(box.folder, name);
    writeFileSync(victim, 'precious');
    const before = folderState(box.folder);
    const { file, backupFolder, lockFolder } = box;
    const survives = (when: string): void => {
      expect(existsSync(victim) && readFileSync(victim, 'utf8'), when).toBe('precious');
      const others = readdirSync(box.folder).filter((each) => !each.startsWith('project.db') && each !== name);
      expect(others, when).toEqual([]);
    };

    const look = await engine.ask('inspect', { path: file, check: 'data' });
    expect(look).toMatchObject({ ok: true, value: { file: { needsRecovery: true } } });
    expect(folderState(box.folder)).toEqual(before);

    const byHand = { folder: backupFolder, reason: 'by hand', runId: null, appVersion: '0' };
    const made = await engine.ask('backup', { path: file, ...byHand });
    survives('after a backup');
    expect(await upgradeAndVerify(engine, box)).toBeNull();
    survives('after an upgrade');

    const other = withSuperJournal(() => victim);
    copyFileSync(other.file, file);
    copyFileSync(`${other.file}-journal`, `${file}-journal`);
    const backupPath = made.ok ? made.value.path : '';
    const input = { path: file, backupPath, backupFolder, lockFolder, appVersion: '0', allowForeign: false };
    expect(await engine.ask('restore', input)).toMatchObject({ ok: true });
    survives('after a restore');
  });
});

describe('J10: what a transaction over several files left', () => {
  it('its common journal is not removed while the other file still needs it', async () => {
    const box = makeSandbox(base);
    const other = path.join(box.folder, 'other.db');
    copyFileSync(box.file, other);
    const common = `${box.file}-mj012345678`;
    for (const file of [box.file, other]) {
      leaveHotJournal(file);
      nameSuperJournal(`${file}-journal`, common, lockPageOf(file));
    }
    writeFileSync(common, `${box.file}-journal\0${other}-journal\0`);
    const before = folderState(box.folder);
    const otherJournal = readFileSync(`${other}-journal`);

    const look = await engine.ask('inspect', { path: box.file, check: 'data' });
    expect(look).toMatchObject({ ok: true, value: { file: { needsRecovery: true } } });
    expect(folderState(box.folder)).toEqual(before);

    expect(await upgradeAndVerify(engine, box)).toBeNull();
    expect(existsSync(common)).toBe(true);
    expect(readFileSync(`${other}-journal`).equals(otherJournal)).toBe(true);
    const db = new Database(other);
    expect(db.prepare(`SELECT count(*) FROM assets WHERE id LIKE 'half %'`).pluck().get()).toBe(0);
    db.close();
  });

  it('a journal whose common journal is gone belongs to a transaction that was committed: nothing is undone', async () => {
    const box = withSuperJournal(({ file }) => `${file}-mj0BADBAD9`);
    const before = folderState(box.folder);

    const look = await engine.ask('inspect', { path: box.file, check: 'data' });

    expect(folderState(box.folder)).toEqual(before);
    // Here its writes were only half on the disk: a file that is told to be damaged, or one that is whole.
    expect(look.ok || ['E_CORRUPT'].includes(look.error.code)).toBe(true);
  });

  it('a common journal alone is left where it is', async () => {
    const box = makeSandbox(base);
    writeFileSync(`${box.file}-mj0123456789`, `${box.file}-journal\0`);

    expect(await upgradeAndVerify(engine, box)).toBeNull();
    expect(readdirSync(box.folder)).toEqual(['project.db', 'project.db-mj0123456789']);
  });
});

describe('J13: journals that were finished and kept', () => {
  it.each([
    ['PERSIST', 'PRAGMA journal_mode = PERSIST'],
    ['TRUNCATE', 'PRAGMA journal_mode = TRUNCATE'],
    ['MEMORY', 'PRAGMA journal_mode = MEMORY'],
    ['OFF', 'PRAGMA journal_mode = OFF'],
  ])('%s: no false alarm, nothing in the way of an upgrade', async (_, mode) => {
    const box = makeSandbox(base);
    const db = new Database(box.file);
    db.unsafeMode();
    db.exec(`${mode}; UPDATE users SET display_name = 'written in this mode'`);
    db.close();
    const before = folderState(box.folder);

    const look = await engine.ask('inspect', { path: box.file, check: 'data' });

    expect(look).toMatchObject({ ok: true, value: { file: { needsRecovery: false, inspectedVia: 'in-place' } } });
    expect(folderState(box.folder)).toEqual(before);
    if (mode.endsWith('PERSIST')) expect(await upgradeAndVerify(engine, box)).toBeNull();
  });

  it('a journal of zeros, of one byte, and of text', async () => {
    for (const content of [Buffer.alloc(4_096), Buffer.alloc(1), Buffer.from('not a journal')]) {
      const box = makeSandbox(base);
      writeFileSync(`${box.file}-journal`, content);
      const before = folderState(box.folder);

      const look = await engine.ask('inspect', { path: box.file, check: 'data' });

      expect(look).toMatchObject({ ok: true });
      expect(folderState(box.folder)).toEqual(before);
    }
  });
});
