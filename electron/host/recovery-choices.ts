import type { RecoveryChoiceId } from '@shared/recovery.ts';

/** What can be chosen after an interruption: its id, its title, and what follows from it. */
export type Choice = readonly [RecoveryChoiceId, string, string];

export const CHECK: Choice = [
  'check',
  'Check the result now',
  'The file is opened afresh and compared with the backup. Nothing in it is changed. If everything holds, the upgrade is done.',
];
/** Where the file could not be looked at: what is advised of it depends on what it holds. */
export const LOOK_AGAIN: Choice = [
  'look',
  'Look again',
  'The file is opened once more; nothing is changed by looking. If another program has it, close that program first.',
];
export const STAY: Choice = [
  'stay',
  'Leave it as it is',
  'Nothing is done now and you are not asked again. You can go on or put a backup back whenever you like.',
];
/** What a restore does with what lies there when it begins; kept: in one of two ways, as it then finds it. */
export type ThereNow = 'set-aside' | 'kept' | 'nothing';

export const whatBecomes: Readonly<Record<ThereNow, string>> = {
  'set-aside':
    'What is there now cannot be backed up as it is: its files are set aside beside it, byte for byte, so that this can be undone, too.',
  kept: 'What is in it now is backed up first or, where it is too damaged for that, kept byte for byte beside it, so that this can be undone, too.',
  nothing: 'No file is there now, so nothing is replaced.',
};

/** @param partOf which backup of an upgrade in several parts; null = there is one part, or this is no upgrade. */
export function goBackTo(partOf: 'original' | 'half-upgraded' | null, now: ThereNow): Choice {
  const kept = whatBecomes[now];
  if (partOf === null) return ['restore', 'Go back to the backup', `The file becomes what it was before. ${kept}`];
  const begun = 'The file becomes what it was before the upgrade was begun.';
  if (partOf === 'original') return ['restore', 'Go back to your original', `${begun} ${kept}`];
  const half = 'The file becomes what it was when the upgrade was gone on with: some steps of it were done.';
  const why = 'The backup of your original is gone, no longer good, or could not be read just now.';
  return ['restore', 'Go back to the half upgraded file', `${half} ${why} ${kept}`];
}

export const CONTINUE_INGEST: Choice = [
  'continue',
  'Look at the files again',
  'Nothing is taken in yet. Files that are in already are recognised and left out.',
];
export const CONTINUE_RETRY: Choice = [
  'continue',
  'Look at the issue rows',
  'Nothing is changed yet. From there they can be tried again, behind a new backup.',
];
