/** What lies where, from the texts in which Linux and macOS tell it. Asks nobody: given a text, finds the mount of a folder. */

export interface Mount {
  /** The folder below which it lies. */
  readonly point: string;
  /** The system's own name of its kind ("fuse.sshfs", "smbfs"); null where that says nothing of where the data are. */
  readonly name: string | null;
}

/** @returns the name of what is mounted at the longest mount point that the folder lies below. */
export function mountedAs(mounts: readonly Mount[], folder: string): string | null {
  const inner = folder.normalize('NFC'); // macOS writes the same name in two ways
  const above = mounts
    .map(({ point, name }) => ({ point: point.normalize('NFC'), name }))
    .filter(({ point }) => inner === point || inner.startsWith(point.endsWith('/') ? point : `${point}/`));
  return above.toSorted((a, b) => a.point.length - b.point.length).at(-1)?.name ?? null;
}

/** @param text of /proc/self/mountinfo: "36 35 98:0 /root /mount/point rw,noatime master:1 - ext3 /dev/root rw". */
export const mountsOfLinux = (text: string): Mount[] =>
  text.split('\n').map((line) => {
    const [left = '', right = ''] = line.split(' - ');
    return { point: unescaped(left.split(' ')[4] ?? ''), name: right.split(' ')[0] ?? '' };
  });

/** Blanks in names are written \040. */
const unescaped = (name: string): string =>
  name.replace(/\\(\d{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));

/** @param text that /sbin/mount prints: "//me@server/share on /Volumes/share (smbfs, nodev, nosuid, mounted by me)". */
export const mountsOfMac = (text: string): Mount[] =>
  text.split('\n').flatMap((line) => {
    const [, source, point, kind, options] = /^(.+?) on (\/.*) \(([^(),]+)([^()]*)\)$/.exec(line) ?? [];
    if (source === undefined || point === undefined || kind === undefined) return [];
    return [{ point, name: kind.includes('fuse') && isDisk(source, options ?? '') ? null : kind }];
  });

/** One that a driver of its own reads, as ntfs-3g does. What comes through FSKit is called a disk whatever it is. */
const isDisk = (source: string, options: string): boolean =>
  source.startsWith('/dev/disk') && !options.includes('fskit');
