import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { appError, coded, safetyText } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import type { MaintenanceLock } from '@engine/lock.ts';
import { openSession } from '@engine/open-session.ts';
import type { Progress } from '@engine/progress.ts';
import { whenBackupFits, whenThereIsRoom } from '@engine/space-pause.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const MB = 1e6;
const folder = temporaryFolder();
const disk = vi.hoisted(() => ({ free: 0 }));
vi.mock('@engine/file-system.ts', async (original) => ({
  ...(await original<object>()),
  freeBytes: () => disk.free,
}));

/** A run on a disk with 1 MB, and what it tells: state, words, code of what it waits for. */
function session() {
  disk.free = 1 * MB;
  const told: unknown[] = [];
  const control = createControl(undefined, 5);
  const progress = {
    state: (state: string, now: string, attention: { code: string } | null = null) =>
      void told.push([state, now, attention?.code ?? null]),
  } as unknown as Progress;
  const lock = { path: '/d/a.db', db: { pragma: () => 1 } } as unknown as MaintenanceLock;
  const backup = { path: path.join(folder, 'a.db'), folder, id: 'a' }; // a boundary may ask for it
  for (const name of ['a.db', 'a.json']) writeFileSync(path.join(folder, name), '');
  const prepared = { startedAt: 0, backup } as unknown as Parameters<typeof openSession>[0]['prepared'];
  return {
    told,
    control,
    run: openSession({ lock, runId: 'r', progress, control, prepared, tuning: { spareBytes: MB } }),
  };
}

const full = appError('E_NO_SPACE', 'No room.', { folder: '/d', needBytes: 9 * MB });
const waiting = ['paused', 'Waiting for free space', 'E_NO_SPACE'];

it('a run that waits for space tells that it goes on when there is room', async () => {
  const { told, run } = session();
  const waited = run.roomAgain(full);
  await vi.waitFor(() => expect(told).toEqual([waiting]));
  disk.free = 9 * MB;
  await waited;

  expect(told).toEqual([waiting, ['migrating', 'Upgrading', null]]);
});

it('and no more than that it is paused, where a person has paused it meanwhile', async () => {
  const { told, control, run } = session();
  control.request('pause'); // on its way when the disk ran full
  const waited = run.roomAgain(full);
  await vi.waitFor(() => expect(told).toEqual([waiting]));
  disk.free = 9 * MB;

  await vi.waitFor(() => expect(told).toEqual([waiting, ['paused', 'Upgrading', null]]));
  control.request('resume');
  await waited;
  expect(told.at(-1)).toEqual(['migrating', 'Upgrading', null]);
});

it('a run does not begin its next chunk before there is room, and has failed in nothing', async () => {
  const { told, run } = session();
  disk.free = 0.5 * MB;
  let isOn = false;
  const waited = run.boundary(null).then(() => (isOn = true));
  await vi.waitFor(() => expect(told).toEqual([waiting]));
  expect(isOn).toBe(false);

  disk.free = 2 * MB;
  await waited;

  expect(told).toEqual([waiting, ['migrating', 'Upgrading', null]]);
});

