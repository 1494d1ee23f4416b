import { describe, expect, it, vi } from 'vitest';
import { pauseForClock } from '@engine/restore-in-place.ts';
import { pause } from '@engine/pause.ts';

vi.mock('@engine/pause.ts', () => ({ pause: vi.fn() }));

describe('whoever looks whether a file was written to since', () => {
  const found = { dev: '1', ino: '2', sizeBytes: 4_096 };
  it.each([
    ['for a tick of the clock', '1700000000123456789', 20],
    ['for two seconds, where the disk may note every other only', '1700000000000000000', 2_100],
  ])('waits %s', (_, mtimeNs, waitedMs) => {
    vi.mocked(pause).mockClear();

    pauseForClock({ ...found, mtimeNs });

    expect(pause).toHaveBeenCalledExactlyOnceWith(waitedMs);
  });
});
