import { describe, expect, it } from 'vitest';
import { splitPath } from '../../../renderer/components/path-text.tsx';

const parts = (path: string, maxLength: number): string[] => {
  const at = splitPath(path, maxLength);
  return [path.slice(0, at), path.slice(at)];
};

describe('the end of a path that stays when it is shortened', () => {
  it('is the last names that are whole', () => {
    expect(parts('/home/mara/Projects/northern-lights/generated/projects', 56)).toEqual([
      '/home/mara/Projects/northern-lights',
      '/generated/projects',
    ]);
    expect(parts(String.raw`C:\Users\Mara\Documents\northern-lights.db backups\before.db`, 56)[1]).toBe(
      String.raw`\before.db`,
    );
  });

  it('is a long name as a whole, where that leaves room for the beginning: a date in it is not cut', () => {
    const folder = '/northern-lights.db 2026-11-20 17.02.11 before recovery';
    expect(parts(`/home/mara/Projects${folder}`, 76)).toEqual(['/home/mara/Projects', folder]);
    expect(parts(`/home/mara/Projects${folder}`, 40)[1]).toBe('02.11 before recovery'.slice(-20));
  });

  it('is so many characters where there are no names, and all of what is short', () => {
    expect(parts('3f'.repeat(32), 70)[1]).toBe('3f'.repeat(16));
    expect(parts('/a/northern-lights.db', 56)).toEqual(['', '/a/northern-lights.db']);
  });
});
