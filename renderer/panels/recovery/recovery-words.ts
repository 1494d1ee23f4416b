import type { Recovery, RecoveryChoiceId, WorkKind } from '@shared/recovery.ts';

const subjects: Record<WorkKind, string> = {
  upgrade: 'The upgrade',
  backup: 'The backup',
  restore: 'The restore',
  ingest: 'Taking files in',
  retry: 'Trying issue rows again',
  clear: 'Clearing keys',
};

/** First what happened, then the answer to the question that everybody has. */
export function headline({ kind, state, code, isSafe, backup }: Recovery): string {
  const what =
    state === 'unproven'
      ? `${subjects[kind]} still needs its final check.`
      : `${subjects[kind]} was ${code === 'E_CANCELLED' ? 'stopped' : 'interrupted'}.`;
  if (isSafe) return `${what} Your data is safe.`;
  return backup?.state === 'verified' ? `${what} A whole backup is there.` : what;
}

/** Of an upgrade that was gone on with; null = there is one. */
export function whichBackup({ partOf }: Recovery): string | null {
  if (partOf === undefined) return null;
  return partOf === 'original'
    ? 'Your original: the file from before the upgrade was begun'
    : 'The half upgraded file, from when the upgrade was gone on with';
}

export const reasonsTitle = ({ isSafe }: Recovery): string =>
  isSafe ? 'How we know that your data is safe' : 'What is known about your data';

/** Said while a choice is carried out. */
export const busyWords: Record<RecoveryChoiceId, string> = {
  continue: 'Looking at the file once more before anything is started…',
  check: 'Opening the file afresh and comparing it with the backup. Nothing in it is changed…',
  finish: '', // its bar has words of its own
  look: 'Looking at the file once more. Nothing is changed by looking…',
  stay: 'Noting that everything stays as it is…',
  restore: '',
  'put-back': '',
};
