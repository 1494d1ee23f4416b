import { mkdtempSync, readdirSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { lookAt, type Look } from '@engine/look.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { folderState } from '../../support/folder-state.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

const base = temporaryFolder();
const ownFolder = () => mkdtempSync(path.join(base, 'f-'));
const others: { kill(): Promise<void> }[] = [];
const start = async (file: string, body: string) => {
  const other = await otherProgram(file, body);
  others.push(other);
  return other;
};
afterEach(async () => {
  await Promise.all(others.splice(0).map((other) => other.kill()));
});

const privateFolders = () => readdirSync(tmpdir()).filter((name) => name.startsWith(`phasewise-look-${process.pid}-`));
const texts = ({ db }: Look) =>
  db.prepare<[], string>('SELECT DISTINCT substr(text, 1, 4) FROM many').pluck().all().toSorted();

/** Looks, and proves that nothing in the folder shows it. */
async function lookUnseen<T>(file: string, use: (look: Look) => T): Promise<T> {
  const before = folderState(path.dirname(file));
  const value = await lookAt(file, use);
  expect(folderState(path.dirname(file))).toEqual(before);
  expect(privateFolders()).toEqual([]);
  return value;
}

describe('looking leaves no trace', () => {
  it('at a file with a rollback journal, in place', async () => {
    const file = makeDatabase(ownFolder(), manyRows(10));

    expect(await lookUnseen(file, (look) => [look.via, look.needsRecovery, texts(look)])).toEqual([
      'in-place',
      false,
      ['row '],
    ]);
  });

  it('at a clean file in WAL mode', async () => {
    const file = makeDatabase(ownFolder(), `PRAGMA journal_mode = WAL; ${manyRows(10)}`);

    expect(await lookUnseen(file, ({ via }) => via)).toBe('private-copy');
    expect(readdirSync(path.dirname(file))).toEqual([path.basename(file)]);
  });

  it('at a WAL with frames that a killed program left, whose rows are seen', async () => {
    const file = makeDatabase(ownFolder(), `PRAGMA journal_mode = WAL; ${manyRows(10)}`);
    const other = await start(file, `db.exec("UPDATE many SET text = 'only in the WAL'")`);
    await other.kill();

    expect(readdirSync(path.dirname(file))).toHaveLength(3); // with -wal and -shm
    expect(await lookUnseen(file, texts)).toEqual(['only']);
  });

  it('at a WAL that another program has open and is writing to', async () => {
    const file = makeDatabase(ownFolder(), `PRAGMA journal_mode = WAL; ${manyRows(10)}`);
    await start(file, `db.exec("UPDATE many SET text = 'committed'; BEGIN; UPDATE many SET text = 'not yet'")`);

    expect(await lookUnseen(file, texts)).toEqual(['comm']);
  });

  it('at a hot journal: the half-written rows are undone in the copy only', async () => {
    const file = makeDatabase(ownFolder(), manyRows(3000));
    const other = await start(file, dieInTheMiddleOfAWrite);
    await other.kill();
    const raw = new Database(file, { readonly: true });
    expect(() => raw.prepare('SELECT count(*) FROM many').get()).toThrow(/readonly/); // it really is hot
    raw.close();

    const seen = await lookUnseen(file, (look) => [look.via, look.needsRecovery, texts(look)]);

    expect(seen).toEqual(['private-copy', true, ['row ']]);
  });

  it('at a file whose finished journal was kept (PERSIST): no false alarm', async () => {
    const file = makeDatabase(ownFolder(), `PRAGMA journal_mode = PERSIST; ${manyRows(10)}`);

    expect(readdirSync(path.dirname(file))).toHaveLength(2);
    expect(await lookUnseen(file, ({ via, needsRecovery }) => [via, needsRecovery])).toEqual(['in-place', false]);
  });

  it('at a file that a program is about to write to: its journal is not taken for a left-over', async () => {
    const file = makeDatabase(ownFolder(), manyRows(10));
    await start(file, `db.exec("BEGIN IMMEDIATE; UPDATE many SET text = 'not yet'")`);

    const seen = await lookUnseen(file, (look) => [look.via, look.needsRecovery, texts(look)]);

    expect(seen).toEqual(['in-place', false, ['row ']]);
  });

  it('when what looks fails', async () => {
    const file = makeDatabase(ownFolder(), `PRAGMA journal_mode = WAL; ${manyRows(10)}`);
    const fail = lookUnseen(file, ({ db }) => db.prepare('SELECT * FROM nothing').all());

    expect(await codeOfPromise(fail)).toBe('E_INTERNAL');
    expect(privateFolders()).toEqual([]);
  });
});

describe('what cannot be looked at', () => {
  it('a file that another program has locked is reported as busy within 3 s', async () => {
    const file = makeDatabase(ownFolder(), manyRows(10));
    await start(file, `db.exec('BEGIN EXCLUSIVE')`);
    const startedAt = performance.now();

    expect(await codeOfPromise(lookAt(file, () => null))).toBe('E_DB_BUSY');
    expect(performance.now() - startedAt).toBeLessThan(4_000);
  });

  it('a lock that ends in time is waited for', async () => {
    const file = makeDatabase(ownFolder(), manyRows(10));
    await start(file, `db.exec('BEGIN EXCLUSIVE'); setTimeout(() => db.exec('COMMIT'), 600);`);

    expect(await lookAt(file, texts)).toEqual(['row ']);
  });

  it('one snapshot is seen, whatever others commit meanwhile', async () => {
    const file = makeDatabase(ownFolder(), manyRows(10));

    const counts = await lookAt(file, ({ db }) => {
      const writer = new Database(file, { timeout: 0 });
      expect(() => writer.exec('DELETE FROM many')).toThrow(/locked/);
      writer.close();
      return db.prepare('SELECT count(*) FROM many').pluck().get();
    });

    expect(counts).toBe(10);
  });
});
