import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import type { WorkKind } from '@shared/recovery.ts';
import type { EngineWork } from '@engine/protocol.ts';
import type { OpenEntry } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Events } from '@shared/channels.ts';
import type { EventBus } from './events.ts';

/** What is going on besides upgrades, as windows are told of it, and the way to stop it. */
export interface Ongoing {
  /** For whoever has taken the file: while one work on it is told of, another is not. */
  begin(database: OpenEntry, kind: OngoingKind): Tracked;
  /** What was told last, for windows that may have missed it; null = nothing is going on. */
  get(database: OpenEntry): Events['work:changed']['work'];
  /** Ends it where that is still possible; the work itself answers E_CANCELLED. Error: E_NOTHING_TO_DO, E_RUN_ACTIVE. */
  cancel(database: OpenEntry): Result<Record<string, never>>;
}

/** Two restores have words of their own: of them nobody can say that the file is as it was. */
export type OngoingKind = NotedKind | BackupsWork | 'look-at-files';
type NotedKind = WorkKind | 'finish' | 'put-back';
/** On its backups alone: the database itself is not touched, so whoever reads it goes on. Noted nowhere. */
export type BackupsWork = 'look-at-backups' | 'delete-backups';
type Told = NonNullable<Events['work:changed']['work']>;
/** As journals name it. Looking at files that could be taken in is noted nowhere: it changes nothing. */
export const kindOf = (kind: NotedKind): WorkKind => (kind === 'finish' || kind === 'put-back' ? 'restore' : kind);
/** As windows do, to which no work on the backups alone is one on the database. */
function toldKindOf(kind: OngoingKind): Told['kind'] {
  if (kind === 'look-at-files') return 'ingest';
  return kind === 'look-at-backups' || kind === 'delete-backups' ? 'backups' : kindOf(kind);
}

export interface Tracked {
  readonly onWork: (work: EngineWork) => void;
  /**
   * Whom a wish to stop reaches. Only of a work that may be ended at any moment until it says otherwise: a backup, the
   * deletion of some, and what asks before it changes anything: small changes, restores, finishing or undoing one. Without
   * it nobody is told that it can be stopped, whatever the engine says.
   */
  follow(child: EngineChild): void;
  /** The unfinished copy that the engine named last: one before is finished, or its name was another's. */
  readonly partials: readonly string[];
  end(): void;
}

const BACKING_UP = 'Backing the database up first';
const SAVING = 'Backing up what will be replaced';
const REPLACING = 'Putting the backup back';
const CHECKING = 'Checking the file again';

/** Words for each stage of each kind; a stage that is not listed has those of its kind. */
const words: Partial<Record<`${OngoingKind} ${EngineWork['stage']}` | OngoingKind, string>> = {
  backup: 'Backing up',
  'backup copying': 'Copying the database',
  'backup proving': 'Comparing every row, and restoring the copy to a scratch file to prove it',
  restore: 'Reading the backup before anything is replaced',
  'restore saving': SAVING,
  'restore replacing': REPLACING,
  'restore checking': CHECKING,
  finish: 'Finishing the restore',
  'finish saving': SAVING,
  'finish replacing': REPLACING,
  'finish checking': CHECKING,
  'put-back': 'Putting the old files back',
  'put-back saving': 'Copying the old files, and what they will replace',
  ingest: 'Taking the files in',
  'ingest copying': BACKING_UP,
  'ingest proving': BACKING_UP,
  'ingest checking': CHECKING,
  retry: 'Trying the issue rows again',
  'retry copying': BACKING_UP,
  'retry proving': BACKING_UP,
  'retry checking': CHECKING,
  'look-at-files': 'Reading the files and trying them out; nothing is changed by looking',
  'look-at-backups': 'Reading backups again, to see which could go',
  'delete-backups': 'Making sure that good backups stay, then deleting',
  clear: 'Clearing the keys',
  'clear copying': BACKING_UP,
  'clear proving': BACKING_UP,
  'clear checking': CHECKING,
};

const WAITING = 'Waiting for an earlier process of Phasewise, which was ended, to let go of the file';

/** Windows draw at most so often, ms. */
const PAUSE_MS = 100;
/** A backup has nothing to end gently: what there is of it is removed. */
const GRACE_MS = 0;

interface Going {
  child: EngineChild | null;
  told: Told | null;
  /** Somebody wished it, and the engine was told. */
  isStopped: boolean;
}

export function createOngoing(events: EventBus): Ongoing {
  const works = new Map<string, Going>();
  return {
    begin(database, kind) {
      const { handle } = database;
      const own: Going = { child: null, told: null, isStopped: false };
      if (!works.has(handle)) works.set(handle, own);
      const isTold = (): boolean => works.get(handle) === own;
      const partials: string[] = [];
      let stage: EngineWork['stage'] | null = null;
      let said = { at: 0, canCancel: false };
      const say = (fraction: number | null, canCancel: boolean): void => {
        if (!isTold()) return;
        said = { at: Date.now(), canCancel };
        const special = stage === null ? undefined : stage === 'waiting' ? WAITING : words[`${kind} ${stage}`];
        const now = special ?? words[kind] ?? 'Working';
        own.told = { kind: toldKindOf(kind), now, fraction, canCancel };
        events.emit('work:changed', { handle, work: own.told });
      };
      say(null, false);
      return {
        partials,
        onWork(work) {
          if (work.partial !== undefined) partials[0] = work.partial;
          const canCancel = work.canCancel && own.child !== null;
          const isNew = work.stage !== stage || canCancel !== said.canCancel;
          stage = work.stage;
          if (isNew || Date.now() - said.at >= PAUSE_MS) say(work.fraction, canCancel);
        },
        follow(child) {
          own.child = child;
          say(null, true);
        },
        end() {
          if (!isTold()) return;
          works.delete(handle);
          events.emit('work:changed', { handle, work: null });
        },
      };
    },
    get: ({ handle }) => works.get(handle)?.told ?? null,
    cancel({ handle }) {
      const work = works.get(handle);
      if (work === undefined) return err(nothingGoesOn());
      // Ended, but not over yet: what lies beside the file is still being settled.
      work.isStopped ||= work.child?.cancel(GRACE_MS) ?? false;
      return work.isStopped ? ok({}) : err(tooLate());
    },
  };
}

const nothingGoesOn = (): AppError => appError('E_NOTHING_TO_DO', 'Nothing is going on that could be stopped now.');

/** What has become of the file is not known before its end. */
const tooLate = (): AppError =>
  appError('E_RUN_ACTIVE', 'It cannot be stopped any more: it is seen through to its end.', undefined, {
    safety: 'unknown',
    nextStep: 'Wait for its end, which says what has become of the file.',
  });
