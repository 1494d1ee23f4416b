import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backupDatabase, listAllBackups, listBackups, verifyBackup } from '@engine/backups.ts';
import { writeIntent } from '@engine/intent.ts';
import { decideRetention, newestFirst, WHY, whyNotRemove } from '@engine/retention.ts';
import { removeBackup, tidyBackups } from '@engine/tidy.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';
import { backup as record } from '../renderer/values.ts';

const folder = temporaryFolder();
const pack = shopPack();
const packs = [pack];

const make = (id: string, change: Partial<BackupRecord> = {}): BackupRecord =>
  record({ id, path: `/b/${id}.db`, folder: '/b', reason: 'by hand', ...change });
const ids = (backups: readonly BackupRecord[]) => backups.map(({ id }) => id).join(' ');

describe('which backups may go (R12)', () => {
  const first = make('first', { reason: 'before phase 1' });
  const all = [make('d'), make('c'), make('b'), make('a', { reason: 'before phase 2' }), first];
  const goodOf = (...good: string[]) => new Set(good.map((id) => `/b/${id}.db`));
  const needed = new Map<string, string>();

  it.each([
    [1, 'd first', 'c b a'],
    [2, 'd c first', 'b a'],
    [9, 'd c b a first', ''],
    [0, 'd first', 'c b a'],
  ])('with a budget of %i', (keep, kept, removed) => {
    const decision = decideRetention({ backups: all, good: goodOf('a', 'b', 'c', 'd', 'first'), needed }, keep);
    expect([ids(decision.keep.map(({ backup }) => backup)), ids(decision.remove)]).toEqual([kept, removed]);
  });

  it('with a damaged one from before the first upgrade, which stays beside the oldest good one', () => {
    const decision = decideRetention({ backups: all, good: goodOf('d', 'a'), needed }, 1);
    expect(decision.keep.map(({ backup, why }) => [backup.id, why])).toEqual([
      ['d', WHY.newest],
      ['a', WHY.original],
      ['first', WHY.earliest],
    ]);
  });

  it('counts only those that were read again just now: the newest good one stays, not the newest', () => {
    const decision = decideRetention({ backups: all, good: goodOf('b', 'first'), needed }, 1);
    expect(ids(decision.remove)).toBe('a');
    expect(decision.keep.map(({ why }) => why)).toEqual([WHY.newer, WHY.newer, WHY.newest, WHY.original]);
  });

  it('keeps those of a file at another place, the newest good one of every folder, and all while nobody can be asked', () => {
    const elsewhere = make('e', { databasePath: '/other/place.db' });
    const databasePath = make('d').databasePath;
    const kin = { backups: [make('d'), elsewhere, make('c')], good: goodOf('d', 'c', 'e'), needed, databasePath };
    expect(ids(decideRetention(kin, 1).remove)).toBe('c');
    expect(whyNotRemove(kin, elsewhere)).toBe(WHY.elsewhere);

    const usb = make('u', { folder: '/usb', path: '/usb/u.db', createdAt: '2030-01-01T00:00:00.000Z' });
    const merged = { backups: [usb, make('d'), make('c')], good: new Set([usb.path, ...goodOf('d', 'c')]), needed };
    expect(ids(decideRetention(merged, 1).remove)).toBe('c');

    const ofRun = make('r', { runId: 'run' });
    const unsure = { backups: [make('d'), ofRun, make('c')], good: goodOf('d', 'r', 'c'), needed, isUnsure: true };
    expect(ids(decideRetention(unsure, 1).remove)).toBe('c');
    const beforeRestore = make('r', { reason: 'before restore' });
    expect(ids(decideRetention({ ...unsure, backups: [make('d'), beforeRestore] }, 1).remove)).toBe('');
  });

  it('what is missing is no backup again without its entry, and that goes only by name', () => {
    const gone = make('g', { state: 'missing' });
    const stock = { backups: [...all, gone], good: goodOf('d', 'c', 'b', 'a'), needed };
    const kept = decideRetention(stock, 1).keep.find(({ backup }) => backup === gone);
    expect([kept?.why, whyNotRemove(stock, gone)]).toEqual([WHY.missing, null]);
  });

  it('what is missing takes the place of none that is there', () => {
    const [gone, oldest] = [make('g', { state: 'missing' }), make('o', { state: 'missing', reason: 'before phase 1' })];
    const damaged = make('a', { state: 'broken', reason: 'before phase 2' });
    const stock = { backups: [gone, make('d'), damaged, oldest], good: goodOf('d'), needed };

    const there = decideRetention(stock, 1).keep.filter(({ backup }) => backup.state !== 'missing');

    expect(there.map(({ backup, why }) => [backup.id, why])).toEqual([
      ['d', WHY.newest],
      ['a', WHY.earliest],
    ]);
    const noGood = { ...stock, good: new Set<string>() };
    expect([whyNotRemove(noGood, gone), whyNotRemove(noGood, damaged)]).toEqual([null, WHY.noGood]);
  });

  it('lets nothing go, not even what is missing just now, while a restore was interrupted and its note cannot be read', () => {
    const gone = make('g', { state: 'missing' });
    const stock = { backups: [...all, gone], good: goodOf('d', 'c', 'b', 'a'), needed, isUnreadableIntent: true };
    expect(ids(decideRetention(stock, 1).remove)).toBe('');
    expect([make('c'), first, gone].map((each) => whyNotRemove(stock, each))).toEqual(Array(3).fill(WHY.unsure));
    expect(whyNotRemove({ ...stock, isUnreadableIntent: false }, gone)).toBeNull();

    const goneOfRun = make('gr', { state: 'missing', runId: 'run' });
    const unsure = { backups: [make('d'), goneOfRun, gone], good: goodOf('d'), needed, isUnsure: true };
    expect([goneOfRun, gone].map((each) => whyNotRemove(unsure, each))).toEqual([WHY.unsure, null]);
  });

  it('lets nothing go while none is good, and never what something unfinished needs', () => {
    expect(decideRetention({ backups: all, good: new Set(), needed }, 1).remove).toEqual([]);
    const pinned = new Map([['/b/c.db', 'needed']]);
    expect(ids(decideRetention({ backups: all, good: goodOf('d'), needed: pinned }, 1).remove)).toBe('b a');
    const stock = { backups: all, good: goodOf('d'), needed: pinned };
    expect(['d', 'c', 'b', 'first'].map((id) => whyNotRemove(stock, make(id)))).toEqual([
      WHY.newest,
      'needed',
      null, // one by one, and confirmed by typing, also the original
      null,
    ]);
  });

  it('V07: the order is that in which they were made, though the clock went back', () => {
    const one = make('one', { sequence: 1, createdAt: '2026-11-21T12:00:00Z' });
    const two = make('two', { sequence: 2, createdAt: '1999-01-01T00:00:00Z' });
    const old = make('old', { createdAt: '2026-11-20T00:00:00Z' });
    const elsewhere = make('elsewhere', { folder: '/c', sequence: 1, createdAt: '2026-11-21T13:00:00Z' });
    expect(ids(newestFirst([old, one, two, elsewhere]))).toBe('elsewhere two one old');
  });
});

