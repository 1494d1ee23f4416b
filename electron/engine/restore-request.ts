import type { Pack } from './migration.ts';
import type { EngineRequests, EngineWork } from './protocol.ts';
import { dropStaged, type FileProbe, type Staged } from './restore-stage.ts';

/** What a restore is asked, and what it is given to work with. */
export type RestoreInput = EngineRequests['restore']['input'];

export interface RestoreDependencies extends Telling {
  readonly packs: readonly Pack[];
  readonly lockWaitMs?: number;
  readonly starvedMs?: number;
  /** How long somebody who came in is waited for at the end. */
  readonly patienceMs?: number;
  readonly clock?: () => Date;
  readonly probe?: (point: RestorePoint, file: string) => void;
}
export type RestorePoint =
  'saved' | 'switched' | 'unlocked' | 'copying' | 'copied' | 'finished' | 'unmarked' | Parameters<FileProbe>[0];

/** What the undoing of one is given. */
export interface PutBackDependencies extends Telling {
  readonly probe?: FileProbe;
}

interface Telling {
  readonly onWork?: (work: EngineWork) => void;
  /**
   * Awaited before the first byte is replaced: resolves once the host knows that it cannot stop the restore any more.
   * @throws CodedError E_CANCELLED when nobody is there to know.
   */
  readonly beforeReplacing?: (work: EngineWork) => Promise<void>;
}

/** What this throws leaves the file as it was. */
export async function passPointOfNoReturn({ onWork, beforeReplacing }: Telling): Promise<void> {
  const work = { stage: 'replacing', fraction: null, canCancel: false } as const;
  if (beforeReplacing) await beforeReplacing(work);
  else onWork?.(work);
}

/** The same with copies beside the target, which go where it is not passed. */
export async function passWith(staged: Staged, telling: Telling): Promise<void> {
  try {
    await passPointOfNoReturn(telling);
  } catch (error) {
    throw dropStaged(staged, error);
  }
}
