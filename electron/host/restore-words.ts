import path from 'node:path';
import type { BackupRecord } from '@shared/run.ts';
import type { FoundBackup, OldFiles, RestoredFrom, SetAside } from './recovery-backup.ts';
import { type Choice, type ThereNow, whatBecomes } from './recovery-choices.ts';

/**
 * Words for an interrupted restore that cannot simply be finished: its backup is lost, or its note cannot be read. Then
 * nobody knows which backup was being put back, and none is guessed.
 */

/** @param others the newest good backup, and, where that is another, the newest of what a restore was about to replace. */
export function aboutUnreadable(why: string, others: readonly BackupRecord[]): string[] {
  const [newest, before] = others;
  const unknown = `The note that the restore left beside the file cannot be used (${why}), so it is not known which backup was being put back.`;
  if (newest === undefined)
    return [
      unknown,
      'No good backup was found. Once one lies in the folder of its backups, look again: then it can be put back here.',
    ];
  const isBefore = newest.reason === 'before restore' ? ' It is what the file held before a restore was begun.' : '';
  return [
    unknown,
    `The newest good backup is ${nameOf(newest)}.${isBefore} ${WAS_READ}`,
    ...(before
      ? [`The newest backup of what the file held before a restore was begun is ${nameOf(before)}. ${WAS_READ}`]
      : []),
  ];
}

const WAS_READ = 'It was read again just now: it is byte for byte what was saved.';
const nameOf = (backup: BackupRecord): string => `“${path.basename(backup.path)}” (${backup.reason})`;

/** The file itself says so. @param isNoteThere nobody has taken the note of the restore away. */
export function whereRestored({ backup, proof }: RestoredFrom, isNoteThere: boolean): string {
  if (proof === 'event')
    return `It had finished, but could not say so any more: the file itself has noted that the backup ${nameOf(backup)} was put back, which it does only once that was checked.`;
  const held = `the file holds, byte for byte, what the backup ${nameOf(backup)} holds.`;
  // Without its note it has either ended, or not begun to replace a file that held the same before.
  return isNoteThere
    ? `All of it is in place: ${held} Only its last check is missing.`
    : `Nothing of it is half done: ${held}`;
}

/** What could not be backed up. */
export const aboutSetAside = ({ folder, isLast }: SetAside): string =>
  `What the restore replaced could not be read by SQLite as a whole; its files are kept as they were, byte for byte, in “${path.basename(folder)}” beside the database.${isLast ? '' : OTHERS}`;

/** What can be put back is told there. */
const OTHERS = ' Other files were set aside after them: look among its backups.';

/**
 * Of an undoing: no backup is put back, but files that a restore had set aside.
 * @param isUnderWay it has begun to replace the file. @param lost path of their folder, where it is not there any more.
 */
export function whereOldFiles(isUnderWay: boolean, lost: string | null): string {
  if (!isUnderWay)
    return 'Nothing of it is half done: the file is as it was before or, if that had just ended, the old files are back that a restore had set aside.';
  const gone = lost === null ? '' : ` Their folder is not where it was, or no longer whole: ${lost}`;
  return `It stopped while old files, which a restore had set aside, were being put back in the place of the file.${gone}`;
}

/** @param beforePath a backup that was made when the restore was begun again: then the folder has what was there at first. */
export const aboutKept = (folder: string, beforePath: string | null): string =>
  beforePath === null
    ? `What was in the file until then is kept, byte for byte, in “${folder}” beside it.`
    : `The restore was begun more than once. What was in the file at first is kept, byte for byte, in “${folder}” beside it; what was in it later was backed up as “${path.basename(beforePath)}”.`;

export function aboutOldFiles({ folder, keptIn }: OldFiles, isLost: boolean): string[] {
  return [
    ...(isLost ? [] : [`The old files lie in “${folder}” beside the database, as they were set aside.`]),
    ...(keptIn === null ? [] : [aboutKept(keptIn, null)]),
  ];
}

/** What can be finished with though what it was made of is lost: it is put in place only where it is what was meant. */
export function aboutCopy(copy: NonNullable<FoundBackup['copy']>, isOldFiles: boolean): string {
  const which = isOldFiles ? 'copy of the old files' : 'copy of that backup';
  return copy === 'staged'
    ? `The restore had made a ${which} beside the database, which lies there still. It is compared with what was noted before it is put in place.`
    : `The ${which} that the restore had made beside the database has most likely taken the place of the file already; nobody has read it yet.`;
}