const backUp = (file: string, reason = 'by hand'): Promise<BackupRecord> =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason, runId: null, appVersion: '0' }, packs);
const places = (file: string) => ({ databasePath: file, folders: [backupFolderOf(file)], needed: [] });
function flip(file: string): void {
  const handle = fs.openSync(file, 'r+');
  fs.writeSync(handle, Buffer.from([0xa5]), 0, 1, 5_000);
  fs.closeSync(handle);
}

describe('deleting backups', () => {
  it('tidying says first what would go, then deletes exactly that', async () => {
    const file = makeShop(folder);
    const [a, b, c] = [await backUp(file), await backUp(file), await backUp(file)];
    flip(c.path);

    const trial = await tidyBackups({ ...places(file), keep: 1, isTrial: true }, packs);
    expect(ids(trial.removed)).toBe(a.id);
    expect(trial.freedBytes).toBe(a.sizeBytes);
    expect(listBackups({ folders: [backupFolderOf(file)], databasePath: file })).toHaveLength(3);

    await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs);
    expect(ids(listBackups({ folders: [backupFolderOf(file)], databasePath: file }))).toBe(ids([c, b]));
    expect(fs.readdirSync(backupFolderOf(file)).filter((name) => name.startsWith(`${a.id}.`))).toEqual([]);
    expect(verifyBackup({ backupPath: b.path }).state).toBe('verified');
  });

  it('one that cannot be read just now is not good, and not noted as broken: the last good one stays', async () => {
    const file = makeShop(folder);
    const [good, unreadable] = [await backUp(file), await backUp(file)];
    const open = fs.openSync;
    vi.spyOn(fs, 'openSync').mockImplementation((name, flags, mode) => {
      if (name === unreadable.path) throw Object.assign(new Error(), { code: 'EMFILE', syscall: 'open' });
      return open(name, flags, mode);
    });

    const tidied = await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs);
    const refused = await codeOfPromise(removeBackup({ ...places(file), backupPath: good.path }, packs));
    vi.restoreAllMocks();

    expect(tidied.removed).toEqual([]);
    expect(tidied.kept.map(({ why }) => why)).toEqual([WHY.newer, WHY.newest]);
    expect(refused).toBe('E_BACKUP_NEEDED');
    const [after] = listBackups({ folders: [backupFolderOf(file)], databasePath: file });
    expect(after).toMatchObject({ id: unreadable.id, state: 'verified', lastCheck: null });
  });

  it('the last good one is refused, and so is the backup of a run that stopped in the file', async () => {
    const file = makeShop(folder);
    const only = await backUp(file);
    expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: only.path }, packs))).toBe(
      'E_BACKUP_NEEDED',
    );

    await upgradeShop(file, { pack, more: { probe: (point) => void (point === 'checked' && stop()) } });
    const ofRun = listBackups({ folders: [backupFolderOf(file)], databasePath: file })[0];
    await backUp(file);

    expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: ofRun?.path ?? '' }, packs))).toBe(
      'E_BACKUP_NEEDED',
    );
    await removeBackup({ ...places(file), backupPath: only.path }, packs);
    expect(isThere(only.path)).toBe(false);
  });

  it.skipIf(process.platform === 'win32')(
    'one that a link gives two names counts once, under either name',
    async () => {
      const file = makeShop(folder);
      const disk = path.join(path.dirname(file), 'disk');
      fs.mkdirSync(disk);
      fs.symlinkSync(disk, backupFolderOf(file));
      const made = [await backUp(file, 'before phase 1'), await backUp(file), await backUp(file)];
      const [first, middle, last] = made as [BackupRecord, BackupRecord, BackupRecord];
      const both = { databasePath: file, folders: [backupFolderOf(file), last.folder], needed: [] };
      const linked = ({ id }: BackupRecord) => path.join(backupFolderOf(file), `${id}.db`);

      expect((await listAllBackups(both, packs)).map((each) => each.path)).toEqual(
        made.toReversed().map((each) => each.path),
      );
      expect(await codeOfPromise(removeBackup({ ...both, backupPath: linked(last) }, packs))).toBe('E_BACKUP_NEEDED');
      const needed = [{ backupPath: linked(middle), why: 'A note names it.' }];
      const tidied = await tidyBackups({ ...both, needed, keep: 1, isTrial: false }, packs);
      expect(tidied.removed).toEqual([]);
      await removeBackup({ ...both, backupPath: linked(middle) }, packs);
      expect([first, middle, last].map((each) => isThere(each.path))).toEqual([true, false, true]);
    },
  );

  it('one that is needed by the run that made it stays', async () => {
    const file = makeShop(folder);
    const input = { path: file, folder: backupFolderOf(file), reason: 'before taking files in', appVersion: '0' };
    const ofRun = await backupDatabase({ ...input, runId: 'r1' }, packs);
    await backUp(file);
    const needed = [{ runId: 'r1', why: 'It was interrupted.' }];

    const tidied = await tidyBackups({ ...places(file), needed, keep: 1, isTrial: false }, packs);

    expect(tidied.kept.find(({ backup }) => backup.id === ofRun.id)?.why).toBe('It was interrupted.');
    expect(isThere(ofRun.path)).toBe(true);
  });

  it('that was begun and killed is ended by the next backup, and listed no more meanwhile', async () => {
    const file = makeShop(folder);
    const { id, path: backupPath } = await backUp(file);
    fs.renameSync(
      path.join(backupFolderOf(file), `${id}.json`),
      path.join(backupFolderOf(file), `${id}.json.removing`),
    );
    expect(listBackups({ folders: [backupFolderOf(file)], databasePath: null })).toEqual([]);

    const { id: newId } = await backUp(file, 'another');

    expect(isThere(backupPath)).toBe(false);
    expect(fs.readdirSync(backupFolderOf(file)).toSorted()).toEqual([`${newId}.db`, `${newId}.json`]);
  });
});

