import { describe, expect, it } from 'vitest';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import type { Call } from './calls.ts';
import { newFile, newFolder, type FolderNode } from './disk.ts';
import { follow } from './follow.ts';
import { imageOf, type Choice } from './image.ts';

const ROOT = '/d';
const hex = (text: string): string =>
  `"${[...Buffer.from(text)].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}"`;
const call = (name: string, args: string[], note: string | null = null, result = 0): Call => ({
  name,
  args,
  notes: [note],
  result,
  error: null,
});

const opened = (file: string, fd: number): Call =>
  call('openat', ['AT_FDCWD', hex(file), 'O_RDWR|O_CREAT', '0600'], '/', fd);
const wrote = (file: string, fd: number, at: number, text: string): Call =>
  call('pwrite64', [String(fd), hex(text), String(text.length), String(at)], file, text.length);
const flushed = (file: string, fd: number): Call => call('fsync', [String(fd)], file);
const renamed = (from: string, to: string): Call => call('rename', [hex(from), hex(to)]);

function after(calls: Call[], lies?: (flush: number) => boolean): FolderNode {
  const root = newFolder();
  const old = newFile(Buffer.from('old text'));
  root.durable.set('a', old);
  root.current.set('a', old);
  for (const step of follow(calls, root, ROOT, lies)) void step;
  return root;
}

const filesOf = (root: FolderNode, choice: Choice, seed = 1): Record<string, string> =>
  Object.fromEntries(
    [...imageOf(root, choice, createRandom(seed)).files].map(([name, { bytes }]) => [name, bytes.toString()]),
  );
const chances = (root: FolderNode): Set<string> =>
  new Set(Array.from({ length: 200 }, (_, seed) => JSON.stringify(filesOf(root, 'random', seed))));

describe('a power cut', () => {
  it('may take a write that was not flushed, or leave it', () => {
    const root = after([opened('/d/a', 5), wrote('/d/a', 5, 0, 'new')]);

    expect(filesOf(root, 'none')).toEqual({ a: 'old text' });
    expect(filesOf(root, 'all')).toEqual({ a: 'new text' });
    expect(chances(root)).toEqual(new Set(['{"a":"old text"}', '{"a":"new text"}']));
  });

  it('takes nothing that was flushed, except from a disk that lies', () => {
    const calls = [opened('/d/a', 5), wrote('/d/a', 5, 0, 'new'), flushed('/d/a', 5)];

    expect(chances(after(calls))).toEqual(new Set(['{"a":"new text"}']));
    expect(chances(after(calls, () => true)).size).toBe(2);
  });

  it('takes a flushed file whose name was not flushed', () => {
    const calls = [opened('/d/b', 5), wrote('/d/b', 5, 0, 'b'), flushed('/d/b', 5)];

    expect(chances(after(calls))).toEqual(new Set(['{"a":"old text"}', '{"a":"old text","b":"b"}']));
    expect(chances(after([...calls, opened('/d', 6), flushed('/d', 6)]))).toEqual(
      new Set(['{"a":"old text","b":"b"}']),
    );
  });

  it('leaves a rename done or not done, never half', () => {
    const calls = [
      opened('/d/b', 5),
      wrote('/d/b', 5, 0, 'b'),
      flushed('/d/b', 5),
      opened('/d', 6),
      flushed('/d', 6),
      renamed('/d/b', '/d/a'),
    ];

    expect(chances(after(calls))).toEqual(new Set(['{"a":"old text","b":"b"}', '{"a":"b"}']));
  });

  it('can tear a write of several sectors', () => {
    const root = after([opened('/d/a', 5), wrote('/d/a', 5, 0, 'x'.repeat(2_048))]);

    const torn = [...chances(root)].filter((text) => text.includes('x') && text.includes('\\u0000'));
    expect(torn.length).toBeGreaterThan(3);
  });

  it('gives the same images for the same seed', () => {
    const root = after([opened('/d/a', 5), wrote('/d/a', 5, 0, 'x'.repeat(4_096)), opened('/d/b', 7)]);

    expect(filesOf(root, 'random', 9)).toEqual(filesOf(root, 'random', 9));
  });

  it('is not guessed at: a call that the model does not know is an error', () => {
    expect(() => after([call('truncate', [hex('/d/a'), '0'])])).toThrow('not known');
    expect(() => after([wrote('/d/a', 5, 0, 'x')])).toThrow('never opened');
  });
});
