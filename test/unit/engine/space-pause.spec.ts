import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { createControl } from '@engine/control.ts';
import type { MaintenanceLock } from '@engine/lock.ts';
import { openSession } from '@engine/open-session.ts';
import type { Progress } from '@engine/progress.ts';
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
