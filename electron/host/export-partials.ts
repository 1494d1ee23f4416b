import { createHash, randomBytes } from 'node:crypto';
import { readlinkSync, rmSync } from 'node:fs';
import { rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { lookOnDrives } from './drives.ts';
import { readText } from './json-file.ts';
import { namesOn, ownStatsOn } from './on-drives.ts';
import { isLiving, processIdentity } from './process-identity.ts';

/** The hidden file that holds exported rows, or a report, until they are whole. Its name says whose it is, for when that one is killed. */

const PARTIAL = /^\.phasewise-([0-9a-f]{8})-(\d+)-([0-9a-f]{8})-[0-9a-f]{12}\.part$/;
/** An engine is gone 4 s after its host, and nothing writes to the file from then on; a disk that stalls may take its time. */
const IDLE_MS = 10 * 60_000;
/** Of another computer or container that shares the folder only the time tells. Writing keeps changing it. */
const IDLE_ELSEWHERE_MS = 24 * 3_600_000;

/** A new name in the folder of `target`. */
export const partialFor = (target: string): string =>
  path.join(
    path.dirname(target),
    `.phasewise-${computer()}-${process.pid}-${startMark(process.pid)}-${randomBytes(6).toString('hex')}.part`,
  );

/**
 * Removes what exports into `folder` left whose process was killed. One that may still be written is let alone, and so
 * is what cannot be removed: it stands in nobody's way.
 */
export async function sweepPartials(folder: string): Promise<void> {
  const inside = await namesOn(folder); // where it cannot be looked into, whoever writes there next says why
  for (const name of typeof inside === 'object' && 'names' in inside ? inside.names : [])
    if (await isLeft(folder, name)) await removePartial(path.join(folder, name));
}

/** @returns whether it is gone; of a drive that does not answer within this time nobody can say so. */
export async function removePartial(partial: string): Promise<boolean> {
  const removed = rm(partial, { force: true }).then(
    () => true,
    () => false,
  );
  return Promise.race([removed, sleep(REMOVED_WITHIN_MS, false, { ref: false })]);
}

/** A large file takes its time on some disks. */
const REMOVED_WITHIN_MS = 2_000;

/** The same for the end of this process: nobody waits for anything any more. */
export function removeAtOnce(partial: string): void {
  try {
    if (!lookOnDrives.isSilent(partial)) rmSync(partial, { force: true });
  } catch {
    // the next export into that folder removes it
  }
}

async function isLeft(folder: string, name: string): Promise<boolean> {
  const [, on, pid, mark] = PARTIAL.exec(name) ?? [];
  const stats = on === undefined ? undefined : await ownStatsOn(path.join(folder, name));
  if (typeof stats !== 'object' || !stats.isFile()) return false;
  const idleMs = Date.now() - stats.mtimeMs;
  if (on !== computer()) return idleMs > IDLE_ELSEWHERE_MS;
  return idleMs > (processes() === '' ? IDLE_ELSEWHERE_MS : IDLE_MS) && !isAtWork(Number(pid), mark);
}

/** So it is believed of every process of that id, unless both marks say that it is another. */
function isAtWork(pid: number, mark: string | undefined): boolean {
  if (!isLiving(pid)) return false;
  const today = startMark(pid);
  return mark === today || mark === UNKNOWN || today === UNKNOWN;
}

const computer = (): string => short(`${os.hostname()} ${processes()}`);
const startMark = (pid: number): string => short(processIdentity(pid));
const short = (text: string): string => createHash('sha256').update(text).digest('hex').slice(0, 8);
const UNKNOWN = short('');

/**
 * Among which processes an id means the same one: since this start of the computer, in this container. '' where the system
 * does not say; then a computer of the same name may be another.
 */
function processes(): string {
  try {
    return `${readText('/proc/sys/kernel/random/boot_id').trim()} ${readlinkSync('/proc/self/ns/pid')}`;
  } catch {
    return '';
  }
}
