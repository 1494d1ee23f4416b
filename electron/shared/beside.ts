/** Names of what Phasewise keeps beside a database, or in its folder of backups, when something goes wrong. */

/** Says that a restore was interrupted. */
export const intentFile = (database: string): string => `${database}.restore-intent`;

/** Keeps a second restore away, of whichever of our instances. */
export const restoreLockFile = (database: string): string => `${database}.restore-lock`;

/** Folder with the files that a restore replaced; `mkdtemp` adds six characters. */
export const replacedPrefix = (databaseName: string): string => `${databaseName} replaced-`;
export const isReplacedFolder = (databaseName: string, name: string): boolean =>
  hasRandomEnd(name, replacedPrefix(databaseName));

/**
 * Whether what lies in such a folder can be put back: the database, as a file, and nothing beside it that is no file.
 * Both sides ask this: what one of them offers, the other must not refuse.
 * @param look what lies in the folder under a name.
 */
export function canBePutBack(databaseName: string, look: (name: string) => FileKind | undefined): boolean {
  const [main, ...beside] = ['', '-wal', '-journal', '-shm'].map((suffix) => look(databaseName + suffix));
  return main?.isFile() === true && beside.every((each) => each === undefined || each.isFile());
}

interface FileKind {
  isFile(): boolean;
}

/** The same while it is being filled; without the database's intent it is left over. */
export const replacingPrefix = (databaseName: string): string => `${databaseName} replacing-`;
export const isReplacingFolder = (databaseName: string, name: string): boolean =>
  hasRandomEnd(name, replacingPrefix(databaseName));

/** Where backups go as long as nobody chooses another folder: visible, beside the file, called after it. */
export const backupFolderBeside = (database: string): string => `${database} backups`;

/** Folder, among the backups, with database, journal and log as they were before SQLite played them in. */
export const isRecoveryCopy = (name: string): boolean =>
  /^.+ \d{4}-\d\d-\d\d \d\d\.\d\d\.\d\d before recovery( \d+)?$/.test(name);

const hasRandomEnd = (name: string, prefix: string): boolean =>
  name.startsWith(prefix) && /^[A-Za-z0-9]{6}$/.test(name.slice(prefix.length));
