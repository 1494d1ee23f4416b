import { chmodSync, lstatSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { Random } from '../../../migrations/kroma/sample/random.ts';
import type { Image } from './image.ts';

/** An image that is kept for a closer look, and what the process had said by then. */
export interface Kept {
  readonly image: Image;
  readonly where: string;
  readonly events: readonly EngineRunEvent[];
}

/** Keeps `one`, in the place of another once there are `most`. */
export function keep(kept: Kept[], most: number, one: Kept, random: Random, isImportant: boolean): void {
  if (kept.length < most) kept.push(one);
  else if (isImportant || random.chance(0.3)) kept[random.int(0, kept.length - 1)] = one;
}

/** Writes an image where the scene was, or elsewhere. */
export function layOut(image: Image, folder: string, modes: ReadonlyMap<string, number>): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  for (const name of image.folders)
    mkdirSync(path.join(folder, name), { recursive: true, mode: modes.get(name) ?? 0o700 });
  for (const [name, { bytes }] of image.files) {
    writeFileSync(path.join(folder, name), bytes);
    chmodSync(path.join(folder, name), modes.get(name) ?? 0o600);
  }
}

/** Modes of everything below `folder`, by path. */
export function modesBelow(folder: string): Map<string, number> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' });
  const modes = names.map((name): [string, number] => {
    const stats = lstatSync(path.join(folder, name), { throwIfNoEntry: false });
    return [name, (stats?.mode ?? 0o600) & 0o7777];
  });
  return new Map(modes);
}
