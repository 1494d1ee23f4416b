import type { Recovery, RecoveryNotice } from '@shared/recovery.ts';
import { backup, folder, minutesAgo, name } from './files.ts';

const fileIsWhole = 'The file was opened and checked just now: it is whole.';
const backupIsWhole = 'The backup from before was read again just now: it is byte for byte what was saved.';
const stay = {
  id: 'stay',
  title: 'Leave it as it is',
  consequence: 'Nothing is done now and you are not asked again. You can go on or put a backup back whenever you like.',
} as const;
const restore = {
  id: 'restore',
  title: 'Go back to the backup',
  consequence:
    'The file becomes what it was before. What is in it now is backed up first or, where it is too damaged for that, kept byte for byte beside it, so that this can be undone, too.',
} as const;

const interrupted = (): Recovery => ({
  kind: 'upgrade',
  state: 'interrupted',
  runId: 'run-20261121T140211',
  startedAt: minutesAgo(42),
  lastSignAt: minutesAgo(41),
  toPhase: 4,
  stepsDone: 7,
  stepsTotal: 15,
  code: 'E_INTERRUPTED',
  what: 'An upgrade to phase 4 was under way when Phasewise or the computer stopped.',
  where: 'It stopped after step 7 of 15, in the middle of “Give every candidate a row in run_candidates”.',
  isSafe: true,
  reasons: [
    fileIsWhole,
    'Of the step that was under way, the rows that were done are kept; none is left half done.',
    backupIsWhole,
  ],
  backup: backup({ createdAt: minutesAgo(42) }),
  choices: [
    {
      id: 'continue',
      title: 'Continue the upgrade',
      consequence:
        'Goes on with step 8 of 15. What is finished is not done again. A new backup is made and proven first.',
    },
    stay,
    restore,
  ],
});

const unproven = (): Recovery => ({
  ...interrupted(),
  state: 'unproven',
  stepsDone: 15,
  what: 'An upgrade to phase 4 has done all its steps, but its final check is missing.',
  where: 'All 15 steps are finished. What is missing is the comparison of the result with the backup.',
  reasons: [fileIsWhole, backupIsWhole],
  choices: [
    {
      id: 'check',
      title: 'Check the result now',
      consequence:
        'The file is opened afresh and compared with the backup. Nothing in it is changed. If everything holds, the upgrade is done.',
    },
    stay,
    restore,
  ],
});

const restoring = (): Recovery => ({
  ...interrupted(),
  kind: 'restore',
  toPhase: null,
  stepsDone: 0,
  stepsTotal: 0,
  code: 'E_RESTORE_UNFINISHED',
  what: 'A restore of this database was under way when Phasewise or the computer stopped.',
  where: 'It stopped while the content of the file was being replaced by that of the backup.',
  reasons: ['The backup that was being put back was read again just now: it is byte for byte what was saved.'],
  choices: [
    {
      id: 'finish',
      title: 'Finish restoring',
      consequence:
        'Puts the whole backup in place. Until then nothing else can be done with the file. What it held before is kept as well.',
    },
  ],
});

const damaged = (): Recovery => ({
  ...interrupted(),
  isSafe: false,
  reasons: [
    'The file could not be looked at just now: SQLite found damage: Tree 12 page 4711: btreeInitPage() returns error code 11.',
    backupIsWhole,
  ],
  choices: [restore, stay],
});

export const recoveries = {
  interrupted,
  'interrupted-unproven': unproven,
  'interrupted-restore': restoring,
  'interrupted-damaged': damaged,
} as const;

export const notices = (): RecoveryNotice[] => [
  { recentId: 'r1', name, folder, kind: 'upgrade', what: interrupted().what, lastSignAt: minutesAgo(41) },
  {
    recentId: 'r2',
    name: 'studio-winter.db',
    folder,
    kind: 'restore',
    what: restoring().what,
    lastSignAt: minutesAgo(3_000),
  },
];
