import { type AppError, CodedError, safetyText } from '@shared/errors.ts';
import type { RunControl } from './control.ts';
import type { EngineRunEvent } from './events.ts';
import type { MaintenanceLock } from './lock.ts';
import { type RunSession, stepError } from './session.ts';
import { marginFor } from './space.ts';
import { type Shortage, watchSpace } from './space-watch.ts';

/** What is told while a run stands still: `attention` is why, null where a person has paused it. */
type Tell = (state: 'paused' | 'resumed' | 'cancelling', now: string, attention: AppError | null) => void;

/**
 * Stands still until there is room and nobody has paused it meanwhile; tells what is lacking, with fresh numbers as they
 * change.
 * @param working what is told of when it goes on.
 * @throws CodedError E_CANCELLED; what `look` throws.
 */
export function waitForRoom(
  control: RunControl,
  { found, look }: Shortage,
  working: string,
  tell: Tell,
): Promise<void> {
  let told: AppError | null = found;
  const say = (state: Parameters<Tell>[0]) => {
    const isWaiting = told !== null && state !== 'resumed';
    tell(state, isWaiting ? 'Waiting for free space' : working, state === 'paused' ? told : null);
  };
  return control.hold(say, () => {
    const now = look();
    const isNews = now !== null && now.message !== told?.message;
    told = now; // a person's pause under it has no reason of its own
    if (isNews) say('paused');
    return now === null;
  });
}

const FULL: readonly string[] = ['E_NO_SPACE', 'E_BACKUP_NO_SPACE'];

/** Does a part of a run, and again as often as there was no room for it and there is now. */
export async function whenThereIsRoom(session: RunSession, work: () => Promise<void>): Promise<void> {
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const { appError: error } = stepError(thrown, 'the upgrade');
      if (!FULL.includes(error.code)) throw thrown;
      await session.roomAgain(error);
    }
  }
}

/**
 * Makes the backup that a run begins with. A disk that is too full for it pauses the run, as one does in a step: what was
 * begun is removed by then, and when there is room the backup is made anew. The lock is held all the time.
 * @param working what is told of while it is made.
 * @throws what `backUp` throws, apart from E_BACKUP_NO_SPACE; as `waitForRoom`.
 */
export async function whenBackupFits<T>(
  { db, path }: Pick<MaintenanceLock, 'db' | 'path'>,
  { control, emit }: { readonly control: RunControl; readonly emit: (event: EngineRunEvent) => void },
  working: string,
  backUp: () => Promise<T>,
): Promise<T> {
  const [pages = 0, pageSize = 0] = ['page_count', 'page_size'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  );
  const space = watchSpace(path, marginFor(pages * pageSize));
  const tell: Tell = (state, now, attention) =>
    emit({ type: 'state', state: state === 'resumed' ? 'backing-up' : state, now, attention });
  for (;;) {
    try {
      return await backUp();
    } catch (thrown) {
      if (!(thrown instanceof CodedError) || thrown.appError.code !== 'E_BACKUP_NO_SPACE') throw thrown;
      const { found, look } = space.after(thrown.appError);
      await waitForRoom(control, { found: notBegun(found), look: () => notBegun(look()) }, working, tell);
    }
  }
}

/** There is no backup yet, and nothing was changed. */
const notBegun = <E extends AppError | null>(error: E): E =>
  error === null ? error : { ...error, safety: safetyText.untouched };
