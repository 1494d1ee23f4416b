import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { coded, safetyText, toAppError } from '@shared/errors.ts';
import { sha256File } from '@engine/fsync.ts';
import * as gate from '@engine/gate.ts';
import { requireNotInUse } from '@engine/not-in-use.ts';
import { placeStaged } from '@engine/restore-file.ts';
import { type FileProbe, type NewFile, stageByFile } from '@engine/restore-stage.ts';
import { codeOf } from '../../support/code-of.ts';
import { askOne, makeShop } from '../../support/engine/run-shop.ts';
import { folderState } from '../../support/folder-state.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Replacing a file takes it from under whoever uses it, so nobody may; and what was written meanwhile must not go. */

const folder = temporaryFolder();
const wasPlatform = process.platform;
const onPlatform = (value: string) => Object.defineProperty(process, 'platform', { value });
afterEach(() => {
  onPlatform(wasPlatform);
  vi.restoreAllMocks();
});

const sourceOf = (from: string): NewFile => ({ suffix: '', from, sha256: sha256File(from) });
function replace(target: string, source: NewFile, probe?: FileProbe): string | null {
  const about = { source: 'backup', backupPath: source.from, startedAt: '2026-01-01T00:00:00Z' } as const;
  return placeStaged(stageByFile(target, [source], about, probe), probe);
}
const errorOf = (act: () => unknown) => {
  try {
    act();
    return null;
  } catch (error) {
    return toAppError(error);
  }
};

describe('what another program writes while a file is replaced', () => {
  let target: string;
  let source: NewFile;
  beforeEach(() => {
    target = makeShop(folder);
    source = sourceOf(makeShop(folder));
  });
  const write = (): void => {
    new Database(target).exec(`INSERT INTO setting VALUES ('mine', 'written meanwhile')`).close();
  };

  it.each(['kept', 'intended', 'cleared'])('at "%s" stays, and nothing is left of the replacing', (point) => {
    const error = errorOf(() => replace(target, source, (at) => void (at === point && write())));

    expect(error).toMatchObject({ code: 'E_STATE_CHANGED', safety: safetyText.untouched });
    expect(askOne(target, `SELECT value FROM setting WHERE name = 'mine'`)).toBe('written meanwhile');
    expect(fs.readdirSync(path.dirname(target)).filter((name) => name.startsWith('shop.db'))).toEqual(['shop.db']);
  });

  it('in the very moment after it was copied stays too', () => {
    const rename = fs.renameSync;
    vi.spyOn(fs, 'renameSync').mockImplementation((from, to) => {
      rename(from, to);
      if (path.basename(String(to)) === 'shop.db' && to !== target) write();
    });

    expect(codeOf(() => replace(target, source))).toBe('E_STATE_CHANGED');
    expect(askOne(target, `SELECT value FROM setting WHERE name = 'mine'`)).toBe('written meanwhile');
  });

  it('is no reason to make a file where somebody has just taken it away', () => {
    const remove: FileProbe = (at) => void (at === 'intended' && fs.renameSync(target, `${target}.elsewhere`));

    expect(codeOf(() => replace(target, source, remove))).toBe('E_STATE_CHANGED');

    expect(fs.existsSync(target)).toBe(false);
    expect(fs.existsSync(intentFile(target))).toBe(false);
  });

  it('where another file took its place, what was kept of the first stays: it may be the only one', () => {
    const [sha256, other] = [sha256File(target), makeShop(folder)];
    const swap: FileProbe = (at) => void (at === 'intended' && fs.renameSync(other, target));

    const error = errorOf(() => replace(target, source, swap));

    const [kept = ''] = fs.readdirSync(path.dirname(target)).filter((name) => name.startsWith('shop.db repl'));
    expect(error).toMatchObject({ code: 'E_STATE_CHANGED', safety: safetyText.unknown });
    expect(error?.message).toContain(kept);
    expect(sha256File(path.join(path.dirname(target), kept, 'shop.db'))).toBe(sha256);
  });

  it('a journal that appears in the last moment is not left beside a file that it is not of', () => {
    const appear: FileProbe = (at) => void (at === 'cleared' && fs.writeFileSync(`${target}-journal`, 'of a writer'));
    const sha256 = sha256File(target);

    expect(codeOf(() => replace(target, source, appear))).toBe('E_STATE_CHANGED');

    expect(sha256File(target)).toBe(sha256);
    expect(fs.readFileSync(`${target}-journal`, 'utf8')).toBe('of a writer');
    expect(fs.existsSync(intentFile(target))).toBe(false);
  });

  it('leaves its log where it is, as long as that was not set aside', () => {
    fs.writeFileSync(`${target}-wal`, 'of an older state');
    const append: FileProbe = (at) => void (at === 'intended' && fs.appendFileSync(target, 'written meanwhile'));

    expect(codeOf(() => replace(target, source, append))).toBe('E_STATE_CHANGED');

    expect(fs.readFileSync(`${target}-wal`, 'utf8')).toBe('of an older state');
    expect(fs.existsSync(intentFile(target))).toBe(false);
  });

  it('after its log was set aside is kept too, and the note says that something was begun', () => {
    fs.writeFileSync(`${target}-wal`, 'of an older state');
    const append: FileProbe = (at) => void (at === 'cleared' && fs.appendFileSync(target, 'written meanwhile'));

    expect(codeOf(() => replace(target, source, append))).toBe('E_RESTORE_UNFINISHED');

    expect(fs.readFileSync(target, 'latin1').endsWith('written meanwhile')).toBe(true);
    expect(fs.existsSync(intentFile(target))).toBe(true);
  });
});

