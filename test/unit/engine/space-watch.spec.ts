import { appError, coded } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import { watchSpace } from '@engine/space-watch.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';

const MB = 1e6;

describe('a run that stands still by itself', () => {
  it('looks again and again, and goes on without a word from anybody once the reason is gone', async () => {
    const control = createControl(undefined, 5);
    const said: string[] = [];
    let looks = 0;

    await control.hold(
      (state) => said.push(state),
      () => (looks += 1) === 3,
    );

    expect(looks).toBe(3);
    expect(said).toEqual(['paused', 'resumed']);
  });

  it('goes on at once when a person says so, and stays where one has paused it', async () => {
    const control = createControl(undefined, 5);
    const resumed = control.hold(
      () => {},
      () => false,
    );
    setTimeout(() => control.request('resume'), 12);
    await resumed;

    let isOn = false;
    const paused = control
      .hold(
        () => {},
        () => true,
      )
      .then(() => (isOn = true));
    control.request('pause');
    await new Promise((resolve) => setTimeout(resolve, 40));
    expect(isOn).toBe(false);
    control.request('resume');
    await paused;
  });

  it('tells that a person holds it, and nothing else, once the reason is gone under a pause', async () => {
    const control = createControl(undefined, 5);
    const said: string[] = [];
    let isRoom = false;
    const held = control.hold(
      (state) => said.push(`${state}, ${isRoom ? 'there is room' : 'waits for room'}`),
      () => isRoom,
    );
    control.request('pause'); // it was on its way when the disk ran full
    await new Promise((resolve) => setTimeout(resolve, 12));
    isRoom = true;

    await vi.waitFor(() => expect(said).toEqual(['paused, waits for room', 'paused, there is room']));
    control.request('resume');
    await held;
    expect(said.at(-1)).toBe('resumed, there is room');
  });

  it('ends with the error where looking finds that there is nothing to wait for', async () => {
    const control = createControl(undefined, 5);
    const held = control.hold(
      () => {},
      () => {
        throw coded('E_IO', 'The disk is gone.');
      },
    );

    await expect(held).rejects.toMatchObject({ appError: { code: 'E_IO' } });
    await control.boundary(() => expect.unreachable('it stands still no more'));
  });

  it('ends when it is stopped', async () => {
    const control = createControl(undefined, 5);
    const held = control.hold(
      () => {},
      () => false,
    );
    setTimeout(() => control.request('cancel'), 12);

    await expect(held).rejects.toMatchObject({ appError: { code: 'E_CANCELLED' } });
  });
});

describe('a step that met a full disk', () => {
  const full = appError('E_NO_SPACE', 'The disk is full (while working on candidates).');

  it('says how much it takes and how much there is, as it is now', () => {
    let free = 0.2 * MB;
    const { found, look } = watchSpace('/d/a.db', 3 * MB, () => free).after(full);

    expect(found.message).toContain('needs 3.0 MB free; it has 200 kB.');
    expect(found.details).toMatchObject({ needBytes: 3 * MB, freeBytes: 0.2 * MB });
    free = 1 * MB;
    expect(look()?.message).toContain('it has 1.0 MB.');
    free = 3 * MB;
    expect(look()).toBeNull();
  });

  it('is not tried for ever where there seems to be room: it asks for more than there was', () => {
    let free = 10 * MB;
    const { found, look } = watchSpace('/d/a.db', 3 * MB, () => free).after(full);

    expect(found.details).toMatchObject({ needBytes: 13 * MB, freeBytes: 10 * MB });
    expect(look()).not.toBeNull();
    free = 14 * MB;
    expect(look()).toBeNull();
  });

  it('goes by what the error itself says of the disk of the backups', () => {
    let free = 1 * MB;
    const backup = appError('E_BACKUP_NO_SPACE', 'No room.', { folder: '/b', needBytes: 50 * MB, freeBytes: free });
    const { look } = watchSpace('/d/a.db', 3 * MB, (folder) => (folder === '/b' ? free : 900 * MB)).after(backup);

    expect(look()?.message).toContain('/b needs 50.0 MB free; it has 1.0 MB.');
    free = 60 * MB;
    expect(look()).toBeNull();
  });
});

describe('a disk that is gone', () => {
  const full = appError('E_NO_SPACE', 'The disk is full (while working on candidates).');
  const gone = Object.assign(new Error('gone'), { code: 'ENOENT' });
  const folder = temporaryFolder();
  afterEach(() => vi.unstubAllEnvs());

  /** What is free everywhere but in `missing`, which can be taken away. */
  const disks = (missing: string) => {
    const state = { isGone: false };
    const statFree = (where: string): number => {
      if (state.isGone && where === missing) throw gone;
      return 1 * MB;
    };
    return { state, statFree };
  };
  const backup = appError('E_BACKUP_NO_SPACE', 'No room.', { folder: '/b', needBytes: 50 * MB, freeBytes: 1 * MB });

  it.each([
    ['of the database', '/d', full, 'E_IO', '/d, the folder of the database,'],
    ['of the backups', '/b', backup, 'E_BACKUP_FOLDER', 'The backup folder /b'],
    ['for temporary files', folder, full, 'E_TEMP_UNAVAILABLE', `${folder}, the folder for temporary files,`],
  ] as const)(
    '%s is told as that, when it goes before or while room is waited for',
    (_of, missing, error, code, words) => {
      vi.stubEnv('SQLITE_TMPDIR', folder);
      vi.stubEnv('TMPDIR', folder);
      const { state, statFree } = disks(missing);
      const { look } = watchSpace('/d/a.db', 3 * MB, statFree).after(error);
      expect(look()).not.toBeNull();
      state.isGone = true;

      const expected = { appError: { code, message: expect.stringContaining(words), details: { code: 'ENOENT' } } };
      expect(thrownBy(look)).toMatchObject(expected);
      expect(thrownBy(() => watchSpace('/d/a.db', 3 * MB, statFree).after(error))).toMatchObject(expected);
    },
  );
});

function thrownBy(work: () => unknown): unknown {
  try {
    return { returned: work() };
  } catch (error) {
    return error;
  }
}

it('of two disks, one of which was full, room on either is worth another try', () => {
  const free = { database: 10, temporary: 10 };
  const statFree = (where: string) => (where === '/database' ? free.database : free.temporary);
  const { found, look } = watchSpace('/database/a.db', 100, statFree).after(appError('E_NO_SPACE', 'full'));
  expect(found).toMatchObject({ details: { needBytes: 100, freeBytes: 10 } });
  expect(look()).not.toBeNull();
  for (const which of ['database', 'temporary'] as const) {
    free[which] = 200;
    expect(look()).toBeNull();
    free[which] = 10;
  }
});
