import { errorCode } from '@shared/error-code.ts';
import { orRefuse } from './identity.ts';
import { isJournalWhole } from './journal-check.ts';
import { isLogWhole } from './log-check.ts';
import { readSidecars, type Sidecars } from './sidecars.ts';

/**
 * Whether SQLite would take in everything that lies beside the database for it: what it leaves out is gone as soon as
 * it opens the file for writing, and nothing is said of that. Reads whole files: only for whoever is about to write.
 * @param file the database, or a copy of it with what lay beside it; closed.
 * @throws CodedError E_SIDECAR_UNSAFE, E_NO_PERMISSION, E_IO.
 */
export function isPlayedInWhole(file: string): boolean {
  const sidecars = readSidecars(file);
  return isLogTakenIn(file, sidecars) && (!sidecars.isJournalHot || isTakenIn(file, isJournalWhole));
}

/** The same of the log alone. */
export const isLogTakenIn = (file: string, { isWalLost, isWalRead }: Sidecars): boolean =>
  !isWalLost && (!isWalRead || isTakenIn(file, isLogWhole));

/** What goes while it is read was somebody's who is at work on the file, and has taken it in. */
function isTakenIn(file: string, isWhole: (file: string) => boolean): boolean {
  try {
    return isWhole(file);
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return true;
    return orRefuse(file, () => {
      throw error;
    });
  }
}
