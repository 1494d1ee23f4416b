import { setTimeout as sleep } from 'node:timers/promises';
import type { AppError, Result } from '@shared/errors.ts';
import { sizeText } from '@shared/sizes.ts';
import type { DatabaseStatus, FileRun, MigrationStatus } from '@shared/status.ts';
import type { Engines } from './engines.ts';
import { openRunsIn, wasLeftInOlderWords } from './file-runs.ts';
import { lostSteps } from './lost-steps.ts';
import { asOpen, type OpenWork } from './open-work.ts';
import { type Work, worksIn } from './works.ts';

/** An engine whose host was killed needs a moment to end at its next whole step, ms. */
const BUSY_RETRIES_MS = [300, 700, 1_500, 2_500];
/** Somebody has the file right now. */
export const isBusy = ({ code }: AppError): boolean => ['E_DB_BUSY', 'E_DB_IN_USE', 'E_RUN_ACTIVE'].includes(code);

/**
 * A fresh look at a file whose work was interrupted, all of its data where a short look leaves that out.
 * @param known is enough where nothing but the file itself could tell of an interruption.
 * @param onLook told what takes long, before it begins.
 * @param isOvertaken asked before every look: none may begin in the middle of a work, nor answer after it.
 * @param signal ends the look; `isOvertaken` says so, too.
 * @returns null where it was overtaken.
 */
export async function lookFor(
  engines: Engines,
  file: string,
  known: Result<DatabaseStatus> | undefined,
  onLook: (now: string) => void,
  isOvertaken: () => boolean,
  signal?: AbortSignal,
): Promise<Result<DatabaseStatus> | null> {
  if (known) return known;
  const ask = async (check: 'schema' | 'data') =>
    isOvertaken() ? null : engines.askAlone(file, 'inspect', { path: file, check }, { signal }).answer;
  let looked = await ask('schema');
  for (const waitMs of BUSY_RETRIES_MS) {
    if (looked === null || looked.ok || !isBusy(looked.error)) break;
    await sleep(waitMs);
    looked = await ask('schema');
  }
  if (looked === null || !looked.ok || looked.value.health.state !== 'not-checked') return looked;
  onLook(`Checking the whole file (${sizeText(looked.value.file.sizeBytes)})`);
  const whole = await ask('data');
  // A very large file may take longer than a look may; damage is an answer, lack of time is none.
  return whole === null || whole.ok || whole.error.code !== 'E_TIMEOUT' ? whole : looked;
}

/**
 * The last run in the file, where nobody has proven or accepted its result: begun on another computer or under another
 * name, or put back by a restore.
 */
export function openRunInFile(
  dataFolder: string,
  file: string,
  { runs }: DatabaseStatus,
): { run: FileRun; open: OpenWork | null } | null {
  const last = openRunsIn(dataFolder, file, runs).at(-1);
  if (last === undefined || last.run !== runs.at(-1) || last.work?.isAlive === true) return null;
  const { run, work } = last;
  if (work !== null && wasLeftInOlderWords(work)) return null;
  return { run, open: work && asOpen(worksIn(work.folder), [work], false) };
}

/**
 * True when another file lies where an interrupted upgrade left its own. Only one that does not name that run, nor an
 * unfinished one, though steps had been applied, can tell: a file that names it may also have lost what it had reached.
 */
export function isOver(work: Work, status: DatabaseStatus): boolean {
  if (work.kind !== 'upgrade' || work.toPhase === null) return false;
  if (status.unfinishedRun !== null || status.runs.some(({ runId }) => runId === work.runId)) return false;
  if (status.file.readOnlyReason?.code === 'E_NEWER_SCHEMA') return false;
  const isReached = (status.phaseReached ?? -1) >= work.toPhase;
  return !isReached && (work.applied.length > 0 || work.migrated !== null);
}

export interface FoundProgress {
  readonly stepsDone: number;
  readonly stepsTotal: number;
  readonly stepsUntrue: number;
  /** Steps that were finished and that the file does not know any more. */
  readonly stepsLost: number;
  readonly nextTitle: string | null;
  readonly isNextBegun: boolean;
  readonly isUnproven: boolean;
}

/** How far an upgrade has come: by the file, or by the journal where the file cannot be looked at. @param chain all of its parts. */
export function progressIn(
  status: DatabaseStatus | null,
  work: Work | null,
  toPhase: number | null,
  chain: OpenWork['chain'],
): FoundProgress {
  if (toPhase === null || (work !== null && work.kind !== 'upgrade')) return none;
  if (status === null) return work ? byJournal(work) : none;
  const steps = status.phases
    .filter(({ number }) => number <= toPhase)
    .flatMap(({ migrations }): MigrationStatus[] => migrations);
  const open = steps.filter(({ state }) => state !== 'applied');
  const next = open.find(({ state }) => state === 'started') ?? open[0];
  return {
    stepsDone: steps.length - open.length,
    stepsTotal: steps.length,
    stepsUntrue: open.filter(({ state }) => state === 'untrue').length,
    stepsLost: lostSteps(steps, chain),
    nextTitle: next?.title ?? null,
    isNextBegun: next?.state === 'started',
    isUnproven: (status.phaseReached ?? -1) >= toPhase,
  };
}

const none: FoundProgress = {
  stepsDone: 0,
  stepsTotal: 0,
  stepsUntrue: 0,
  stepsLost: 0,
  nextTitle: null,
  isNextBegun: false,
  isUnproven: false,
};

function byJournal({ steps, applied, migrated }: Work): FoundProgress {
  const done = new Set(applied.map(({ migrationId }) => migrationId));
  const left = steps.filter(({ migrationId, isApplied }) => !isApplied && !done.has(migrationId));
  return {
    ...none,
    stepsDone: steps.length - left.length,
    stepsTotal: steps.length,
    nextTitle: left[0]?.title ?? null,
    isUnproven: migrated !== null,
  };
}
