import { randomBytes } from 'node:crypto';
import {
  closeSync,
  constants,
  fstatSync,
  fsyncSync,
  openSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import type { z } from 'zod';
import { doingOwn } from './fs-errors.ts';
import { quietly } from './quietly.ts';

/**
 * Text of a small file; no pipe and no device, of which there may be no end. Not by Node's own way for text, which ends
 * the whole process where a disk reports an error on closing, as network disks and quotas do.
 */
export function readText(file: string): string {
  const handle = openSync(file, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0)); // a pipe would wait for a writer
  try {
    if (!fstatSync(handle).isFile())
      throw Object.assign(new Error(`EINVAL: no file, read '${file}'`), { code: 'EINVAL' });
    return readFileSync(handle).toString();
  } finally {
    closeSync(handle);
  }
}

/**
 * The file's content, or `fallback` when it is missing, unreadable or not what `schema` says.
 * Only for what may be lost: recents, settings, remembered folders.
 */
export function readJsonFile<T>(file: string, schema: z.ZodType<T>, fallback: T): T {
  try {
    const parsed = schema.safeParse(JSON.parse(readText(file)));
    return parsed.success ? parsed.data : fallback;
  } catch {
    return fallback;
  }
}

/**
 * Replaces a file of the data folder as a whole: a reader sees the old or the new content, also after a power cut.
 * Mode 0600. @throws CodedError of doingOwn.
 */
export const writeJsonFile = (file: string, value: unknown): void => doingOwn(file, () => replace(file, value));

function replace(file: string, value: unknown): void {
  const temporary = `${file}.${randomBytes(4).toString('hex')}.tmp`;
  try {
    const descriptor = openSync(temporary, 'wx', 0o600);
    try {
      writeFileSync(descriptor, `${JSON.stringify(value, null, 2)}\n`);
      fsyncSync(descriptor);
    } finally {
      closeSync(descriptor);
    }
    renameSync(temporary, file);
  } catch (cause) {
    quietly(() => rmSync(temporary, { force: true })); // why it could not be written says more
    throw cause;
  }
}
