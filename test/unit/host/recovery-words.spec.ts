import { type AppError, appError } from '@shared/errors.ts';
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
    ...{ unusableBackup: null, lostBackup: null, copy: null, keptIn: null, canBeUndone: false, oldFiles: null },
    backup: null,
    partOf: null,
    hasOpenUpgrade: false,
  },
  look: { health: { state: 'healthy', summary: '', checks: [], foreignKeyViolations: null }, error: null },
  ...{
    restoreWay: 'in-place',
    ...{ isBeforeKept: true, beforePath: '/b/before.db' },
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

  it('and not one from before a restore that was another', () => {
    for (const beforePath of [null, '/b/this.db'])
      expect(
        tellRecovery(restore({ lostBackup, backup: record('/b/before.db'), beforePath })).choices[0],
      ).toMatchObject({
        title: 'Put the other backup back',
      });
  });

  it('is not called safe without any', () => {
    const told = tellRecovery(restore({ lostBackup }));
    expect([told.isSafe, told.choices.map(({ id }) => id)]).toEqual([false, ['finish']]);
    expect(told.reasons).toEqual(['No other good backup was found.']);
  });

  it('says why, where it is there and only cannot be used', () => {
    const away = appError('E_TIMEOUT', 'The drive does not answer.', undefined, { nextStep: 'Connect it.' });
    const told = tellRecovery(restore({ lostBackup, unusableBackup: { path: lostBackup, error: away } }));
    expect(told.where).toMatch(/That backup \(“gone\.db”\) could not be read just now: The drive .* Connect it\.$/);
    expect(told.where).not.toContain('not where it was');
  });

  it('can be undone with the damaged file that it has kept; last, as what is there by now may be all that is left', () => {
    const kept = { keptIn: 'a.db replaced-Abc123', beforePath: null };
    const told = (change: Partial<Findings>) => tellRecovery(restore({ lostBackup, ...kept, ...change }));
    const undone = told({ canBeUndone: true }).choices;

    expect(undone.map(({ id, title }) => [id, title])).toEqual([
      ['finish', 'Finish restoring'],
      ['put-back', 'Undo the restore'],
    ]);
    expect(undone[1]?.consequence).toMatch(
      /^The damaged file comes back exactly as it was before the restore was begun, byte for byte, .* set aside/,
    );
    expect(told({ canBeUndone: true, backup: record('/b/other.db') }).choices.map(({ id }) => id)).toEqual([
      'restore',
      'finish',
      'put-back',
    ]);
    expect(told({}).choices.map(({ id }) => id)).toEqual(['finish']);
  });

  it.each([
    ['staged', /^The restore had made a copy of that backup/, /^Puts the copy in place/],
    ['placed', /most likely taken the place of the file already/, /^Nothing is copied again/],
  ] as const)('is finished first where its own copy is %s, and only then replaced by another', (copy, why, how) => {
    const told = tellRecovery(restore({ restoreWay: 'by-file', lostBackup, copy, backup: record('/b/before.db') }));
    expect(told.choices.map(({ id }) => id)).toEqual(['finish', 'restore']);
    expect(told.choices[0]?.consequence).toMatch(how);
    expect(told.reasons[0]).toMatch(why);
  });
});

describe('a restore that was begun over a damaged file, and again over what was done in it since', () => {
  const twice = { keptIn: 'a.db replaced-Abc123', beforePath: '/b/before.db' };

  it('tells where each of the two is', () => {
    expect(tellRecovery(restore({ ...twice, backup: record('/b/b1.db') })).reasons[0]).toBe(
      'The restore was begun more than once. What was in the file at first is kept, byte for byte, in “a.db replaced-Abc123” beside it; what was in it later was backed up as “before.db”.',
    );
    expect(tellRecovery(restore({ ...twice, beforePath: null })).reasons[0]).toBe(
      'What was in the file until then is kept, byte for byte, in “a.db replaced-Abc123” beside it.',
    );
  });

  it('says to which of the two it would be gone back', () => {
    const lost = { lostBackup: '/b/gone.db', backup: record('/b/before.db'), canBeUndone: true };
    const { choices } = tellRecovery(restore({ ...twice, ...lost }));
    expect(choices.map(({ id, title }) => [id, title])).toEqual([
      ['restore', 'Go back to before it was begun again'],
      ['finish', 'Finish restoring'],
      ['put-back', 'Go back to before it was first begun'],
    ]);
    expect(choices[0]?.consequence).toMatch(/^The file becomes what it was before the restore was begun again\. /);
    expect(choices[2]?.consequence).toContain('exactly as it was before the restore was first begun');
  });
});