describe('a file that another program uses, where only locks tell that', () => {
  const uses: [string, boolean, string][] = [
    ['reads', false, `db.exec('BEGIN'); db.prepare('SELECT count(*) FROM note').get()`],
    ['is about to write', false, `db.exec('BEGIN IMMEDIATE')`],
    ['has it open in WAL mode', true, `db.prepare('SELECT count(*) FROM note').get()`],
    ['writes in WAL mode', true, `db.exec("BEGIN IMMEDIATE; INSERT INTO setting VALUES ('a', 'b')")`],
  ];
  it.each(uses)('is not replaced while it %s', async (_, wal, body) => {
    const target = makeShop(folder, { wal });
    const source = sourceOf(makeShop(folder));
    const other = await otherProgram(target, body);
    const before = folderState(path.dirname(target));
    onPlatform('darwin');

    expect(codeOf(() => replace(target, source))).toBe('E_DB_IN_USE');

    expect(folderState(path.dirname(target))).toEqual(before);
    await other.kill();
  });

  it.each(['E_IO', 'E_NO_PERMISSION', 'E_NO_MEMORY', 'E_READONLY_FILE'] as const)(
    'who uses it is not known where asking ends with %s, and nobody is no answer',
    async (code) => {
      const target = makeShop(folder);
      const source = sourceOf(makeShop(folder));
      const other = await otherProgram(target, 'db.exec("BEGIN IMMEDIATE")');
      const before = folderState(path.dirname(target));
      onPlatform('darwin');
      const refused = coded(code, 'The question was refused.');
      if (code === 'E_READONLY_FILE')
        vi.spyOn(gate, 'passGate').mockReturnValue({ ...gate.passGate(target), readOnlyReason: refused.appError });
      else
        vi.spyOn(gate, 'passGate').mockImplementation(() => {
          throw refused;
        });

      expect(codeOf(() => replace(target, source))).toBe(code);

      expect(folderState(path.dirname(target))).toEqual(before);
      await other.kill();
    },
  );

  it.each(['log', 'journal'])('nothing is played into one with a %s beside it', async (which) => {
    const target = makeShop(folder, { wal: which === 'log', extra: manyRows(2_000) });
    const body = which === 'log' ? `db.exec("UPDATE setting SET value = 'x'")` : dieInTheMiddleOfAWrite;
    const other = await otherProgram(target, body);
    await other.kill();
    const before = folderState(path.dirname(target));

    requireNotInUse(target);

    expect(folderState(path.dirname(target))).toEqual(before);
  });

  it('nor is one said to be in use that SQLite cannot open', () => {
    const target = makeShop(folder);
    const handle = fs.openSync(target, 'r+');
    fs.writeSync(handle, Buffer.alloc(8, 0xff), 0, 8, 100); // where its list of tables begins
    fs.closeSync(handle);

    expect(codeOf(() => requireNotInUse(target))).toBeNull();
  });

  it('nor is one changed that SQLite can open', () => {
    const target = makeShop(folder, { wal: true });
    const before = sha256File(target);
    requireNotInUse(target);
    expect(sha256File(target)).toBe(before);
  });
});
