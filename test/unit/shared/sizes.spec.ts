import { describe, expect, it } from 'vitest';
import { needAndFree, sizeText } from '@shared/sizes.ts';

describe('sizes', () => {
  it('are rounded to the nearest, with three digits or so', () => {
    const shown = [0, 1, 999, 1_000, 999_499, 10_400_000, 10_500_000, 99_949_999, 99_950_000, 131_400_000, 61.2e9];
    expect(shown.map(sizeText)).toEqual(
      ['0 bytes', '1 byte', '999 bytes', '1.0 kB', '999 kB', '10.4 MB', '10.5 MB', '99.9 MB', '100 MB', '131 MB', '61.2 GB'], // prettier-ignore
    );
  });

  it('never say that as much is free as is needed, where it is not', () => {
    expect(needAndFree(11_000_000, 10_000_000)).toEqual({ need: '11.0 MB', free: '10.0 MB' });
    expect(needAndFree(10_040_000, 10_010_000)).toEqual({ need: '10,040,000 bytes', free: '10,010,000 bytes' });
    expect(needAndFree(10_000_000, 10_000_000)).toEqual({ need: '10.0 MB', free: '10.0 MB' });
  });
});