it.each<[string, Partial<Findings>]>([
  ['with its backup', {}],
  ['with old files', { oldFiles: { folder: 'a.db replaced-Abc123', keptIn: null } }],
  ['with its own copy', { restoreWay: 'by-file', lostBackup: '/b/gone.db', copy: 'staged' }],
  ['with its last check', { restoredFrom: { backup: record('/b/b1.db'), proof: 'event' } }],
])('a restore that is finished says that it has kept what was there only where something was: %s', (_, change) => {
  const finish = (isBeforeKept: boolean) => tellRecovery(restore({ ...change, isBeforeKept })).choices[0];
  expect(finish(true)).toMatchObject({
    id: 'finish',
    consequence: expect.stringContaining('What it held before is kept'),
  });
  expect(finish(false)).toMatchObject({ id: 'finish', consequence: expect.not.stringContaining('held before') });
});

it('an undoing of which only its journal tells speaks of old files, and of no backup', () => {
  const { where } = tellRecovery(
    restore({ restoreWay: null, oldFiles: { folder: 'a.db replaced-Abc123', keptIn: null } }),
  );
  expect(where).toMatch(/^Nothing of it is half done: .* the old files are back that a restore had set aside\.$/);
});

describe('what is there now, where something is to be put back,', () => {
  const look = (error: AppError | null): Pick<Findings, 'look'> =>
    error === null ? { look: restore({}).look } : { look: { health: null, error } };
  const backup = record('/b/b1.db');
  const goingBack = (change: Partial<Findings>): string | undefined =>
    tellRecovery(restore({ kind: 'upgrade', restoreWay: null, backup, ...change })).choices.find(
      ({ id }) => id === 'restore',
    )?.consequence;
  const ways: [string, Partial<Findings>][] = [
    ['the backup', {}],
    ['the original', { partOf: 'original' }],
    ['the half upgraded file', { partOf: 'half-upgraded' }],
    ['what it was before a restore', { kind: 'restore', restoreWay: 'in-place', lostBackup: '/b/gone.db' }],
    ['the newest', { kind: 'restore', restoreWay: 'in-place', unreadableRestore: 'no' }],
  ];

  it.each(ways)('is backed up or, where the making of the backup finds it damaged, kept: %s', (_, change) => {
    const busy = (['E_DB_BUSY', 'E_RESTORE_UNFINISHED'] as const).map((code) => appError(code, ''));
    for (const error of [null, ...busy])
      expect(goingBack({ ...change, ...look(error) })).toContain(
        'What is in it now is backed up first or, where it is too damaged for that, kept byte for byte beside it',
      );
  });

  it.each(ways)('is nothing where the file is gone: %s', (_, change) => {
    const told = goingBack({ ...change, ...look(appError('E_NOT_FOUND', '')) });
    expect(told).toContain('No file is there now, so nothing is replaced.');
    expect(told).not.toMatch(/backed up|undone/);
  });

  it.each([
    'E_CORRUPT',
    'E_EMPTY',
    'E_NOT_SQLITE',
    'E_ENCRYPTED',
    'E_TRUNCATED',
    'E_SIZE_MISMATCH',
    'E_STALE_WAL',
  ] as const)('is set aside as files where SQLite cannot work with it: %s', (code) => {
    const told = goingBack(look(appError(code, '')));
    expect(told).toMatch(/cannot be backed up as it is: its files are set aside/);
    expect(told).not.toContain('is backed up first');
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

describe('a file that could not be looked at', () => {
  const told = (error: AppError, more: Partial<Findings> = {}) =>
    tellRecovery(restore({ kind: 'upgrade', restoreWay: null, look: { health: null, error }, ...more }));
  const idsOf = ({ choices }: ReturnType<typeof told>) => choices.map(({ id }) => id);

  it.each(['upgrade', 'backup', 'ingest', 'retry', 'restore', 'clear'] as const)(
    'because another program has it is to be looked at again, and not to be left for that: %s',
    (kind) => {
      const busy = told(appError('E_DB_BUSY', 'Another program locks it.'), { kind });
      expect(idsOf(busy)).toEqual(['look', 'stay']);
      expect(busy.reasons[0]).toBe('The file could not be looked at just now: Another program locks it.');
    },
  );

  it('need not be gone back with before that', () => {
    const busy = told(appError('E_DB_IN_USE', ''), { backup: record('/b/b1.db') });
    expect(idsOf(busy)).toEqual(['look', 'stay', 'restore']);
  });

  it('because it is damaged is better replaced, and without a good backup looked at again before it is left', () => {
    const damaged = appError('E_CORRUPT', 'SQLite found damage.');
    expect(idsOf(told(damaged, { backup: record('/b/b1.db') }))).toEqual(['restore', 'look', 'stay']);
    expect(idsOf(told(damaged))).toEqual(['look', 'stay']);
  });
});
