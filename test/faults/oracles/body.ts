import { createHash } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import type { Scene } from '../flows/flow.ts';
import { isWrittenToByOther, type lookAt } from './content.ts';

/** Journal mode, change counter and the number that goes with it: SQLite sets them by itself, whatever the rest holds. */
const OWN_FIELDS = [[18, 20], [24, 28], [92, 96]] as const; // prettier-ignore

/**
 * Whether a file of which SQLite cannot read all is still the one that was found: its bytes, or, where another program has
 * written rows of its own to it, all else that can be read.
 * @param looked the file as SQLite has recovered it.
 */
export function isStill(old: Scene['old'], looked: ReturnType<typeof lookAt>): boolean {
  if (looked === undefined || looked.content !== null) return false;
  const isBody = typeof old.body === 'string' && bodyIfThere(looked.copy) === old.body;
  if (isBody) return true;
  return typeof old.remains === 'string' && looked.remains === old.remains && isWrittenToByOther(looked.copy);
}

/** SHA-256 of all the rest; null = no file is there. What cannot be read has no content that could be compared instead. */
export function bodyIfThere(file: string): string | null {
  return existsSync(file) ? bodyOf(readFileSync(file)) : null;
}

export function bodyOf(whole: Buffer): string {
  const bytes = Buffer.from(whole);
  for (const [from, to] of OWN_FIELDS) bytes.fill(0, from, to);
  return createHash('sha256').update(bytes).digest('hex');
}
