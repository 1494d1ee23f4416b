import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { isJournalWhole } from '@engine/journal-check.ts';
import { nameSuperJournal } from '../../faults/inputs/support/journals.ts';
import { askOne, makeShop } from '../../support/engine/run-shop.ts';
import { manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** What a program leaves that dies in the middle of a transaction which has spilled into the file already. */
async function killed(before: string, cachePages = 5): Promise<{ file: string; journal: Buffer }> {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  const body = `${before} db.pragma('cache_size = ${cachePages}'); db.exec("BEGIN; UPDATE many SET text = 'half written'");`;
  await (await otherProgram(file, body)).kill();
  return { file, journal: fs.readFileSync(`${file}-journal`) };
}

/** The copy of one, changed. */
function changed(
  { file, journal }: { file: string; journal: Buffer },
  change: (bytes: Buffer) => Buffer | void,
): string {
  const copy = path.join(fs.mkdtempSync(path.join(folder, 'copy-')), 'shop.db');
  const bytes = Buffer.from(journal);
  fs.copyFileSync(file, copy);
  fs.writeFileSync(`${copy}-journal`, change(bytes) ?? bytes);
  return copy;
}

/** Where each part begins that was flushed by itself, bytes. */
function partsOf(journal: Buffer): number[] {
  const [sector, page] = [journal.readUInt32BE(20), journal.readUInt32BE(24)];
  const parts: number[] = [];
  for (let at = 0; journal.toString('hex', at, at + 8) === 'd9d505f920a163d7';) {
    parts.push(at);
    at = Math.ceil((at + sector + journal.readUInt32BE(at + 8) * (page + 8)) / sector) * sector;
  }
  return parts;
}

const halfWritten = (file: string): number => askOne(file, `SELECT count(*) FROM many WHERE text = 'half written'`);

describe('the journal of a program that was killed', () => {
  it.each([
    ['as it comes', ''],
    ['without flushing', `db.pragma('synchronous = OFF');`],
    ['with pages of 512 bytes', `db.pragma('page_size = 512'); db.exec('VACUUM');`],
    ['with pages of 65536 bytes', `db.pragma('page_size = 65536'); db.exec('VACUUM');`],
    ['kept and written over', `db.pragma('journal_mode = PERSIST');`],
  ])('is whole, and SQLite takes the write back with it: %s', async (_, before) => {
    const left = await killed(before);

    expect(isJournalWhole(left.file)).toBe(true);
    expect(halfWritten(left.file)).toBe(0);
  });

  it('has several parts, the last of which was not flushed, and is not whole when one is damaged', async () => {
    const left = await killed('');
    const parts = partsOf(left.journal);
    expect(parts.length).toBeGreaterThan(3);
    expect(left.journal.length).toBeGreaterThan((parts.at(-1) ?? 0) + 512);
    const [, , third = 0] = parts;

    const damages: Record<string, (bytes: Buffer) => Buffer | void> = {
      'its first magic': (bytes) => void (bytes[3] = (bytes[3] ?? 0) ^ 0xff),
      'the magic of a later part': (bytes) => void (bytes[third] = (bytes[third] ?? 0) ^ 0xff),
      'its first magic, with no records counted': (bytes) => void bytes.fill(0, 0, 12),
      'the magic of a later part, of which records are counted': (bytes) => void bytes.fill(0, third, third + 8),
      'a later part is zeros': (bytes) => void bytes.fill(0, third, third + 512),
      'a number of records': (bytes) => void bytes.writeUInt32BE(0, third + 8),
      'a nonce': (bytes) => void (bytes[third + 15] = (bytes[third + 15] ?? 0) ^ 1),
      'the number of a page': (bytes) => void bytes.writeUInt32BE(0x7fffffff, third + 512),
      'the number of a page is none': (bytes) => void bytes.writeUInt32BE(0, third + 512),
      'a page': (bytes) => void bytes.fill(0x5a, third + 516, third + 1_540),
      'the size of its pages': (bytes) => void bytes.writeUInt32BE(1_000, 24),
      'its end': (bytes) => bytes.subarray(0, third + 1_000),
    };
    for (const [what, damage] of Object.entries(damages))
      expect(isJournalWhole(changed(left, damage)), what).toBe(false);
    expect(halfWritten(changed(left, damages['a page'] ?? (() => {})))).toBeGreaterThan(0);
  });

  it('is whole whatever became of what it had not flushed: none of that was written to the file', async () => {
    const left = await killed('');
    const end = partsOf(left.journal).at(-1) ?? 0;
    const after = Math.ceil((end + 512 + left.journal.readUInt32BE(end + 8) * 4_104) / 512) * 512;
    const copy = changed(left, (bytes) => void bytes.fill(0x5a, after + 512));

    expect(isJournalWhole(copy)).toBe(true);
    expect(halfWritten(copy)).toBe(0);
  });

  it('is no certain thing where other files have a part in it', async () => {
    const left = await killed('');
    const copy = changed(left, () => {});
    nameSuperJournal(`${copy}-journal`, `${copy}-mj012345678`, 262_145);

    expect(isJournalWhole(copy)).toBe(false);
  });

  it('is whole where it was not flushed and ends within a record', async () => {
    const left = await killed(`db.pragma('synchronous = OFF');`);
    const copy = changed(left, (bytes) => Buffer.concat([bytes, Buffer.alloc(100, 0x5a)]));

    expect(isJournalWhole(copy)).toBe(true);
    expect(halfWritten(copy)).toBe(0);
  });

  it('with no record in it is whole only where its sizes are such as SQLite gives', async () => {
    const left = await killed('');
    const isWhole = (sectorBytes: number, pageBytes: number): boolean =>
      isJournalWhole(
        changed(left, (bytes) => {
          [0, bytes.readUInt32BE(12), bytes.readUInt32BE(16), sectorBytes, pageBytes].forEach((value, nth) =>
            bytes.writeUInt32BE(value, 8 + 4 * nth),
          );
          return bytes.subarray(0, 512);
        }),
      );

    expect(isWhole(512, 4_096)).toBe(true);
    for (const sectorBytes of [0, 16, 1_000, 131_072]) expect(isWhole(sectorBytes, 4_096), 'sectors').toBe(false);
    for (const pageBytes of [0, 256, 1_000, 131_072]) expect(isWhole(512, pageBytes), 'pages').toBe(false);
  });

  it('is not read where it has become a link', async () => {
    const copy = changed(await killed(''), () => {});
    fs.renameSync(`${copy}-journal`, `${copy}.journal`);
    fs.symlinkSync(`${copy}.journal`, `${copy}-journal`);

    expect(() => isJournalWhole(copy)).toThrow('ELOOP');
  });
});
