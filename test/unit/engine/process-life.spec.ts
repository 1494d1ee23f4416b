import fs from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { takeAppLock } from '@engine/app-lock.ts';
import type { GatedFile } from '@engine/gate.ts';
import { isLiving, startOf } from '@engine/process-life.ts';
import { isStillRunning, processIdentity } from '@host/process-identity.ts';
import { endedInStat, startInStat } from '@shared/process-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { startZombie, type Zombie } from '../../support/zombie.ts';

const fields = (state: string) => `${state} 1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 12345 20 21`;

describe('what /proc tells of a process', () => {
  it.each([
    ['node', 'S', false],
    ['node', 'Z', true],
    ['node', 'X', true],
    ['a (b) Z 1', 'R', false],
    [') Z (', 'S', false],
    ['x\n) S 1 ', 'Z', true],
  ])('named %j and in state %s: ended is %s', (name, state, isEnded) => {
    const stat = `77 (${name}) ${fields(state)}`;
    expect(endedInStat.test(stat)).toBe(isEnded);
    expect(startInStat(stat)).toBe('12345');
  });

  it('is nothing where there is no such file', () => {
    expect([endedInStat.test(''), startInStat('')]).toEqual([false, '']);
  });
});

it('this process lives, and the one before the first does not', () => {
  expect(isLiving(process.pid)).toBe(true);
  expect(isLiving(2 ** 22 + 1)).toBe(false);
});

describe.skipIf(process.platform !== 'linux')('a process that was killed and not fetched by its parent', () => {
  let zombie: Zombie;
  beforeAll(async () => void (zombie = await startZombie()));
  afterAll(() => zombie.release());

  it('still has its id and its start, but does not live', () => {
    expect(() => process.kill(zombie.pid, 0)).not.toThrow();
    expect(startOf(zombie.pid)).toBe(zombie.startedAt);
    expect(isLiving(zombie.pid)).toBe(false);
  });

  it('is not at work on anything', () => {
    const identity = processIdentity(zombie.pid);
    expect(isStillRunning(zombie.pid, identity, new Date().toISOString())).toBe(false);
    expect(isStillRunning(zombie.pid, undefined, new Date().toISOString())).toBe(false);
    expect(isStillRunning(process.pid, processIdentity(process.pid), new Date().toISOString())).toBe(true);
  });

  it('keeps no lock', () => {
    const folder = temporaryFolder();
    const { pid, startedAt } = zombie;
    fs.writeFileSync(path.join(folder, '1-2.lock'), JSON.stringify({ pid, startedAt, token: 'of the dead' }));

    takeAppLock(folder, { dev: '1', ino: '2', sizeBytes: 0, mtimeNs: '0' }).release();
  });

  it('keeps no private copy from being swept', async () => {
    const { withPrivateCopy } = await import('@engine/private-copy.ts');
    const left = fs.mkdtempSync(path.join(os.tmpdir(), `phasewise-look-${zombie.pid}-`));
    await expect(
      withPrivateCopy(
        { path: '/nowhere', identity: { sizeBytes: 0 }, sidecars: { walBytes: 0 } } as GatedFile,
        0,
        () => {},
      ),
    ).rejects.toThrow('/nowhere');
    expect(fs.existsSync(left)).toBe(false);
  });
});