it('a deletion that cannot be ended keeps no other from it, and is told of when it is its own', async () => {
  const file = makeShop(folder);
  const [one, two, three] = [await backUp(file, 'one'), await backUp(file, 'two'), await backUp(file, 'three')];
  await backUp(file, 'four');
  const nameOf = ({ folder: into, id }: BackupRecord) => path.join(into, `${id}.json`);
  fs.renameSync(nameOf(one), `${nameOf(one)}.removing`);
  for (const { path: stuck } of [one, three]) {
    fs.rmSync(stuck);
    fs.mkdirSync(stuck); // as one that another program holds open on Windows
  }

  await removeBackup({ ...places(file), backupPath: two.path }, packs);
  expect(fs.readdirSync(two.folder).filter((name) => name.startsWith(two.id))).toEqual([]);
  expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: three.path }, packs))).toBe('E_BACKUP_FOLDER');

  // What is left goes with the next one, as soon as it can be removed, each for itself.
  fs.rmdirSync(three.path);
  await backUp(file, 'five');
  const isThereNow = [one, three].map((each) => isThere(`${nameOf(each)}.removing`));
  expect(isThereNow).toEqual([true, false]);
});

it('a backup that is being put back stays, also when the note that says so is torn', async () => {
  const file = makeShop(folder);
  const [being] = [await backUp(file), await backUp(file), await backUp(file)];
  fs.writeFileSync(intentFile(file), '{"format":"phasewise-restore 1",');

  const tidied = await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs);
  expect(tidied.removed).toEqual([]);
  expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: being.path }, packs))).toBe('E_BACKUP_NEEDED');
  expect(isThere(being.path)).toBe(true);
});

