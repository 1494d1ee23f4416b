import { realpathSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { isShare, networkKind, readFileSystem } from '@engine/file-system.ts';
import { mountedAs, mountsOfLinux, mountsOfMac } from '@engine/mounts.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Where SQLite's locks do not hold, as each system tells it. What Windows and macOS say is given: only Linux runs these. */

describe('Linux, by the number of the file system', () => {
  it.each([
    ['Lustre, as its client has it', 0x0bd00bd0, 'Lustre'],
    ['GFS2, on a disk that several computers share', 0x01161970, 'GFS2'],
    ['OCFS2, likewise', 0x7461636f, 'OCFS2'],
    ['a folder of the host in VirtualBox', 0x786f4256, 'vboxsf'],
    ['in VMware', 0xbacbacbc, 'vmhgfs'],
    ['in Parallels', 0x7c7c6673, 'prl_fs'],
    ['OrangeFS', 0x20030528, 'OrangeFS'],
    ['BeeGFS', 0x19830326, 'BeeGFS'],
    ['GPFS', 0x47504653, 'GPFS'],
    ['XFS', 0x58465342, null],
    ['Btrfs', 0x9123683e, null],
    ['ZFS', 0x2fc12fc1, null],
    ['overlayfs', 0x794c7630, null],
  ])('%s', (_, magic, kind) => {
    expect(networkKind({ magic, name: null })).toBe(kind);
  });

  it('names a FUSE by the mount that a folder lies below, the innermost one', () => {
    const mounts = mountsOfLinux(
      [
        '22 1 8:1 / / rw,relatime shared:1 - ext4 /dev/sda1 rw',
        '51 22 0:45 / /home/me/my\\040server rw,nosuid - fuse.sshfs me@server:/ rw,user_id=1000',
        '52 51 8:17 / /home/me/my\\040server/disk rw - fuseblk /dev/sdb1 rw',
        '',
      ].join('\n'),
    );
    const named = ['/home/me/my server', '/home/me/my server/a', '/home/me/my server/disk/b', '/home/me/my server2'];

    expect(named.map((folder) => mountedAs(mounts, folder))).toEqual(['fuse.sshfs', 'fuse.sshfs', 'fuseblk', 'ext4']);
  });

  it('a folder of this computer, asked of the system', () => {
    const folder = realpathSync(temporaryFolder());

    expect(networkKind(readFileSystem(folder))).toBeNull();
    expect(readFileSystem(`${folder}/missing`)).toEqual({ magic: 0, name: null });
  });
});

describe('Windows, by the path', () => {
  it.each([
    [String.raw`\\server\share`, true],
    [String.raw`\\server\share\folder`, true],
    [String.raw`\\192.168.0.7\c$\data`, true],
    [String.raw`\\wsl.localhost\Ubuntu\home\me`, true],
    [String.raw`\\server@SSL\DavWWWRoot\folder`, true],
    [String.raw`\\?\UNC\server\share`, true],
    [String.raw`\\?\unc\server\share`, true],
    [String.raw`\\.\UNC\server\share`, true],
    ['//server/share', true],
    [String.raw`C:\Users\me`, false],
    ['C:/Users/me', false],
    [String.raw`\\?\C:\Users\me`, false],
    [String.raw`\\?\Volume{b75e2c83-0000-0000-0000-602f00000000}\me`, false],
    [String.raw`\\.\C:\me`, false],
    [String.raw`\\.\PhysicalDrive0`, false],
    [String.raw`\Users\UNC\me`, false],
    [String.raw`\\`, false],
  ])('%s: %s', (folder, is) => {
    expect(isShare(folder)).toBe(is);
  });

  const asked = (folder: string, real: () => string): string | null =>
    networkKind(readFileSystem(folder, { system: 'win32', realPath: real }));

  it('a drive letter that stands for a share leads to that share', () => {
    expect(asked(String.raw`Z:\projects`, () => String.raw`\\server\share\projects`)).toBe('UNC');
    expect(asked(String.raw`C:\projects`, () => String.raw`C:\projects`)).toBeNull();
  });

  it('a share is one, and a drive none, also where the system does not say what it leads to', () => {
    const refused = (): string => {
      throw Object.assign(new Error('EISDIR'), { code: 'EISDIR' });
    };

    expect(asked(String.raw`\\server\share`, refused)).toBe('UNC');
    expect(asked(String.raw`R:\projects`, refused)).toBeNull();
  });
});

describe('macOS, by what it lists as mounted', () => {
  const LIST = `/dev/disk3s1s1 on / (apfs, sealed, local, read-only, journaled)
devfs on /dev (devfs, local, nobrowse)
/dev/disk3s5 on /System/Volumes/Data (apfs, local, journaled, nobrowse, protect, root data)
map auto_home on /System/Volumes/Data/home (autofs, automounted, nobrowse)
//me@server/share on /Volumes/share (smbfs, nodev, nosuid, mounted by me)
//me@server/a%20b on /Volumes/Notes (old) on paper (smbfs, nodev, nosuid, mounted by me)
server:/export/home on /Volumes/home (nfs, nodev, nosuid, mounted by me)
//me@old._afpovertcp._tcp.local/music on /Volumes/music (afpfs, nodev, nosuid, mounted by me)
https://dav.example.org/files/ on /Volumes/dav (webdav, nodev, noexec, nosuid, mounted by me)
ftp://example.org on /Volumes/ftp (ftp, nodev, nosuid, read-only, mounted by me)
me@server:/ on /Users/me/server (macfuse, nodev, nosuid, synchronous, mounted by me)
me@osxfuse0 on /Users/me/old-server (osxfuse, local, nodev, nosuid, synchronous, mounted by me)
/dev/disk7 on /Users/me/kit (macfuse, local, nodev, nosuid, fskit, mounted by me)
/dev/disk4s1 on /Volumes/Windows (macfuse, local, synchronous, noatime)
/dev/disk5s1 on /Volumes/share/disk (hfs, local, nodev, nosuid, journaled, noowners)
/dev/disk6s1 on /Volumes/Gro\u0308\u00dfe (exfat, local, nodev, nosuid, noowners)
//me@server/gross on /Volumes/Gro\u0308\u00dfer (smbfs, nodev, nosuid, mounted by me)
`;
  const kindOf = (folder: string, list = LIST): string | null =>
    networkKind(readFileSystem(folder, { system: 'darwin', mounts: () => list }));

  it.each([
    ['/Users/me/projects', null],
    ['/', null],
    ['/Volumes', null],
    ['/Volumes/share', 'smbfs'],
    ['/Volumes/share/projects/deep', 'smbfs'],
    ['/Volumes/share2', null],
    ['/Volumes/share/disk/projects', null],
    ['/Volumes/Notes (old) on paper/2026', 'smbfs'],
    ['/Volumes/home/me', 'nfs'],
    ['/Volumes/music', 'afpfs'],
    ['/Volumes/dav/a', 'webdav'],
    ['/Volumes/ftp/a', 'ftp'],
    ['/Users/me/server/a', 'macfuse'],
    ['/Users/me/old-server/a', 'osxfuse'],
    ['/Users/me/kit/a', 'macfuse'],
    ['/Volumes/Windows/a', null],
    ['/Volumes/Gr\u00f6\u00dfe/a', null],
    ['/Volumes/Gr\u00f6\u00dfer/a', 'smbfs'],
  ])('%s: %s', (folder, kind) => {
    expect(kindOf(folder)).toBe(kind);
  });

  it.each([
    ['nothing', ''],
    ['something else', 'Usage: mount\n\n on  ()\nx on y (smbfs)\n//a on /Volumes/share (smbfs'],
  ])('%s said: as on a disk of this computer', (_, list) => {
    expect(kindOf('/Volumes/share', list)).toBeNull();
    expect(mountsOfMac(list)).toEqual([]);
  });

  it('as on a disk of this computer where it cannot be asked, or does not answer in time', () => {
    const mounts = (): string => {
      throw Object.assign(new Error('spawnSync /sbin/mount ETIMEDOUT'), { code: 'ETIMEDOUT' });
    };

    expect(networkKind(readFileSystem('/Volumes/share', { system: 'darwin', mounts }))).toBeNull();
  });
});
