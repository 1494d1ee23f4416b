import { execFileSync } from 'node:child_process';
import { realpathSync, statfsSync } from 'node:fs';
import { readText } from './fsync.ts';
import { mountedAs, mountsOfLinux, mountsOfMac } from './mounts.ts';

/** What a folder lies on. */
export interface FileSystem {
  /** Linux: `f_type` of statfs(2), 32 bits; 0 elsewhere, where that number tells nothing. */
  readonly magic: number;
  /** The system's name ("fuse.sshfs", "smbfs"), SHARE for one of Windows; null where it cannot be learned. */
  readonly name: string | null;
}

/**
 * From linux/magic.h, the file systems' own sources and what coreutils' stat calls remote. Disks that several computers
 * share are among them: whether a lock holds on all of those depends on how they were mounted (OCFS2 often keeps them
 * to itself), and the memory that a log needs is never shared. So are folders that VirtualBox, VMware and Parallels hand to a guest:
 * its locks do not reach the programs of the host.
 */
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
  0x0bd00bd0: 'Lustre',
  0x0bd00bd3: 'Lustre',
  0x00c36400: 'Ceph',
  0xaad7aaea: 'PanFS',
  0x47504653: 'GPFS',
  0x19830326: 'BeeGFS',
  0x20030528: 'OrangeFS',
  0x01161970: 'GFS2',
  0x7461636f: 'OCFS2',
  0x786f4256: 'vboxsf',
  0xbacbacbc: 'vmhgfs',
  0x7c7c6673: 'prl_fs',
};
/** As macOS names them. FUSE ones that read a disk of this computer have no name here, see `mountsOfMac`. */
const NETWORK_NAMES = ['nfs', 'smbfs', 'afpfs', 'webdav', 'ftp', 'macfuse', 'osxfuse', 'osxfusefs', 'fusefs'];
const SHARE = 'UNC';
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
  if (magic === FUSE_MAGIC) return name !== null && LOCAL_FUSE.includes(name) ? null : (name ?? 'FUSE');
  return name === SHARE || NETWORK_NAMES.includes(name ?? '') ? name : null;
}

/** A folder of another computer, as Windows names it: `\\server\share`, `\\?\UNC\server\share`; no `\\?\C:\`, no device. */
export const isShare = (folder: string): boolean => /^\\\\(?:[?.]\\UNC\\|[^\\?.])/i.test(folder.replaceAll('/', '\\'));

const MOUNT_MS = 2_000;

/** How the system is asked; specs answer instead of it. */
const asking = {
  system: process.platform as string,
  /** A drive letter that stands for a share leads to that share. */
  realPath: (folder: string): string => realpathSync.native(folder),
  /** From the kernel's own list (MNT_NOWAIT): no server has to answer. */
  mounts: (): string => execFileSync('/sbin/mount', { encoding: 'utf8', timeout: MOUNT_MS, stdio: 'pipe' }),
};

/**
 * Never fails: what cannot be learned counts as an unknown local file system.
 * @param folder as the system resolves it.
 */
export function readFileSystem(folder: string, how: Partial<typeof asking> = {}): FileSystem {
  const { system, realPath, mounts } = { ...asking, ...how };
  try {
    if (system === 'win32') return { magic: 0, name: isShare(folder) || isShare(realPath(folder)) ? SHARE : null };
    if (system === 'darwin') return { magic: 0, name: mountedAs(mountsOfMac(mounts()), folder) };
    const magic = Number(statfsSync(folder, { bigint: true }).type & 0xffffffffn);
    const isFuse = magic === FUSE_MAGIC;
    return { magic, name: isFuse ? mountedAs(mountsOfLinux(readText('/proc/self/mountinfo')), folder) : null };
  } catch {
    return { magic: 0, name: null };
  }
}

/** @returns bytes that an ordinary user may still write there. @throws the system's error when the folder is gone. */
export function freeBytes(folder: string): number {
  const stats = statfsSync(folder, { bigint: true });
  return Number(stats.bavail * stats.bsize);
}
