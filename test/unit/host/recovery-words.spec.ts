import type { BackupRecord } from '@shared/run.ts';
import { type Findings, tellRecovery } from '@host/recovery-words.ts';
import { describe, expect, it } from 'vitest';

const record = (path: string, change: Partial<BackupRecord> = {}): BackupRecord => ({
  ...{ id: path, path, folder: '/b', databaseName: 'a.db', databasePath: '/a.db', createdAt: '', phase: null },
  ...{ reason: 'before restore', variantTitle: '', sizeBytes: 1, sha256: '', pages: 1, runId: null, verified: true },
  ...{ checks: [], lastCheck: null, state: 'verified', ...change },
});

/** A restore that was interrupted while it was replacing, of which `change` was found. */
const restore = (change: Partial<Findings>): Findings => ({
  ...{ kind: 'restore', cause: 'without-a-word', error: null, toPhase: null, stepsDone: 0, stepsTotal: 0 },
  ...{
    stepsUntrue: 0,
    stepsLost: 0,
    nextTitle: null,
    isNextBegun: false,
    isUnproven: false,
    lostBackup: null,
    backup: null,
    partOf: null,
    hasOpenUpgrade: false,
  },
  look: { health: { state: 'healthy', summary: '', checks: [], foreignKeyViolations: null }, error: null },
  ...{
    restoreWay: 'in-place',
    unreadableRestore: null,
    otherBackups: [],
    restoredFrom: null,
    setAside: null,
    ...change,
  },
});

describe('an interrupted restore whose backup is gone', () => {
  const lostBackup = '/b/gone.db';

  it('offers what the file held before first; to finish is only possible with that backup', () => {
    const told = tellRecovery(restore({ lostBackup, backup: record('/b/before.db') }));
    expect(told.choices.map(({ id, title }) => [id, title])).toEqual([
      ['restore', 'Go back to before the restore'],
      ['finish', 'Finish restoring'],
    ]);
    expect(told.choices[1]?.consequence).toMatch(/^Only possible once/);
    expect(told.where).toContain(lostBackup);
    expect(told.isSafe).toBe(true);
    // Only what makes the data safe stands among the reasons: each has a check mark.
    expect(told.reasons).toEqual([
      'There is another backup (“before restore”). It was read again just now: it is byte for byte what was saved.',
    ]);
  });

  it('offers any other good one where nothing was saved before', () => {
    const told = tellRecovery(restore({ lostBackup, backup: record('/b/other.db', { reason: 'before phase 1' }) }));
    expect(told.choices[0]).toMatchObject({ id: 'restore', title: 'Put the other backup back' });
  });

  it('is not called safe without any', () => {
    const told = tellRecovery(restore({ lostBackup }));
    expect([told.isSafe, told.choices.map(({ id }) => id)]).toEqual([false, ['finish']]);
  });
});

it('a restore that was interrupted before it replaced anything leaves nothing to do', () => {
  const told = tellRecovery(restore({ restoreWay: null }));
  expect(told.choices.map(({ id, title }) => [id, title])).toEqual([['stay', 'Go on to the database']]);
});

it('of rows that were tried again no more is promised than each step keeps', () => {
  const { where } = tellRecovery(restore({ kind: 'retry', restoreWay: null }));
  expect(where).toMatch(/^The rows of each step are put in place together or not at all/);
});
