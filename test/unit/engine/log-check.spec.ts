import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isLogHeader, isLogWhole } from '@engine/log-check.ts';
import { readSidecars } from '@engine/sidecars.ts';
import { framesOf } from '../../faults/inputs/support/journals.ts';
import { askOne, makeShop } from '../../support/engine/run-shop.ts';
import { manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

interface Left {
  readonly file: string;
  readonly log: Buffer;
}

/** What a killed program leaves that has its rows in the log alone. */
async function killed(body: string): Promise<Left> {
  const file = makeShop(folder, { wal: true, extra: `CREATE TABLE noted (what TEXT);${manyRows(2_000)}` });
  await (await otherProgram(file, `db.pragma('wal_autocheckpoint = 0'); ${body}`)).kill();
  return { file, log: fs.readFileSync(`${file}-wal`) };
}
const commits = (count: number): string =>
  `for (let i = 1; i <= ${count}; i++) db.exec("INSERT INTO noted VALUES ('commit " + i + "')");`;

/** A copy of it, without what SQLite keeps in memory about it. */
function changed({ file, log }: Left, change: (bytes: Buffer) => Buffer | void): string {
  const copy = path.join(fs.mkdtempSync(path.join(folder, 'copy-')), 'shop.db');
  const bytes = Buffer.from(log);
  fs.copyFileSync(file, copy);
  fs.writeFileSync(`${copy}-wal`, change(bytes) ?? bytes);
  return copy;
}

/** Makes its checksums anew, as SQLite would over what stands in it; its magic says in which order of bytes. */
function sign(log: Buffer): void {
  const isBig = (log.readUInt32BE(0) & 1) === 1;
  let sum: [number, number] = [0, 0];
  const add = (from: number, to: number): void => {
    for (let at = from; at < to; at += 4) {
      const word = isBig ? log.readUInt32BE(at) : log.readUInt32LE(at);
      sum = [sum[1], (sum[0] + sum[1] + word) >>> 0];
    }
  };
  const write = (at: number): void => sum.forEach((value, nth) => log.writeUInt32BE(value, at + 4 * nth));
  add(0, 24);
  write(24);
  for (const { start, end } of framesOf(log)) {
    add(start, start + 8);
    add(start + 24, end);
    write(start + 16);
  }
}

const flip = (at: number) => (bytes: Buffer) => void (bytes[at] = (bytes[at] ?? 0) ^ 0xff);
const committed = (file: string): number => askOne(file, `SELECT count(*) FROM noted`);

describe('the log of a killed program', () => {
  it('is read to its end', async () => {
    const left = await killed(commits(3));

    expect(isLogWhole(left.file)).toBe(true);
    expect(committed(left.file)).toBe(3);
  });

  it('is whole where the transaction that had spilled into it was never committed', async () => {
    const left = await killed(
      `${commits(2)} db.pragma('cache_size = 5'); db.exec("BEGIN; UPDATE many SET text = 'half'; UPDATE many SET text = 'written'");`,
    );
    expect(framesOf(left.log).length).toBeGreaterThan(20);
    expect(isLogWhole(left.file)).toBe(true);

    const lastCommit = framesOf(left.log).findLast(({ isCommit }) => isCommit);
    const torn = changed(
      left,
      (bytes) => void bytes.fill(0, (lastCommit?.end ?? 0) + 24, (lastCommit?.end ?? 0) + 2_000),
    );
    expect(isLogWhole(torn)).toBe(true);
    expect(committed(torn)).toBe(2);
  });

  it('is whole with what an earlier log has left behind it', async () => {
    const left = await killed(
      `${commits(9)} db.pragma('wal_checkpoint(RESTART)'); db.exec("DELETE FROM noted WHERE what = 'commit 9'");`,
    );
    expect(framesOf(left.log).length).toBeGreaterThan(5);

    expect(isLogWhole(left.file)).toBe(true);
    expect(committed(left.file)).toBe(8);
  });
});

it('the log of a computer that counts its bytes the other way round is read to its end, and no further', async () => {
  const left = await killed(commits(3));
  const reversed = (log: Buffer): void => {
    log.writeUInt32BE(0x377f0683, 0);
    sign(log);
  };
  const [whole, damaged] = [
    changed(left, reversed),
    changed(left, (log) => {
      reversed(log);
      flip(32 + 100)(log);
    }),
  ];

  expect([isLogWhole(whole), isLogWhole(damaged)]).toEqual([true, false]);
  expect([committed(whole), committed(damaged)]).toEqual([3, 0]);
});

describe('a log that somebody is at work on', () => {
  it('is whole once it was emptied into the file', async () => {
    const left = await killed(commits(1));
    const [emptied, begun] = [
      changed(left, () => Buffer.alloc(0)),
      changed(left, (log) => log.subarray(0, 32).fill(0)),
    ];
    expect([isLogWhole(emptied), isLogWhole(begun)]).toEqual([true, true]);
  });

  it('is not called broken where it was written to while it was read', async () => {
    const left = await killed(commits(2));
    const file = changed(left, flip(500));
    expect(isLogWhole(file)).toBe(false);
    const read = fs.readSync;
    vi.spyOn(fs, 'readSync').mockImplementationOnce(((...args: Parameters<typeof read>) => {
      fs.appendFileSync(`${file}-wal`, 'the next frame');
      return read(...args);
    }) as typeof read);
    syncBuiltinESMExports();

    const isWhole = isLogWhole(file);
    vi.restoreAllMocks();
    syncBuiltinESMExports();

    expect(isWhole).toBe(true);
  });

  it('is not read where it has become a link', async () => {
    const left = await killed(commits(1));
    const file = changed(left, () => {});
    fs.renameSync(`${file}-wal`, `${file}.log`);
    fs.symlinkSync(`${file}.log`, `${file}-wal`);

    expect(() => isLogWhole(file)).toThrow('ELOOP');
  });
});

describe('a log that SQLite throws away, or a part of it', () => {
  it('is told by any of the bytes of its header that count', async () => {
    const left = await killed(commits(1));
    expect(isLogHeader(left.log)).toBe(true);
    for (let at = 0; at < 32; at++) {
      const file = changed(left, flip(at));
      expect(readSidecars(file), `byte ${at}`).toMatchObject({ isWalRead: false, isWalLost: true });
      expect(isLogWhole(file), `byte ${at}`).toBe(false);
    }
    expect(committed(changed(left, flip(20)))).toBe(0);
  });

  it.each([
    ['the page of the first frame', () => 32 + 24 + 100, 0],
    ['the checksum of the first frame', () => 32 + 16, 0],
    ['which log a frame says it is of, with commits behind it', (third: number) => third + 8, 2],
    ['a frame in the middle', (third: number) => third + 500, 2],
  ])('is told by %s', async (_, at, left) => {
    const log = await killed(commits(4));
    const third = framesOf(log.log).filter(({ isCommit }) => isCommit)[1]?.end ?? 0;
    const file = changed(log, flip(at(third)));

    expect(readSidecars(file)).toMatchObject({ isWalRead: true, isWalLost: false });
    expect(isLogWhole(file)).toBe(false);
    expect(committed(file)).toBe(left);
  });

  it('is told by what its header says also where the checksum is right', async () => {
    const left = await killed(commits(1));
    const wrong = [
      ['magic', 0, 0x377f0684],
      ['size of pages: too small', 8, 256],
      ['size of pages: no power of two', 8, 5_000],
      ['size of pages: too large', 8, 131_072],
      ['version', 4, 3_007_001],
    ] as const;
    for (const [what, at, value] of wrong) {
      const file = changed(left, (log) => {
        log.writeUInt32BE(value, at);
        sign(log);
      });
      expect(readSidecars(file), what).toMatchObject({ isWalRead: false, isWalLost: true });
      if (what === 'version') expect(() => committed(file)).toThrow('unable to open database file');
      else expect(committed(file), what).toBe(0);
    }
  });

  it('is told by a frame of no page, with commits behind it', async () => {
    const left = await killed(commits(4));
    const third = framesOf(left.log).filter(({ isCommit }) => isCommit)[1]?.end ?? 0;
    const file = changed(left, (log) => {
      log.writeUInt32BE(0, third);
      sign(log);
    });

    expect(isLogWhole(file)).toBe(false);
    expect(committed(file)).toBe(2);
  });
});
