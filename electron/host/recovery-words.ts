import path from 'node:path';
import { type AppError, type ErrorCode, safetyText } from '@shared/errors.ts';
import type { Recovery, WorkKind } from '@shared/recovery.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { Health } from '@shared/status.ts';
import { isSameBackup } from './backup-place.ts';
import { aboutLostSteps } from './lost-steps.ts';
import type { Cause } from './open-work.ts';
import type { FoundBackup, RestoredFrom } from './recovery-backup.ts';
import {
  CHECK,
  type Choice,
  CONTINUE_INGEST,
  CONTINUE_RETRY,
  goBackTo,
  LOOK_AGAIN,
  STAY,
  type ThereNow,
} from './recovery-choices.ts';
import {
  aboutCopy,
  aboutKept,
  aboutOldFiles,
  aboutSetAside,
  aboutUnreadable,
  conclude,
  finishBackup,
  finishLost,
  finishOldFiles,
  goOn,
  LOOK_FOR_BACKUP,
  PUT_BACK,
  putKeptBack,
  restoreInstead,
  restoreNewest,
  undo,
  whereOldFiles,
  whereRestored,
} from './restore-words.ts';

/** What was found out about an unfinished work, all of it just now but for how it ended. */
export interface Findings {
  readonly kind: WorkKind;
  readonly cause: Cause;
  /** What it ended with, or what its final check said. */
  readonly error: AppError | null;
  readonly toPhase: number | null;
  /** From the file; 0 of 0 where it could not be looked at and the journal does not say. */
  readonly stepsDone: number;
  readonly stepsTotal: number;
  /** Recorded steps that no longer hold. */
  readonly stepsUntrue: number;
  /** Steps that were finished, but that the file does not know any more. */
  readonly stepsLost: number;
  /** The step that was under way or would have been next. */
  readonly nextTitle: string | null;
  /** Some of its rows are done. */
  readonly isNextBegun: boolean;
  /** Every step is there: only the final check is open. */
  readonly isUnproven: boolean;
  readonly look:
    { readonly health: Health; readonly error: null } | { readonly health: null; readonly error: AppError };
  /** Of the state before it began, read again; or the one that was being put back. */
  readonly backup: BackupRecord | null;
  /** Of an upgrade in several parts: which of their backups that is. */
  readonly partOf: FoundBackup['partOf'];
  /** Beside what was interrupted, an upgrade stopped in the file that nobody has answered yet. */
  readonly hasOpenUpgrade: boolean;
  /** One that was wanted before that, and why it cannot be used, though it is there, or may be. */
  readonly unusableBackup: FoundBackup['unusable'];
  /** Path of what was being put back, where it is gone or broken; `backup` is then another one, or it. */
  readonly lostBackup: string | null;
  /** What that restore can be finished with then. */
  readonly copy: FoundBackup['copy'];
  /** Where the files lie that it was replacing, as no backup could be made of them. */
  readonly keptIn: FoundBackup['keptIn'];
  /** They can be put back, though the restore can be carried through by nothing. */
  readonly canBeUndone: boolean;
  /** It was putting old files back, and no backup. */
  readonly oldFiles: FoundBackup['oldFiles'];
  /** The note of a restore that was interrupted after it had begun to replace the file. */
  readonly restoreWay: 'in-place' | 'by-file' | null;
  /** Of what was there before: that it is kept, and, by that note, the backup of it, where one was made. */
  readonly isBeforeKept: boolean;
  readonly beforePath: string | null;
  /** Why that note cannot be read; then nobody knows which backup it meant, and `backup` is the newest good one. */
  readonly unreadableRestore: string | null;
  /** What there is then: the newest good ones, of any kind and of what a restore replaced. */
  readonly otherBackups: readonly BackupRecord[];
  /** The backup that was put in as a whole; `backup` is then that one, or what a finished restore replaced. */
  readonly restoredFrom: RestoredFrom | null;
  /** The files that a finished restore set aside, because no backup could be made of them. */
  readonly setAside: FoundBackup['setAside'];
}

type Told = Pick<Recovery, 'state' | 'what' | 'where' | 'isSafe' | 'reasons' | 'choices'>;

/** The findings in plain words, and what can be chosen, the advised first. */
export function tellRecovery(findings: Findings): Told {
  return {
    state: findings.isUnproven ? 'unproven' : 'interrupted',
    what: whatHappened(findings),
    where: whereItStopped(findings),
    isSafe: isSafe(findings),
    reasons: reasonsFor(findings),
    choices: choicesFor(findings).map(([id, title, consequence]) => ({ id, title, consequence })),
  };
}