it('what is left of a deletion takes no newer backup of that name along, and nothing that others called so', async () => {
  const file = makeShop(folder);
  const backup = await backUp(file);
  const nameOf = (id: string) => path.join(backup.folder, `${id}.json`);
  fs.copyFileSync(nameOf(backup.id), `${nameOf(backup.id)}.removing`);
  const others = ['notes.db', 'notes.json.removing'];
  for (const name of others) fs.writeFileSync(path.join(backup.folder, name), '{}');

  await backUp(file);

  expect(verifyBackup({ backupPath: backup.path }).state).toBe('verified');
  expect(isThere(`${nameOf(backup.id)}.removing`)).toBe(false);
  expect(fs.readdirSync(backup.folder)).toEqual(expect.arrayContaining(others));
});

it.each([
  ['that is being put back', 'backupPath'],
  ['of what a restore replaced', 'beforePath'],
] as const)('the backup %s stays while that restore is unfinished', async (_, named) => {
  const file = makeShop(folder);
  const [needed, other, newest] = [await backUp(file), await backUp(file), await backUp(file)];
  writeIntent(file, {
    format: 'phasewise-restore 1',
    startedAt: '2026-01-01T00:00:00.000Z',
    databaseName: path.basename(file),
    ...{ way: 'in-place', source: 'backup', files: [], quarantine: null, sha256: newest.sha256 },
    ...{ backupPath: newest.path, beforePath: newest.path, [named]: needed.path },
  });

  const tidied = await tidyBackups({ ...places(file), keep: 1, isTrial: false }, packs);

  expect(ids(tidied.removed)).toBe(other.id);
  expect(await codeOfPromise(removeBackup({ ...places(file), backupPath: needed.path }, packs))).toBe(
    'E_BACKUP_NEEDED',
  );
  expect(isThere(needed.path)).toBe(true);
});

it('the backup of a run stays while the file cannot be asked whether that run came to its end', async () => {
  const file = makeShop(folder);
  await upgradeShop(file, { pack });
  const [ofRun] = listBackups({ folders: [backupFolderOf(file)], databasePath: file });
  await backUp(file);
  const backupPath = ofRun?.path ?? '';
  fs.truncateSync(file, 5_000); // damaged: nobody can look into it

  expect(await codeOfPromise(removeBackup({ ...places(file), backupPath }, packs))).toBe('E_BACKUP_NEEDED');
  expect(isThere(backupPath)).toBe(true);
});

const stop = (): never => {
  throw new Error('stopped by the test');
};