/** Each @param isBeforeKept by its note, the restore has kept what the file held before: there need not have been one. */
const keptAsWell = (isBeforeKept: boolean): string => (isBeforeKept ? ' What it held before is kept as well.' : '');
export const finishBackup = (isBeforeKept: boolean): Choice => [
  'finish',
  'Finish restoring',
  `Puts the whole backup in place. Until then nothing else can be done with the file.${keptAsWell(isBeforeKept)}`,
];
export const finishOldFiles = (isBeforeKept: boolean): Choice => [
  'finish',
  'Finish restoring',
  `Puts the old files back byte for byte, whether or not SQLite can read them. Until then nothing else can be done with the file.${keptAsWell(isBeforeKept)}`,
];
export const conclude = (isBeforeKept: boolean): Choice => [
  'finish',
  'Finish the restore',
  `Nothing is copied again: the file gets its last check.${isBeforeKept ? ' What it held before is kept and can be put back afterwards.' : ''}`,
];
/** @param hasOpenUpgrade the file has an unfinished upgrade, too, that nobody has answered yet. */
export const goOn = (hasOpenUpgrade: boolean): Choice =>
  hasOpenUpgrade
    ? [
        'stay',
        'Go on to the upgrade that stopped in the file',
        'Of the restore nothing has to be put right. What can be done about the upgrade is shown next; the restore can be started again whenever you like, among the backups.',
      ]
    : [
        'stay',
        'Go on to the database',
        'Nothing has to be put right, and you are not asked again. The restore can be started again whenever you like, among its backups.',
      ];
export const undo = (now: ThereNow): Choice => [
  'restore',
  'Undo the restore',
  `The file becomes what it was before the restore. ${whatBecomes[now]}`,
];

export const PUT_BACK: Choice = [
  'put-back',
  'Undo the restore',
  'The files that it set aside come back byte for byte, though SQLite could not read them. What is there now is set aside in the same way, so that this can be undone, too.',
];

/** Of one that nothing can carry through: the damaged file over which it was begun. @param isTwice as `restoreInstead`. */
export const putKeptBack = (isTwice: boolean): Choice => [
  'put-back',
  isTwice ? 'Go back to before it was first begun' : 'Undo the restore',
  `The damaged file comes back exactly as it was before the restore was ${isTwice ? 'first ' : ''}begun, byte for byte, though SQLite could not read it as a whole. What is there now is set aside in the same way, so that this can be undone, too.`,
];

export const restoreNewest = (now: ThereNow): Choice => [
  'restore',
  'Put the newest good backup back',
  `The file becomes what it was when that backup was made; it need not be the one that was being put back. ${whatBecomes[now]} Any other backup can be put back from the list of backups instead.`,
];

/** Where there is none yet. It cannot be left at that: nothing else can be done with the file. */
export const LOOK_FOR_BACKUP: Choice = [
  'look',
  'Look again',
  'The file and the folder of its backups are looked at once more; nothing is changed by looking.',
];

/** @param copy what there is to finish it with, although what was being put back is lost. */
export function finishLost(copy: FoundBackup['copy'], isOldFiles: boolean, isBeforeKept: boolean): Choice {
  const place = isOldFiles
    ? 'the folder with the old files lies beside the database again, whole: look for it in a copy of that folder.'
    : 'the backup that was being put back is in its place again, whole: look for it there, or in a copy of that folder.';
  const how = {
    staged: `Puts the copy in place that the restore had made. If it is not whole, or the file has been written to since, nothing is changed.${keptAsWell(isBeforeKept)}`,
    placed:
      'Nothing is copied again: the file is compared with what was noted, and gets its last check. If it is something else, nothing is changed.',
  };
  return ['finish', 'Finish restoring', copy === null ? `Only possible once ${place}` : how[copy]];
}
/**
 * @param isBefore the restore has noted that it made this backup of what the file held; else it is any other good one.
 * @param isTwice it was begun before, over what was there at first: that is not in this backup.
 */
export const restoreInstead = (isBefore: boolean, isTwice: boolean, now: ThereNow): Choice =>
  isBefore
    ? [
        'restore',
        isTwice ? 'Go back to before it was begun again' : 'Go back to before the restore',
        `The file becomes what it was before the restore was begun${isTwice ? ' again' : ''}. ${whatBecomes[now]}`,
      ]
    : [
        'restore',
        'Put the other backup back',
        `The file becomes what it was when that backup was made. ${whatBecomes[now]}`,
      ];
