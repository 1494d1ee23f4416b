import { type AppError, CodedError, safetyText } from '@shared/errors.ts';
import type { RunControl } from './control.ts';
import type { EngineRunEvent } from './events.ts';
import type { MaintenanceLock } from './lock.ts';
import type { Db } from './migration.ts';
import { type RunSession, stepError } from './session.ts';
import { marginFor } from './space.ts';
import { fullElsewhere, type Shortage, watchSpace } from './space-watch.ts';

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

/**
 * Of a backup that met a full disk whose disk has room: another program may have filled that for a moment, so it is tried
 * once more. The second time in a row it is not that disk that is full, and waiting for it would have no end.
 * @returns whether to try again at once. It throws CodedError E_BACKUP_NO_SPACE with what may be full instead.
 */
function onceMore(spareBytes: () => number): (error: AppError) => boolean {
  let wasTried = false;
  return (error) => {
    const elsewhere = error.code === 'E_BACKUP_NO_SPACE' ? fullElsewhere(error, spareBytes()) : null;
    if (elsewhere !== null && (wasTried || elsewhere.isSure)) throw new CodedError(elsewhere.error);
    return (wasTried = elsewhere !== null);
  };
}

/** What a disk must have to spare for this database. */
function marginOf(db: Db): number {
  const [pages = 0, pageSize = 0] = ['page_count', 'page_size'].map((name) =>
    Number(db.pragma(name, { simple: true })),
  );
  return marginFor(pages * pageSize);
}

/** Does a part of a run, and again as often as there was no room for it and there is now. */
export async function whenThereIsRoom(session: RunSession, work: () => Promise<void>): Promise<void> {
  const isForAgain = onceMore(() => session.tuning.spareBytes ?? marginOf(session.db));
  for (;;) {
    try {
      return await work();
    } catch (thrown) {
      const { appError: error } = stepError(thrown, 'the upgrade');
      if (!FULL.includes(error.code)) throw thrown;
      if (!isForAgain(error)) await session.roomAgain(error);
    }
  }
}

/**
 * Makes the backup that a run begins with. A disk that is too full for it pauses the run, as one does in a step: what was
 * begun is removed by then, and when there is room the backup is made anew. The lock is held all the time.
 * @param working what is told of while it is made.
 * @throws what `backUp` throws, and E_BACKUP_NO_SPACE only where it is not its disk that is full; as `waitForRoom`.
 */
export async function whenBackupFits<T>(
  { db, path }: Pick<MaintenanceLock, 'db' | 'path'>,
  { control, emit }: { readonly control: RunControl; readonly emit: (event: EngineRunEvent) => void },
  working: string,
  backUp: () => Promise<T>,
): Promise<T> {
  const spareBytes = marginOf(db);
  const space = watchSpace(path, spareBytes);
  const isForAgain = onceMore(() => spareBytes);
  const tell: Tell = (state, now, attention) =>
    emit({ type: 'state', state: state === 'resumed' ? 'backing-up' : state, now, attention });
  for (;;) {
    try {
      return await backUp();
    } catch (thrown) {
      if (!(thrown instanceof CodedError) || thrown.appError.code !== 'E_BACKUP_NO_SPACE') throw thrown;
      if (isForAgain(thrown.appError)) continue;
      const { found, look } = space.after(thrown.appError);
      await waitForRoom(control, { found: notBegun(found), look: () => notBegun(look()) }, working, tell);
    }
  }
}

/** There is no backup yet, and nothing was changed. */
const notBegun = <E extends AppError | null>(error: E): E =>
  error === null ? error : { ...error, safety: safetyText.untouched };
