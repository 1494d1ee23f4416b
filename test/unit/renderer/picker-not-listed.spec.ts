import { notListedWords } from '../../../renderer/panels/picker/picker-words.ts';
import { describe, expect, it } from 'vitest';

const folder = { title: '/home/mara', parentToken: null, isTop: false, entries: [], isCut: false, silent: [] };

describe('of a folder in the picker', () => {
  it('nothing is said where all of it is listed', () => {
    expect(notListedWords(folder)).toBeNull();
  });

  it('it is said that there is more, and what comes first', () => {
    const entries = Array.from({ length: 2_000 }, (_, number) => ({
      ...{ token: `t${number}`, name: `${number}`, kind: 'file' as const },
      ...{ sizeBytes: 1, modifiedAt: null, looksLikeDatabase: false },
    }));
    expect(notListedWords({ ...folder, entries, isCut: true })).toBe(
      'There is more in it: only 2,000 entries are listed, databases and folders first.',
    );
  });

  it('what does not answer is named, as far as anybody reads', () => {
    expect(notListedWords({ ...folder, silent: ['nas'] })).toBe(
      'Not listed, as the drive does not answer just now: nas.',
    );
    expect(notListedWords({ ...folder, silent: ['a', 'b', 'c', 'd', 'e'] })).toMatch(/: a, b, c and 2 more\.$/);
  });
});
