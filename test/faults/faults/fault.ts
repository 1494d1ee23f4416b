/** What is done to an engine process while it works. */
export type Fault =
  /** The n-th call of its kind in the main thread fails, or the process is killed before it. */
  | {
      readonly kind: 'call';
      readonly call: Call;
      readonly effect: Effect;
      readonly at: number;
      /** From there on every call of its kind. */
      readonly isPersistent: boolean;
    }
  /** Stopped at a call, and continued after a while in which another program tries its luck. */
  | { readonly kind: 'pause'; readonly call: Call; readonly at: number; readonly ms: number }
  /** Killed from outside, at any moment. */
  | { readonly kind: 'kill-at'; readonly share: number }
  /** Killed again and again, at each of these shares of the time that is left. */
  | { readonly kind: 'kill-chain'; readonly shares: readonly number[] }
  /** No more address space than it has, and this. */
  | { readonly kind: 'memory'; readonly moreBytes: number }
  /** JavaScript may keep this much. */
  | { readonly kind: 'heap'; readonly megabytes: number }
  /** No file may grow beyond: writes are cut short there, as on a disk with quota. */
  | { readonly kind: 'file-size'; readonly bytes: number }
  /** A low priority, on a core that others keep busy. */
  | { readonly kind: 'starve' }
  /** A second instance is asked the same at the same moment. */
  | { readonly kind: 'race'; readonly isLockFolderShared: boolean; readonly delayMs: number }
  /** Another program reads, writes or locks, from one event of the run on, or all the time. */
  | { readonly kind: 'other'; readonly does: OtherDoes; readonly fromEvent: number };

export const calls = [
  'pwrite64', 'fsync', 'fdatasync', 'ftruncate', 'unlink', 'rename', 'openat', 'mkdir', 'link', 'write', 'copy_file_range', 'pread64',
  'fcntl', 'statx', 'newfstatat', 'access', 'getdents64', 'lseek', 'close', 'rmdir', 'chmod', 'fchmod', 'chown', 'fchown', 'utimensat',
] as const; // prettier-ignore
export type Call = (typeof calls)[number];
/** What the system refuses for reasons of its own: rights, a disk mounted for reading only, somebody else's hold on a file. */
const refusals = ['EACCES', 'EPERM', 'EROFS', 'EBUSY', 'EAGAIN', 'ENOLCK', 'ENOENT'] as const;
export type Effect = 'KILL' | 'EIO' | 'ESTALE' | 'ENOSPC' | 'EDQUOT' | 'EMFILE' | 'short' | (typeof refusals)[number];
export type OtherDoes = 'read' | 'write' | 'lock';

/** Which call can end how. `write` also carries our messages to the host, so it never fails for good. */
export const effectsOf: Readonly<Record<Call, readonly Effect[]>> = {
  pwrite64: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT', 'short'],
  fsync: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT'],
  fdatasync: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT'],
  ftruncate: ['KILL', 'EIO', 'ENOSPC', 'EROFS'],
  unlink: ['KILL', 'EIO', 'EACCES', 'EBUSY', 'EROFS'],
  rename: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EBUSY', 'EROFS'],
  openat: ['KILL', 'EMFILE', 'ENOSPC', 'EDQUOT', 'EIO', 'ESTALE', 'EACCES', 'EROFS', 'ENOENT'],
  mkdir: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT', 'EACCES', 'EROFS'],
  link: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT', 'EPERM'],
  write: ['KILL', 'EIO', 'ENOSPC'],
  copy_file_range: ['KILL', 'EIO', 'ENOSPC', 'EDQUOT'],
  pread64: ['KILL', 'EIO', 'ESTALE'],
  fcntl: ['ENOLCK', 'EAGAIN', 'EACCES'],
  statx: ['EIO', 'ESTALE', 'EACCES'],
  newfstatat: ['EIO', 'EACCES'],
  access: ['EIO', 'EACCES'],
  getdents64: ['EIO'],
  lseek: ['EIO'],
  close: ['KILL', 'EIO'],
  rmdir: ['EACCES', 'EBUSY'],
  chmod: ['EPERM'],
  fchmod: ['EPERM'],
  chown: ['EPERM'],
  fchown: ['EPERM'],
  utimensat: ['EIO', 'EPERM'],
};
export const canPersist = (call: Call, effect: Effect): boolean =>
  effect !== 'KILL' && effect !== 'short' && call !== 'write';

/** The column of the table in which a fault is counted. */
export function columnOf(fault: Fault): string {
  if (fault.kind === 'call') {
    if (fault.effect === 'KILL') return 'kill';
    if (fault.call === 'pread64') return 'read error';
    const isRefusal = refusals.some((effect) => effect === fault.effect);
    const name = isRefusal ? 'refused' : fault.effect === 'short' ? 'short write' : fault.effect;
    return fault.isPersistent ? `${name}+` : name;
  }
  if (fault.kind === 'kill-at' || fault.kind === 'kill-chain') return 'kill';
  if (fault.kind === 'heap') return 'memory';
  return {
    pause: 'pause',
    memory: 'memory',
    'file-size': 'file size',
    starve: 'starve',
    race: 'race',
    other: 'other program',
  }[fault.kind];
}

/** As text, for a report. */
export const faultText = (fault: Fault): string => JSON.stringify(fault);

/** The same, from what `faultText` gave. */
export const parseFault = (text: string): Fault => JSON.parse(text) as Fault;
