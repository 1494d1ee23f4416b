import { statfsSync } from 'node:fs';
import path from 'node:path';
import { readText } from './fsync.ts';

/** What a folder lies on. */
export interface FileSystem {
  /** `f_type` of statfs(2), 32 bits. */
  readonly magic: number;
  /** The kernel's name ("ext4", "fuse.sshfs"); null where it cannot be learned. */
  readonly name: string | null;
}

/** From linux/magic.h and the file systems' own sources. */
const NETWORK_MAGIC: Readonly<Record<number, string>> = {
  0x6969: 'NFS',
  0x517b: 'SMB',
  0xff534d42: 'CIFS',
  0xfe534d42: 'SMB',
  0x01021997: '9p',
  0x5346414f: 'AFS',
  0x6b414653: 'AFS',
  0x73757245: 'Coda',
  0x564c: 'NCP',
  0x0bd00bd3: 'Lustre',
  0x00c36400: 'Ceph',
  0xaad7aaea: 'PanFS',
};
/** Covers drivers of local disks (ntfs-3g shows as "fuseblk") as well as network ones: the name decides. */
const FUSE_MAGIC = 0x65735546;
const LOCAL_FUSE = ['fuseblk', 'virtiofs', 'fuse.ntfs-3g', 'fuse.fuse-overlayfs', 'fuse.encfs', 'fuse.gocryptfs'];

/**
 * SQLite's locks do not hold on network drives, so nothing is ever written there.
 * @returns what kind of network drive it is; null for a local one.
 */
export function networkKind({ magic, name }: FileSystem): string | null {
  const known = NETWORK_MAGIC[magic];
  if (known !== undefined) return known;
  if (magic !== FUSE_MAGIC || (name !== null && LOCAL_FUSE.includes(name))) return null;
  return name ?? 'FUSE';
}

/** Never fails: what cannot be learned counts as an unknown local file system. */
export function readFileSystem(folder: string): FileSystem {
  try {
    const magic = Number(statfsSync(folder, { bigint: true }).type & 0xffffffffn);
    return { magic, name: magic === FUSE_MAGIC ? mountedAs(folder) : null };
  } catch {
    return { magic: 0, name: null };
  }
}

/** @returns bytes that an ordinary user may still write there. @throws the system's error when the folder is gone. */
export function freeBytes(folder: string): number {
  const stats = statfsSync(folder, { bigint: true });
  return Number(stats.bavail * stats.bsize);
}

/** The longest mount point that the folder lies below, from /proc/self/mountinfo (Linux). */
function mountedAs(folder: string): string | null {
  const mounts = readText('/proc/self/mountinfo').split('\n').map(parseMount);
  const above = mounts.filter(
    ({ point }) => folder === point || folder.startsWith(point === '/' ? '/' : point + path.sep),
  );
  return above.toSorted((a, b) => a.point.length - b.point.length).at(-1)?.name ?? null;
}

/** "36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw"; blanks in names are written \040. */
function parseMount(line: string): { point: string; name: string } {
  const [left = '', right = ''] = line.split(' - ');
  const point = (left.split(' ')[4] ?? '').replace(/\\(\d{3})/g, (_, octal: string) =>
    String.fromCharCode(Number.parseInt(octal, 8)),
  );
  return { point, name: right.split(' ')[0] ?? '' };
}