const subjects: Record<WorkKind, string> = {
  upgrade: 'An upgrade of this database',
  backup: 'A backup of this database',
  restore: 'A restore of this database',
  ingest: 'Taking files into this database',
  retry: 'Trying the issue rows again',
  clear: 'Clearing keys in this database',
};

/** One sentence, also for the first page, where nothing was looked at. */
export function whatHappened({
  kind,
  cause,
  error,
  toPhase,
  isUnproven,
}: Pick<Findings, 'kind' | 'cause' | 'error' | 'toPhase' | 'isUnproven'>): string {
  const subject = kind === 'upgrade' && toPhase !== null ? `An upgrade to phase ${toPhase}` : subjects[kind];
  if (isUnproven && error !== null && cause !== 'asked')
    return `${subject} has done all its steps, but its final check did not say yes.`;
  if (isUnproven) return `${subject} has done all its steps, but its final check is missing.`;
  switch (cause) {
    case 'asked':
      return `${subject} was stopped on request.`;
    case 'failed':
      return `${subject} was stopped by an error: ${lowerFirst(error?.title ?? 'it is not known which')}.`;
    case 'engine-died':
      return `${subject} was under way when the part of Phasewise that works on the file stopped unexpectedly.`;
    default:
      return `${subject} was under way when Phasewise or the computer stopped.`;
  }
}

function whereItStopped(findings: Findings): string {
  const { kind, stepsDone, stepsTotal, restoreWay, error } = findings;
  switch (kind) {
    case 'restore':
      if (findings.restoredFrom !== null) return whereRestored(findings.restoredFrom, restoreWay !== null);
      if (findings.oldFiles !== null) return whereOldFiles(restoreWay !== null, findings.lostBackup);
      if (restoreWay === null)
        return 'Nothing of it is half done: the file is as it was before the restore or, if that had just ended, what the backup holds.';
      if (findings.unreadableRestore !== null) return 'How far it came is not known.';
      return `It stopped while the content of the file was being replaced by that of the backup.${whatIsLost(findings)}`;
    case 'backup':
      return 'The backup was not finished, so it does not count as one.';
    case 'ingest':
      return 'Each file is taken in as a whole or not at all; looking at the files again shows which ones are in.';
    case 'retry':
      return 'The rows of each step are put in place together or not at all; the list of issue rows shows which are left.';
    case 'clear':
      return 'The keys are cleared all together or not at all.';
    case 'upgrade':
      if (findings.isUnproven && error !== null && findings.cause !== 'asked') return error.message;
      if (findings.isUnproven)
        return `All ${stepsTotal} steps are finished. What is missing is the comparison of the result with the backup.`;
      return whereUpgradeStopped(findings, `step ${stepsDone} of ${stepsTotal}`) + whyItFailed(findings);
  }
}

/** What has to be put right first; or going on fails again, in the same words. */
const whyItFailed = ({ cause, error }: Findings): string =>
  cause === 'failed' && error !== null ? ` ${error.message} ${error.nextStep}` : '';

function whereUpgradeStopped({ stepsDone, stepsTotal, nextTitle, isNextBegun }: Findings, done: string): string {
  const next = nextTitle === null ? '' : isNextBegun ? `, in the middle of “${nextTitle}”` : `, at “${nextTitle}”`;
  if (stepsTotal === 0) return 'How far it came cannot be said before the file can be looked at.';
  if (stepsDone === 0 && !isNextBegun)
    return `It stopped before the first of its ${stepsTotal} steps was finished; nothing of them is in the file.`;
  if (stepsDone === 0) return `It stopped before the first of its ${stepsTotal} steps was finished${next}.`;
  if (stepsDone === stepsTotal) return `It stopped after ${done}, before the checks at the end of the phase.`;
  return `It stopped after ${done}${next}.`;
}

/** A final check that missed something, and a file that cannot be looked at, are not called safe. */
function isSafe({
  kind,
  look,
  error,
  restoreWay,
  unreadableRestore,
  backup,
  isUnproven,
  stepsLost,
}: Findings): boolean {
  if (unreadableRestore !== null) return false;
  if (restoreWay !== null) return isGood(backup);
  if (look.error !== null || stepsLost > 0) return false;
  // Opened, but not read whole: then only a good backup makes it safe, where something was being written.
  if (look.health.state === 'not-checked' && kind !== 'backup' && !isGood(backup)) return false;
  return !(isUnproven && error?.safety === safetyText.unknown);
}

const isGood = (backup: BackupRecord | null): boolean => backup?.verified === true && backup.state === 'verified';

