import { orRefuse } from './identity.ts';
import { isJournalWhole } from './journal-check.ts';
import { isLogWhole } from './log-check.ts';
import { hasGone, readSidecars, type Sidecars } from './sidecars.ts';

/**
 * Whether SQLite would take in everything that lies beside the database for it: what it leaves out is gone as soon as
 * it opens the file for writing, and nothing is said of that. Reads whole files: only for whoever is about to write.
 * @param file the database, or a copy of it with what lay beside it; closed.
 * @param isOurs a copy, which nobody else takes anything away from.
 * @throws CodedError E_SIDECAR_UNSAFE, E_NO_PERMISSION, E_IO.
 */
export function isPlayedInWhole(file: string, { isOurs = false } = {}): boolean {
  const sidecars = readSidecars(file);
  if (!isLogTakenIn(file, sidecars, isOurs)) return false;
  return !sidecars.isJournalHot || isTakenIn(file, '-journal', isJournalWhole, isOurs);
}

/** The same of the log alone. */
export const isLogTakenIn = (file: string, { isWalLost, isWalRead }: Sidecars, isOurs = false): boolean =>
  !isWalLost && (!isWalRead || isTakenIn(file, '-wal', isLogWhole, isOurs));

/** What goes while it is read was somebody's who is at work on the file, and has taken it in. */
function isTakenIn(
  file: string,
  suffix: '-wal' | '-journal',
  isWhole: (file: string) => boolean,
  isOurs: boolean,
): boolean {
  try {
    return isWhole(file);
  } catch (error) {
    if (!isOurs && hasGone(error, file + suffix)) return true;
    return orRefuse(file, () => {
      throw error;
    });
  }
}
