import type { RecoveryChoiceId } from '@shared/recovery.ts';

/** What can be chosen after an interruption: its id, its title, and what follows from it. */
export type Choice = readonly [RecoveryChoiceId, string, string];

export const CHECK: Choice = [
  'check',
  'Check the result now',
  'The file is opened afresh and compared with the backup. Nothing in it is changed. If everything holds, the upgrade is done.',
];
export const STAY: Choice = [
  'stay',
  'Leave it as it is',
  'Nothing is done now and you are not asked again. You can go on or put a backup back whenever you like.',
];
export const RESTORE: Choice = [
  'restore',
  'Go back to the backup',
  'The file becomes what it was before. What is in it now is backed up first, so that this can be undone, too.',
];
export const RESTORE_ORIGINAL: Choice = [
  'restore',
  'Go back to your original',
  'The file becomes what it was before the upgrade was begun. What is in it now is backed up first, so that this can be undone, too.',
];
export const RESTORE_HALF: Choice = [
  'restore',
  'Go back to the half upgraded file',
  'The file becomes what it was when the upgrade was gone on with: some steps of it were done. The backup of your original is gone, or no longer good. What is in it now is backed up first, so that this can be undone, too.',
];
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