describe('the backup that a run begins with', () => {
  /** Tries that each end with the next of these errors, the last one well; `told` as above, with what is said of the data. */
  function first(...errors: Error[]) {
    disk.free = 1 * MB;
    const told: unknown[] = [];
    const control = createControl(undefined, 5);
    const lock = { path: '/d/a.db', db: { pragma: () => 1 } } as unknown as MaintenanceLock;
    const emit: Parameters<typeof whenBackupFits>[1]['emit'] = (event) => {
      if (event.type !== 'state') return;
      const { state, now, attention } = event;
      told.push([
        state,
        now,
        ...(attention ? [attention.code, attention.safety, attention.details?.['needBytes']] : []),
      ]);
    };
    const tried = vi.fn(() => {
      const error = errors.shift();
      return error === undefined ? Promise.resolve('made') : Promise.reject(error);
    });
    return { told, control, tried, made: whenBackupFits(lock, { control, emit }, 'Making a backup', tried) };
  }
  const noRoom = (details: Record<string, string | number> = { folder: '/b', needBytes: 9 * MB }) =>
    coded('E_BACKUP_NO_SPACE', 'No room.', details);
  const paused = ['paused', 'Waiting for free space', 'E_BACKUP_NO_SPACE', safetyText.untouched, 9 * MB];

  it('waits for room on its disk, and is made anew when there is', async () => {
    const { told, tried, made } = first(noRoom());
    await vi.waitFor(() => expect(told).toEqual([paused]));
    expect(tried).toHaveBeenCalledTimes(1);
    disk.free = 9 * MB;

    expect(await made).toBe('made');
    expect(told).toEqual([paused, ['backing-up', 'Making a backup']]);
    expect(tried).toHaveBeenCalledTimes(2);
  });

  it('waits again where the disk is full again', async () => {
    const { told, tried, made } = first(noRoom(), noRoom());
    await vi.waitFor(() => expect(told).toEqual([paused]));
    disk.free = 9 * MB;
    await vi.waitFor(() => expect(tried).toHaveBeenCalledTimes(2));
    expect(told.at(-1)).toEqual(paused.with(4, 9 * MB + 2 * MB + 1)); // what it had asked for was not enough

    disk.free = 12 * MB;
    expect(await made).toBe('made');
  });

  it('can be stopped while it waits', async () => {
    const { told, control, tried, made } = first(noRoom());
    await vi.waitFor(() => expect(told).toEqual([paused]));
    control.request('cancel');

    expect(await codeOfPromise(made)).toBe('E_CANCELLED');
    expect(tried).toHaveBeenCalledTimes(1);
  });

  it('waits for room where not even its folder could be made', async () => {
    const missing = path.join(folder, 'not', 'made');
    const { told, made } = first(noRoom({ folder: missing, code: 'ENOSPC' }));
    await vi.waitFor(() => expect(told).toHaveLength(1));
    disk.free = 9 * MB;

    expect(await made).toBe('made');
  });

  describe('where it is not its disk that is full', () => {
    const full = (code: string) => noRoom({ folder: '/b', needBytes: 9 * MB, freeBytes: 812_000 * MB, code });

    it('is tried once more, and is not waited for any longer', async () => {
      const { told, tried, made } = first(full('SQLITE_FULL'), full('SQLITE_FULL'));
      disk.free = 812_000 * MB;

      await expect(made).rejects.toMatchObject({
        appError: {
          code: 'E_BACKUP_NO_SPACE',
          message: expect.stringMatching(/though its disk has 812 GB free: a quota .*temporary files/) as string,
          safety: safetyText.untouched,
        },
      });
      expect(told).toEqual([]);
      expect(tried).toHaveBeenCalledTimes(2);
    });

    it('is made where another program had filled the disk for a moment', async () => {
      const { told, made } = first(full('ENOSPC'));
      disk.free = 812_000 * MB;

      expect(await made).toBe('made');
      expect(told).toEqual([]);
    });

    it('is waited for again where the disk is full by then', async () => {
      const { told, tried, made } = first(full('ENOSPC'));
      disk.free = 812_000 * MB;
      tried.mockImplementationOnce(() => {
        disk.free = 1 * MB;
        return Promise.reject(full('ENOSPC'));
      });
      await vi.waitFor(() => expect(told).toEqual([paused]));
      disk.free = 9 * MB;

      expect(await made).toBe('made');
    });

    it('is not tried again over a quota', async () => {
      const { tried, made } = first(full('EDQUOT'));
      disk.free = 812_000 * MB;

      await expect(made).rejects.toMatchObject({
        appError: {
          message: 'Your quota in /b is used up, so there was no room for the backup; its disk has 812 GB free.',
        },
      });
      expect(tried).toHaveBeenCalledTimes(1);
    });

    it('nor is one that is made later, before anything is removed', async () => {
      const { told, run } = session();
      disk.free = 812_000 * MB;
      const work = vi.fn(() => Promise.reject(full('SQLITE_FULL')));

      expect(await codeOfPromise(whenThereIsRoom(run, work))).toBe('E_BACKUP_NO_SPACE');
      expect(work).toHaveBeenCalledTimes(2);
      expect(told).toEqual([]);
    });
  });

  it('that fails otherwise is not tried again', async () => {
    const { told, made } = first(coded('E_BACKUP_FOLDER', 'It is gone.'));

    expect(await codeOfPromise(made)).toBe('E_BACKUP_FOLDER');
    expect(told).toEqual([]);
  });
});
