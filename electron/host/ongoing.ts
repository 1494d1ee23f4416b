import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { WorkKind } from '@shared/recovery.ts';
import type { EngineWork } from '@engine/protocol.ts';
import type { OpenEntry } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { EventBus } from './events.ts';

/** What is going on besides upgrades, as windows are told of it, and the way to stop it. */
export interface Ongoing {
  begin(database: OpenEntry, kind: WorkKind): Tracked;
  /** Ends it where that is still possible; the work itself answers E_CANCELLED. Error: E_NOTHING_TO_DO. */
  cancel(database: OpenEntry): Result<Record<string, never>>;
}

export interface Tracked {
  readonly onWork: (work: EngineWork) => void;
  /** Whom a wish to stop reaches. */
  follow(child: EngineChild): void;
  /** The unfinished copy that the engine named last: one before is finished, or its name was another's. */
  readonly partials: readonly string[];
  end(): void;
}

/** Of what is too short to be told of, or changes nothing. */
export const UNTOLD: Tracked = { onWork: () => {}, follow: () => {}, partials: [], end: () => {} };

const BACKING_UP = 'Backing the database up first';

/** Words for each stage of each kind; a stage that is not listed has those of its kind. */
const words: Partial<Record<`${WorkKind} ${EngineWork['stage']}` | WorkKind, string>> = {
  backup: 'Backing up',
  'backup copying': 'Copying the database',
  'backup proving': 'Comparing every row, and restoring the copy to a scratch file to prove it',
  restore: 'Reading the backup before anything is replaced',
  'restore saving': 'Backing up what will be replaced',
  'restore replacing': 'Putting the backup back',
  'restore checking': 'Checking the file again',
  ingest: 'Taking the files in',
  'ingest copying': BACKING_UP,
  'ingest proving': BACKING_UP,
  'ingest checking': 'Checking the file again',
  retry: 'Trying the issue rows again',
  'retry copying': BACKING_UP,
  'retry proving': BACKING_UP,
  'retry checking': 'Checking the file again',
  clear: 'Clearing the keys',
  'clear copying': BACKING_UP,
  'clear proving': BACKING_UP,
  'clear checking': 'Checking the file again',
};

const WAITING = 'Waiting for an earlier process of Phasewise, which was ended, to let go of the file';

/** Windows draw at most so often, ms. */
const PAUSE_MS = 100;
/** A backup has nothing to end gently: what there is of it is removed. */
const GRACE_MS = 0;

export function createOngoing(events: EventBus): Ongoing {
  const children = new Map<string, EngineChild>();
  return {
    begin(database, kind) {
      const { handle } = database;
      const partials: string[] = [];
      let stage: EngineWork['stage'] | null = null;
      let saidAt = 0;
      const say = (fraction: number | null, canCancel: boolean): void => {
        saidAt = Date.now();
        const special = stage === null ? undefined : stage === 'waiting' ? WAITING : words[`${kind} ${stage}`];
        const now = special ?? words[kind] ?? 'Working';
        events.emit('work:changed', { handle, work: { kind, now, fraction, canCancel } });
      };
      say(null, true);
      return {
        partials,
        onWork(work) {
          if (work.partial !== undefined) partials[0] = work.partial;
          const isNew = work.stage !== stage || !work.canCancel;
          stage = work.stage;
          if (isNew || Date.now() - saidAt >= PAUSE_MS) say(work.fraction, work.canCancel);
        },
        follow: (child) => void children.set(handle, child),
        end() {
          children.delete(handle);
          events.emit('work:changed', { handle, work: null });
        },
      };
    },
    cancel(database) {
      const isHeard = children.get(database.handle)?.cancel(GRACE_MS) ?? false;
      if (isHeard) return ok({});
      return err(appError('E_NOTHING_TO_DO', 'Nothing is going on that could be stopped now.'));
    },
  };
}
