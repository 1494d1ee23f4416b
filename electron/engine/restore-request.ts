import type { Pack } from './migration.ts';
import type { EngineRequests, EngineWork } from './protocol.ts';
import type { FileProbe } from './restore-file.ts';

/** What a restore is asked, and what it is given to work with. */
export type RestoreInput = EngineRequests['restore']['input'];

export interface RestoreDependencies {
  readonly packs: readonly Pack[];
  readonly lockWaitMs?: number;
  readonly starvedMs?: number;
  /** How long somebody who came in is waited for at the end. */
  readonly patienceMs?: number;
  readonly clock?: () => Date;
  readonly onWork?: (work: EngineWork) => void;
  /**
   * Awaited before the first byte is replaced: resolves once the host knows that it cannot stop the restore any more.
   * @throws CodedError E_CANCELLED when nobody is there to know.
   */
  readonly beforeReplacing?: (work: EngineWork) => Promise<void>;
  readonly probe?: (point: RestorePoint, file: string) => void;
}
export type RestorePoint =
  'saved' | 'switched' | 'unlocked' | 'copying' | 'copied' | 'finished' | 'unmarked' | Parameters<FileProbe>[0];

/** What this throws leaves the file as it was. */
export async function passPointOfNoReturn({ onWork, beforeReplacing }: RestoreDependencies): Promise<void> {
  const work = { stage: 'replacing', fraction: null, canCancel: false } as const;
  if (beforeReplacing) await beforeReplacing(work);
  else onWork?.(work);
}
