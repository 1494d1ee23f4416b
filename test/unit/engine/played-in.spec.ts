import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import { afterEach, expect, it, vi } from 'vitest';
import { toAppError } from '@shared/errors.ts';
import { isPlayedInWhole } from '@engine/played-in.ts';
import { makeShop } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What lies beside a file may go, or become unreadable, between the look at its beginning and the reading of it all. */

const folder = temporaryFolder();
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

async function left(suffix: '-wal' | '-journal'): Promise<string> {
  const file = makeShop(folder, { wal: suffix === '-wal', extra: manyRows(2_000) });
  const body = suffix === '-wal' ? `db.exec("DELETE FROM many WHERE id = 1")` : dieInTheMiddleOfAWrite;
  await (await otherProgram(file, body)).kill();
  return file;
}

/** Does `act` before the file is opened for the second time. */
function beforeSecondOpening(file: string, act: () => void): void {
  const open = fs.openSync;
  let times = 0;
  vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
    if (name === file && (times += 1) === 2) act();
    return open(name, ...rest);
  });
  syncBuiltinESMExports();
}

it.each(['-wal', '-journal'] as const)(
  'a %s that goes meanwhile was taken in by whoever is at work',
  async (suffix) => {
    const file = await left(suffix);
    beforeSecondOpening(file + suffix, () => fs.rmSync(file + suffix));

    expect(isPlayedInWhole(file)).toBe(true);
  },
);

it.each(['-wal', '-journal'] as const)(
  'a %s that goes from beside a copy of ours was taken in by nobody',
  async (suffix) => {
    const file = await left(suffix);
    beforeSecondOpening(file + suffix, () => fs.rmSync(file + suffix));

    expect(() => isPlayedInWhole(file, { isOurs: true })).toThrow('E_NOT_FOUND');
  },
);

it.each([
  ['-wal', 'EIO', 'E_IO'],
  ['-journal', 'EIO', 'E_IO'],
  ['-wal', 'ENOENT', 'E_NOT_FOUND'],
  ['-journal', 'ENOENT', 'E_NOT_FOUND'],
] as const)(
  'of a %s that is there and cannot be read (%s) nobody says that it is whole',
  async (suffix, code, told) => {
    const file = await left(suffix);
    beforeSecondOpening(file + suffix, () => {
      throw Object.assign(new Error(`${code}: refused on purpose`), { code, syscall: 'open' });
    });

    let error: unknown;
    try {
      isPlayedInWhole(file);
    } catch (thrown) {
      error = thrown;
    }

    expect(error).toHaveProperty('appError');
    expect(toAppError(error)).toMatchObject({ code: told });
  },
);

it.each(['-wal', '-journal'] as const)('a %s that is there has not gone, whatever opening it says', async (suffix) => {
  const file = await left(suffix);
  const open = fs.openSync;
  vi.spyOn(fs, 'openSync').mockImplementation((name, ...rest) => {
    if (name === file + suffix) throw Object.assign(new Error('ENOENT: on purpose'), { code: 'ENOENT' });
    return open(name, ...rest);
  });
  syncBuiltinESMExports();

  expect(() => isPlayedInWhole(file, { isOurs: true })).toThrow('E_NOT_FOUND');
});
