import { errorWords } from '@shared/error-code.ts';
import { type AppError, coded } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { Assessment } from './assessment.ts';
import type { RunControl } from './control.ts';
import type { MaintenanceLock } from './lock.ts';
import { manifestFile } from './manifest.ts';
import type { Progress } from './progress.ts';
import { isThere } from './raw-copy.ts';
import { defaultTuning, type RunPoint, type RunSession, type RunTuning } from './session.ts';
import type { References } from './references.ts';
import { marginFor } from './space.ts';
import { waitForRoom } from './space-pause.ts';
import { type Shortage, watchSpace } from './space-watch.ts';

interface Parts {
  readonly lock: MaintenanceLock;
  readonly runId: string;
  readonly progress: Progress;
  readonly control: RunControl;
  readonly prepared: Assessment & {
    readonly rowsBefore: RunSession['census'];
    readonly references: References;
    readonly startedAt: number;
    readonly backup: BackupRecord;
  };
  readonly tuning?: Partial<RunTuning> | undefined;
  readonly probe?: ((point: RunPoint, subject: string) => void) | undefined;
}

/** What every part of a run shares, with the two reasons to stand still at a boundary: a person's wish and a full disk. */
export function openSession({
  lock,
  runId,
  progress,
  control,
  prepared,
  probe = () => {},
  ...rest
}: Parts): RunSession {
  const tuning = { ...defaultTuning, ...rest.tuning };
  const bytes = ['page_count', 'page_size'].map((name) => Number(lock.db.pragma(name, { simple: true })));
  const space = watchSpace(lock.path, tuning.spareBytes ?? marginFor((bytes[0] ?? 0) * (bytes[1] ?? 0)));
  const tell = (state: 'paused' | 'resumed' | 'cancelling', now: string, attention: AppError | null = null) =>
    progress.state(state === 'resumed' ? 'migrating' : state, now, attention);
  const waitWhile = (shortage: Shortage) => waitForRoom(control, shortage, 'Upgrading', tell);
  const roomFor = async (): Promise<void> => {
    for (let low = space.low(); low !== null; low = space.low()) await waitWhile({ found: low, look: space.low });
  };
  return {
    ...{ db: lock.db, pack: prepared.pack, runId, tuning, progress, untrue: prepared.untrue, probe },
    now: new Date(prepared.startedAt).toISOString().replace(/\.\d+Z$/, 'Z'),
    sourceFiles: prepared.sourceFiles,
    census: prepared.rowsBefore,
    references: prepared.references,
    assertSameFile: lock.assertSameFile,
    async boundary(migration) {
      const now = migration === null ? 'Upgrading' : migration.title;
      await control.boundary((state) => tell(state, now));
      requireBackup(prepared.backup);
      await roomFor();
    },
    async roomAgain(error) {
      await waitWhile(space.after(error));
      await roomFor();
    },
  };
}

/** There must be a way back from what comes next. Whether it is unchanged, the verdict asks, which reads it all. */
function requireBackup({ path: file, folder, id }: BackupRecord): void {
  const gone = (how: string, nextStep: string) =>
    coded(
      'E_BACKUP_GONE',
      `The backup ${file} ${how}, so nothing more was changed.`,
      { backup: id },
      { safety: 'step-only', nextStep: `${nextStep}, or start again: a new backup is made first.` },
    );
  let isWhole: boolean;
  try {
    isWhole = isThere(file) && isThere(manifestFile(folder, id));
  } catch (error) {
    // A drive that went away may answer with an error of its own, which says nothing of the disk of the database.
    throw gone(`cannot be reached (${errorWords(error)})`, 'Connect its drive again');
  }
  if (!isWhole) throw gone('is no longer there', 'Put it back where it was');
}
