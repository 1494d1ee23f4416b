import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { watchSpace } from '@engine/space-watch.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A run looks at the disks between two chunks, and stands still before one of them is full. */

const MB = 1e6;
const temporary = temporaryFolder();
let now = 0;
beforeEach(() => {
  now = 1_000;
  vi.spyOn(performance, 'now').mockImplementation(() => now);
  vi.stubEnv('SQLITE_TMPDIR', temporary);
  vi.stubEnv('TMPDIR', temporary);
});
afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllEnvs();
});

/** Disks on which so much is free, and how often they were asked. */
function disks(free: { database: number; temporary: number }) {
  const asked: string[] = [];
  const watch = watchSpace('/d/a.db', 3 * MB, (folder) => {
    asked.push(folder);
    return folder === temporary ? free.temporary : free.database;
  });
  return { watch, asked };
}

describe('it stands still', () => {
  it.each([
    ['of the database', { database: 2 * MB, temporary: 9 * MB }, '/d', 'the disk of the database needs 3.0 MB free'],
    ['for temporary files', { database: 9 * MB, temporary: 2 * MB }, temporary, 'the disk for temporary files needs'],
  ])('where the disk %s has less than it keeps free', (_, free, folder, words) => {
    const found = disks(free).watch.low();

    expect(found).toMatchObject({ code: 'E_NO_SPACE', details: { folder, needBytes: 3 * MB, freeBytes: 2 * MB } });
    expect(found?.message).toContain(words);
    expect(found?.safety).toContain('Nothing failed');
  });

  it('until there is as much, however soon it is asked again', () => {
    const free = { database: 2 * MB, temporary: 9 * MB };
    const { watch } = disks(free);
    expect([watch.low()?.code, watch.low()?.code]).toEqual(['E_NO_SPACE', 'E_NO_SPACE']);

    free.database = 3 * MB;

    expect(watch.low()).toBeNull();
  });
});

it('it looks now and then while there is room: a chunk takes less than that', () => {
  const free = { database: 9 * MB, temporary: 9 * MB };
  const { watch, asked } = disks(free);
  const looks = () => asked.splice(0).length;

  expect([watch.low(), looks()]).toEqual([null, 2]);
  expect([watch.low(), looks()]).toEqual([null, 0]);
  now += 200;
  expect([watch.low(), looks()]).toEqual([null, 2]);
});

it('a disk that gives no answer is no full one: the step itself will say what is wrong', () => {
  const watch = watchSpace('/d/a.db', 3 * MB, () => {
    throw new Error('gone');
  });

  expect(watch.low()).toBeNull();
});

it('where what an error asked for is free by now, it asks for more: the same would happen again', () => {
  const backup = appError('E_BACKUP_NO_SPACE', 'No room.', { folder: '/b', needBytes: 5 * MB, freeBytes: 1 * MB });

  const { found } = disks({ database: 9 * MB, temporary: 9 * MB }).watch.after(backup);

  expect(found.details).toMatchObject({ folder: '/b', needBytes: 12 * MB, freeBytes: 9 * MB });
});