function reasonsFor(findings: Findings): string[] {
  const { kind, look, restoreWay, unreadableRestore, otherBackups } = findings;
  const reasons: string[] = [];
  if (look.error !== null) reasons.push(`The file could not be looked at just now: ${look.error.message}`);
  else if (restoreWay === null) reasons.push(aboutTheFile(look.health));
  if (kind === 'upgrade' && look.error === null)
    reasons.push(...aboutLostSteps(findings.stepsLost), ...aboutTheSteps(findings));
  if (findings.setAside !== null) reasons.push(aboutSetAside(findings.setAside));
  if (kind === 'backup') reasons.push('Making a backup only reads the file; nothing in it was changed.');
  if (unreadableRestore !== null) return [...reasons, ...aboutUnreadable(unreadableRestore, otherBackups)];
  if (restoreWay !== null) reasons.push(...aboutThatRestore(findings));
  const unusable = restoreWay === null ? findings.unusableBackup : null;
  const first = findings.backup === null ? 'The backup from before' : 'The backup of your original';
  if (unusable !== null) reasons.push(whyUnusable(first, unusable));
  return [...reasons, ...lineOf(aboutTheBackup(findings))];
}

function aboutTheFile(health: Health): string {
  if (health.state === 'not-checked') return 'The file was opened just now and can be read.';
  if (health.state === 'healthy') return 'The file was opened and checked just now: it is whole.';
  return `The file was opened and checked just now. ${health.summary}`;
}

function aboutTheSteps({ stepsDone, stepsTotal, stepsUntrue, isNextBegun, isUnproven }: Findings): string[] {
  const untrue =
    stepsUntrue === 0
      ? []
      : [
          `${stepsUntrue} finished ${stepsUntrue === 1 ? 'step is' : 'steps are'} no longer as the upgrade left ${stepsUntrue === 1 ? 'it' : 'them'}; going on puts that right.`,
        ];
  if (isUnproven || stepsDone === stepsTotal) return untrue;
  if (isNextBegun)
    return [...untrue, 'Of the step that was under way, the rows that were done are kept; none is left half done.'];
  if (stepsDone === 0) return [...untrue, 'Nothing of the upgrade is left half done in it.'];
  return [...untrue, 'Every step is in it as a whole or not at all; what was under way was taken back.'];
}

/** Of one that has begun to replace the file. */
function aboutThatRestore({ oldFiles, lostBackup, copy, keptIn, beforePath }: Findings): string[] {
  const isLost = lostBackup !== null;
  return [
    ...(oldFiles === null ? lineOf(keptIn && aboutKept(keptIn, beforePath)) : aboutOldFiles(oldFiles, isLost)),
    ...(isLost && copy !== null ? [aboutCopy(copy, oldFiles !== null)] : []),
  ];
}

const lineOf = (words: string | null): string[] => (words === null ? [] : [words]);

const isOther = ({ backup, lostBackup }: Findings): boolean =>
  lostBackup !== null && backup !== null && backup.path !== lostBackup;

/** No reason for anything to be safe, so it does not stand among those. A broken one is told there, when there is no other. */
function whatIsLost(findings: Findings): string {
  const { lostBackup, backup, unusableBackup } = findings;
  if (lostBackup === null || (backup !== null && !isOther(findings))) return '';
  if (unusableBackup !== null) return ` ${whyUnusable('That backup', unusableBackup)}`;
  return ` That backup is not where it was, or no longer good: ${lostBackup}`;
}

/** It is there, or may be: that there is none would not be true. */
function whyUnusable(subject: string, { path: file, error }: NonNullable<Findings['unusableBackup']>): string {
  const what = isOfBackup(error) ? 'is there, but cannot be used' : 'could not be read just now';
  return `${subject} (“${path.basename(file)}”) ${what}: ${error.message} ${error.nextStep}`;
}

const isOfBackup = ({ code }: AppError): boolean => code.startsWith('E_BACKUP_');

function aboutTheBackup(findings: Findings): string | null {
  const { kind, backup, partOf, restoreWay, stepsDone, look, unusableBackup, oldFiles } = findings;
  if (kind === 'backup') return null;
  if (isOther(findings) && isGood(backup))
    return `There is ${oldFiles === null ? 'another' : 'a'} backup (“${backup?.reason ?? ''}”). It was read again just now: it is byte for byte what was saved.`;
  const subject =
    restoreWay !== null
      ? 'The backup that was being put back'
      : kind === 'restore'
        ? 'The backup of what the restore replaced'
        : partOf === 'original'
          ? 'The backup of your original, from before the upgrade was begun,'
          : partOf === 'half-upgraded'
            ? 'The backup of the half upgraded file, from when the upgrade was gone on with,'
            : 'The backup from before';
  if (isGood(backup)) return `${subject} was read again just now: it is byte for byte what was saved.`;
  if (backup !== null) {
    const error = backup.lastCheck?.error ?? null;
    const isUnread = error !== null && !isOfBackup(error);
    const what = isUnread ? 'could not be read just now' : 'is no longer good';
    return `${subject} ${what}: ${error?.message ?? 'its check did not succeed.'}`;
  }
  if (restoreWay !== null) return findings.lostBackup === null ? null : 'No other good backup was found.';
  if (unusableBackup !== null) return null; // it is there
  if (kind !== 'upgrade') return null;
  if (stepsDone === 0 && look.error === null)
    return findings.isNextBegun ? null : 'No finished backup was found: before it has one, an upgrade changes nothing.';
  return 'No backup from before was found on this computer.';
}

