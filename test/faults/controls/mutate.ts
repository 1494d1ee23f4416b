import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { Plugin } from 'vite';
import { root } from '../../../build/layout.mjs';
import type { Edit, Seed } from './seeds.ts';

/** @throws Error unless `find` stands in the text exactly once: the seed no longer fits the code. */
export function apply(text: string, { file, find, replace }: Edit): string {
  const parts = text.split(find);
  if (parts.length !== 2) throw new Error(`${file}: found ${parts.length - 1} times: ${JSON.stringify(find)}`);
  return parts.join(replace);
}

/** What does not fit any more; empty = the seed can be sown. */
export function misfits(seed: Seed): string[] {
  const texts = new Map<string, string>();
  return seed.edits.flatMap((edit) => {
    try {
      texts.set(edit.file, apply(texts.get(edit.file) ?? readFileSync(path.join(root, edit.file), 'utf8'), edit));
      return [];
    } catch (error) {
      return [error instanceof Error ? error.message : String(error)];
    }
  });
}

/** Changes the sources on their way into a bundle, or into a test. The files themselves stay as they are. */
export function sow(seed: Seed): Plugin {
  return {
    name: 'phasewise-seed',
    enforce: 'pre',
    transform(code, id) {
      const file = path.relative(root, id.split('?', 1)[0] ?? '').replaceAll(path.sep, '/');
      const edits = seed.edits.filter((edit) => edit.file === file);
      return edits.length === 0 ? null : { code: edits.reduce(apply, code), map: null };
    },
  };
}
