import type { Output } from '@shared/channels.ts';
import { aboutOrigin } from '@shared/origin-words.ts';
import type { BackupRecord } from '@shared/run.ts';
import { bytes, counted } from '../../words/numbers.ts';
import { ago, dateTime } from '../../words/times.ts';

/** "opened, 31 checks, restored to a scratch copy; checked again 2 days ago" */
export function describeProof(backup: BackupRecord, now: number): string {
  if (backup.state === 'missing') return backup.lastCheck === null ? '' : `noticed ${ago(backup.lastCheck.at, now)}`;
  const met = backup.checks.filter(({ state }) => state === 'met').length;
  const made = backup.verified
    ? `restored to a scratch file, ${counted(met, 'check')} passed`
    : 'not verified when it was made';
  if (backup.lastCheck === null) return made;
  return `${made}; ${backup.lastCheck.ok ? 'last checked' : 'failed its check'} ${ago(backup.lastCheck.at, now)}`;
}

/** "21 Nov 2026, 14:02, before phase 1, 59.9 MB" */
export const describeOne = (backup: BackupRecord): string =>
  `${dateTime(backup.createdAt)}, ${backup.reason}, ${backup.state === 'missing' ? 'the file is missing' : bytes(backup.sizeBytes)}`;

type Listed = Pick<Output<'backup:list'>, 'backups' | 'unusable'>;

/** "3 backups", "2 backups, and 1 of a file that is gone" */
export function backupsTitle({ backups, unusable }: Listed): string {
  const own = ownOf(backups).length;
  const none = unusable.length === 0 ? 'No backup yet' : 'No backup that can be used';
  const title = own > 0 ? counted(own, 'backup') : none;
  return own === backups.length ? title : `${title}, and ${backups.length - own} of a file that is gone`;
}

/** "lights.db is gone; 2 backups of it are there": the title while nothing lies in its place. */
export function goneTitle(fileName: string, { backups, unusable }: Listed): string {
  const own = ownOf(backups).length;
  const none = unusable.length === 0 ? 'no backup of it was found' : 'no backup of it that can be used was found';
  if (own === 0) return `${fileName} is gone, and ${none}`;
  return `${fileName} is gone; ${counted(own, 'backup')} of it ${own === 1 ? 'is' : 'are'} there`;
}

/** Below that title: what can be done. */
export function goneWords(fileName: string, backups: readonly BackupRecord[]): string {
  const first =
    'Phasewise did not remove it. If it was moved, or lies on a drive that is not connected, bring it back.';
  if (advisedOf(backups) !== null)
    return `${first} If it is nowhere, restore a backup: ${fileName} then lies in its place again, as it was when that was made.`;
  const own = ownOf(backups).length;
  const last = 'If you have a copy of the folder of its backups, put that where it is looked for, and look again.';
  return [
    first,
    ...(own > 0 ? ['None of its own backups here can be restored.'] : []),
    ...(own < backups.length ? [FOREIGN_WORDS] : []),
    last,
  ].join(' ');
}

const FOREIGN_WORDS =
  'What is listed as made of another file that is gone may be of this database under its former name, or of a copy of it.';

/** Of a file that is gone, the newest backup that is good: what a person who lost it most likely wants back. */
export const advisedOf = (backups: readonly BackupRecord[]): BackupRecord | null =>
  ownOf(backups).find(({ state }) => state === 'verified') ?? null;

/** Without those of a file that is gone: it may have been this one, or a copy that was thrown away. */
export const ownOf = (backups: readonly BackupRecord[]): BackupRecord[] =>
  backups.filter(({ madeOfGone }) => !madeOfGone);

/** Where reading goes on once this one is gone: at the next, or at the last that is left. */
export function followingOf(backups: readonly BackupRecord[], id: string): string | null {
  const at = backups.findIndex((each) => each.id === id);
  return (backups[at + 1] ?? backups[at - 1])?.id ?? null;
}

/** "before phase 1", "by hand; phase 4": the phase only where the reason does not say it. */
export const contentWords = (backup: BackupRecord): string =>
  backup.reason === `before phase ${(backup.phase ?? 0) + 1}`
    ? backup.reason
    : `${backup.reason}; ${describePhase(backup)}`;

/** Of its own backups the first in each folder that they lie in; none = nothing was backed up yet. */
export const firstInFolders = (backups: readonly BackupRecord[]): BackupRecord[] =>
  ownOf(backups).filter(({ folder }, at, own) => own.findIndex((each) => each.folder === folder) === at);

/** "made of e.db, which …"; null = of this very file. @param fileName where both have one name, the path tells them apart. */
export const originWords = (backup: BackupRecord, fileName: string): string | null =>
  backup.madeOfGone ? aboutOrigin(madeOf(backup, fileName)) : null;

const madeOf = ({ databaseName, databasePath }: BackupRecord, fileName: string): string =>
  databaseName === fileName ? databasePath : databaseName;

/** What the file becomes: "what it was on", "what e.db was on". */
export const becomesWords = (backup: BackupRecord, fileName: string): string =>
  backup.madeOfGone ? `what ${madeOf(backup, fileName)} was on` : 'what it was on';

/** Said above the list; null = none is broken. */
export function brokenWords(all: readonly BackupRecord[], isGone = false): string | null {
  const backups = ownOf(all);
  const broken = backups.filter(({ state }) => state === 'broken').length;
  if (broken === 0) return null;
  const which = broken === 1 ? 'One backup is broken' : `${broken} backups are broken`;
  const isGoodLeft = backups.some(({ state }) => state === 'verified');
  if (isGone && !isGoodLeft)
    return `${which}, and there is no other here. A copy of the folder may be on another drive.`;
  return isGoodLeft
    ? `${which}: do not rely on ${broken === 1 ? 'it' : 'them'}. The others are not affected; have the disk looked at.`
    : `${which}, and there is no other. Make a new one now, on another disk if you can.`;
}

type Replaced = NonNullable<Output<'backup:list'>['replaced']>;

export const setAsideTitle = ({ isOfUndo }: Replaced): string =>
  isOfUndo ? 'Undoing a restore set these files aside' : 'A restore set the old files aside';
export const setAsideWords = ({ isOfUndo }: Replaced): string =>
  isOfUndo ? 'what was there until then' : 'SQLite could not read them';

export const describePhase = (backup: BackupRecord): string =>
  backup.phase === null ? 'before any phase' : `phase ${backup.phase}`;