function choicesFor(findings: Findings): Choice[] {
  const { kind, backup, look, restoreWay, isUnproven, isBeforeKept } = findings;
  const now = thereNow(findings);
  const restore: Choice[] = isGood(backup) ? [goBackTo(findings.partOf, now)] : [];
  if (restoreWay !== null && findings.lostBackup !== null) return choicesWithoutIt(findings);
  if (findings.unreadableRestore !== null) return [restore.length === 0 ? LOOK_FOR_BACKUP : restoreNewest(now)];
  if (restoreWay !== null && findings.oldFiles !== null) return [finishOldFiles(isBeforeKept)];
  if (restoreWay !== null)
    return [findings.restoredFrom === null ? finishBackup(isBeforeKept) : conclude(isBeforeKept)];
  // What cannot be opened cannot be continued either; a busy file only has to be let go of by its program.
  if (look.error !== null)
    return isDamage(look.error) ? [...restore, LOOK_AGAIN, STAY] : [LOOK_AGAIN, STAY, ...restore];
  switch (kind) {
    case 'upgrade':
      return isUnproven ? [CHECK, STAY, ...restore] : [continueUpgrade(findings), STAY, ...restore];
    case 'backup':
      return [
        ['continue', 'Make the backup now', 'The whole backup is made and proven again. The file is only read.'],
        STAY,
      ];
    case 'ingest':
      return [CONTINUE_INGEST, STAY, ...restore];
    case 'retry':
      return [CONTINUE_RETRY, STAY, ...restore];
    case 'restore':
      return [
        goOn(findings.hasOpenUpgrade),
        ...(findings.restoredFrom !== null && restore.length > 0 ? [undo(now)] : restore),
        ...(findings.setAside?.isLast ? [PUT_BACK] : []),
      ];
    case 'clear':
      return [STAY, ...restore];
  }
}

/** What was being put back is lost: with its own copy the restore can be finished all the same. */
function choicesWithoutIt(findings: Findings): Choice[] {
  const { backup, copy, beforePath } = findings;
  const finish = finishLost(copy, findings.oldFiles !== null, findings.isBeforeKept);
  const isBefore = backup !== null && beforePath !== null && isSameBackup(backup.path, beforePath);
  // Once begun over a damaged file, and again over what was done in it since.
  const isTwice = findings.keptIn !== null && beforePath !== null;
  const instead = isOther(findings) && isGood(backup) ? [restoreInstead(isBefore, isTwice, thereNow(findings))] : [];
  // The damaged file last: what is there by now may be the last that is left of the backup.
  return copy === null
    ? [...instead, finish, ...(findings.canBeUndone ? [putKeptBack(isTwice)] : [])]
    : [finish, ...instead];
}

/** What the engine cannot work with through SQLite it sets aside. A look finds less damage than the making of a backup. */
function thereNow({ look: { error } }: Findings): ThereNow {
  if (error?.code === 'E_NOT_FOUND') return 'nothing';
  return error !== null && SET_ASIDE.includes(error.code) ? 'set-aside' : 'kept';
}

/** As the engine has it, in restore.ts. */
const SET_ASIDE: readonly ErrorCode[] = [
  'E_EMPTY',
  'E_NOT_SQLITE',
  'E_ENCRYPTED',
  'E_TRUNCATED',
  'E_SIZE_MISMATCH',
  'E_CORRUPT',
  'E_STALE_WAL',
];

const isDamage = ({ code }: AppError): boolean =>
  ['E_CORRUPT', 'E_TRUNCATED', 'E_SIZE_MISMATCH', 'E_NOT_SQLITE', 'E_EMPTY', 'E_NOT_FOUND'].includes(code);

function continueUpgrade({ stepsDone, stepsTotal, isNextBegun }: Findings): Choice {
  const left = stepsTotal - stepsDone;
  const what =
    stepsDone === 0
      ? isNextBegun
        ? 'Begins where it stopped.'
        : 'Begins from the start.'
      : left === 0
        ? 'Goes on with the checks at the end of the phase.'
        : `Goes on with step ${stepsDone + 1} of ${stepsTotal}. What is finished is not done again.`;
  return ['continue', 'Continue the upgrade', `${what} A new backup is made and proven first.`];
}

const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
