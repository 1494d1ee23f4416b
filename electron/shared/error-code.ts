interface Unnamed {
  readonly code: string;
  readonly words: string;
  /** By errno.h; null = the system has none. */
  readonly linux: number;
  readonly darwin: number | null;
}

/** What libuv has no name for: Node calls them "Unknown system error -122". On Windows there are none of these. */
const unnamed: readonly Unnamed[] = [
  { code: 'EDQUOT', words: 'disk quota exceeded', linux: 122, darwin: 69 },
  { code: 'ESTALE', words: 'stale file handle', linux: 116, darwin: 70 },
  { code: 'ENOLCK', words: 'no locks available', linux: 37, darwin: 77 },
  { code: 'EUCLEAN', words: 'the file system needs cleaning', linux: 117, darwin: null },
];

/** `ENOSPC`, `SQLITE_BUSY`, … or ''. */
export function errorCode(error: unknown): string {
  const code = typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined;
  return unnamedOf(error)?.code ?? (typeof code === 'string' ? code : '');
}

/** What the system said, up to the path: "EACCES: permission denied". Of other errors, all of it. */
export function errorWords(error: unknown): string {
  const found = unnamedOf(error);
  if (found) return `${found.code}: ${found.words}`;
  if (!(error instanceof Error)) return String(error);
  return 'syscall' in error ? (error.message.split(',')[0] ?? '').trim() : error.message;
}

function unnamedOf(error: unknown): Unnamed | undefined {
  const number = error instanceof Error && 'errno' in error && typeof error.errno === 'number' ? -error.errno : NaN;
  const platform = typeof process === 'undefined' ? null : process.platform;
  return platform === 'linux' || platform === 'darwin' ? unnamed.find((each) => each[platform] === number) : undefined;
}
