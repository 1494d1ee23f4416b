import type { Output } from '@shared/channels.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backup, folder, minutesAgo, name } from './files.ts';

/** The newest is what a restore replaced, so that it can be undone. */
export const troubledBackups = (): BackupRecord[] => [
  backup({
    id: 'northern-lights 2026-11-21 14.10.00 before restore',
    path: `${folder}/northern-lights.db backups/northern-lights 2026-11-21 14.10.00 before restore.db`,
    reason: 'before restore',
    createdAt: minutesAgo(3),
    phase: 4,
  }),
];

/** More than one looks through. */
export const manyBackups = (): BackupRecord[] =>
  Array.from({ length: 100 }, (_, at) =>
    backup({ id: `northern-lights by hand ${at}`, reason: 'by hand', createdAt: minutesAgo(at + 60) }),
  );

/** Of a copy that was upgraded to try it, and thrown away. */
export const ofThrownAway = (): BackupRecord =>
  backup({
    id: 'northern-lights copy 2026-11-21 13.40.00 before phase 0',
    path: `${folder}/northern-lights copy.db backups/northern-lights copy 2026-11-21 13.40.00 before phase 0.db`,
    folder: `${folder}/northern-lights copy.db backups`,
    databaseName: 'northern-lights copy.db',
    databasePath: `${folder}/northern-lights copy.db`,
    madeOfGone: true,
    createdAt: minutesAgo(33),
  });

const noRestore: Pick<Output<'backup:list'>, 'restores' | 'undoneBy'> = { restores: [], undoneBy: null };

export const setAside = {
  unusable: [
    {
      path: `${folder}/northern-lights.db backups/before the summer.db`,
      why: {
        code: 'E_BACKUP_CORRUPT',
        title: 'This backup cannot be relied on',
        message:
          "The manifest beside “before the summer.db” is that of a backup named “northern-lights 2026-06-01 09.12.44 by hand.db”: it was renamed, or is another one's.",
        safety: 'Your database has not been changed.',
        nextStep: 'If the backup and its manifest were renamed, rename both back to that name, then try again.',
      },
    },
  ],
  replaced: { folder: `${folder}/${name} replaced-k3Xw9a`, at: minutesAgo(3), isOfUndo: false },
  beforeRecovery: [
    {
      folder: `${folder}/${name} backups/northern-lights 2026-11-20 17.02.11 before recovery`,
      at: minutesAgo(60 * 20),
    },
  ],
  restores: [minutesAgo(3)],
  undoneBy: 'northern-lights 2026-11-21 14.10.00 before restore',
};

export const nothingSetAside = { unusable: [], replaced: null, beforeRecovery: [], ...noRestore };

/** Keeps the newest and the oldest. */
export const tidied = (all: readonly BackupRecord[]): Output<'backup:tidy'> => {
  const backups = all.filter(({ madeOfGone }) => !madeOfGone);
  const removed = backups.slice(1, -1);
  const [newest, oldest] = [backups[0], backups.at(-1)];
  return {
    removed,
    kept: [
      ...(newest ? [{ backup: newest, why: 'It is the newest backup that is good.' }] : []),
      ...(oldest
        ? [
            {
              backup: oldest,
              why: 'It is the oldest good one: the nearest to your database as it was before the first upgrade.',
            },
          ]
        : []),
    ],
    freedBytes: removed.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0),
  };
};

export const halfDone = (handle: string) => ({
  handle,
  work: {
    kind: 'backup',
    now: 'Comparing every row, and restoring the copy to a scratch file to prove it',
    fraction: 0.65,
    canCancel: true,
  },
});
