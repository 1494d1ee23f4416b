import { execFileSync } from 'node:child_process';
import { canDo, isRoot } from './sandbox.ts';

/** Mounts that only one engine process sees: nothing of this machine changes, and nothing is left. */

const unshare = isRoot ? 'unshare -m' : 'unshare -Urm';
export const canMount = canDo(`${unshare} sh -c 'mount -t tmpfs none /mnt'`);
export const CANNOT_MOUNT = 'skipped: no mount in a namespace of our own is allowed here';

/** What starts an engine after `script` (shell) has mounted something. */
export const mounting = (script: string): string[] => [
  ...unshare.split(' '),
  'sh',
  '-c',
  `${script} && exec "$@"`,
  'sh',
];

export const tmpfs = (folder: string, sizeBytes: number, more = ''): string =>
  `mount -t tmpfs -o size=${sizeBytes},mode=0777${more} none '${folder}'`;

/** The same path as that process sees it. */
export const seenBy = (pid: number, file: string): string => `/proc/${pid}/root${file}`;

/** Does something to the mounts of that process. */
export const inNamespaceOf = (pid: number, ...command: string[]): void =>
  void execFileSync('nsenter', [
    '-t',
    String(pid),
    ...(isRoot ? ['-m'] : ['-U', '-m', '--preserve-credentials']),
    ...command,
  ]);
