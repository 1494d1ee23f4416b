import * as child from 'node:child_process';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import { lifeOf, processIdentity } from '@host/process-identity.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { GONE } from '../../support/recovered-house.ts';

vi.mock(import('node:child_process'), { spy: true });

afterEach(() => {
  vi.restoreAllMocks();
  vi.unstubAllGlobals();
  syncBuiltinESMExports();
});
const NOW = new Date().toISOString();

it('is asked for on macOS in a language and a place of our own, so that every process hears the same', () => {
  vi.stubGlobal('process', { ...process, platform: 'darwin', pid: process.pid });
  vi.mocked(child.execFileSync).mockReturnValue('Sat Nov 21 14:00:00 2026\n');
  expect(processIdentity(7)).toBe('Sat Nov 21 14:00:00 2026');
  expect(child.execFileSync).toHaveBeenCalledWith(
    '/bin/ps',
    ['-o', 'lstart=', '-p', '7'],
    expect.objectContaining({ env: { LC_ALL: 'C', TZ: 'UTC' } }),
  );
});

it.skipIf(process.platform !== 'linux')(
  'a process that the system does not tell of is not taken for gone, nor for sure',
  () => {
    const identity = processIdentity(process.pid);
    expect([lifeOf(process.pid, identity, NOW), lifeOf(process.pid, 'boot:1', NOW)]).toEqual(['living', 'gone']);

    vi.spyOn(fs, 'openSync').mockImplementation((file) => {
      throw Object.assign(new Error(`EACCES: ${String(file)}`), { code: 'EACCES' });
    });
    syncBuiltinESMExports();
    expect([lifeOf(process.pid, identity, NOW), lifeOf(GONE, identity, NOW)]).toEqual(['unsure', 'gone']);
    // After a restart of the computer its id may be another's: an upgrade would never be asked about.
    vi.spyOn(os, 'uptime').mockReturnValue(3_600);
    expect(lifeOf(process.pid, identity, new Date(Date.now() - 7_200_000).toISOString())).toBe('gone');
  },
);
