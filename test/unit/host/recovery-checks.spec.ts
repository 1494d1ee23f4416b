import fs, { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { appError, err, ok } from '@shared/errors.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import {
  appliedLine,
  backupLine,
  beforeRestore,
  GONE,
  noteOf,
  record,
  report,
  setUp,
  status,
  verified,
} from '../../support/recovered-house.ts';

/** What is looked at again before anything is said of an interruption, and what must not be noted of it. */

vi.mock('node:timers/promises', () => ({ setTimeout: () => Promise.resolve() }));
afterEach(() => {
  vi.restoreAllMocks();
  syncBuiltinESMExports();
});

const AT = '2026-11-21T14:00:00.000Z';
const inspected = (asked: string[]) => asked.filter((each) => each.startsWith('inspect')).length;
const reached = ok(status({ applied: 3, phaseReached: 1 }));
const migrated = { type: 'migrated', at: AT, report: report() } as const;

it('a look from before is not believed about what was interrupted since', async () => {
  const { database, recoveries, journal, asked, answers } = setUp();
  answers['inspect'] = ok(status({ applied: 2 }));
  journal('r1', [backupLine, appliedLine]);
  expect(await recoveries.get(database, { known: ok(status({ applied: 1 })) })).toMatchObject({ stepsDone: 2 });
  expect(inspected(asked)).toBe(1);
});

it('a file that somebody has for a moment is looked at again', async () => {
  const { database, recoveries, journal, asked, answers } = setUp();
  let times = 0;
  answers['inspect'] = () => ((times += 1) < 3 ? err(appError('E_DB_BUSY', 'busy')) : ok(status({ applied: 1 })));
  journal('r1', [backupLine, appliedLine]);
  expect(await recoveries.get(database)).toMatchObject({ stepsDone: 1 });
  expect(inspected(asked)).toBe(3);
});

it('what is settled is no question, also where that cannot be noted', async () => {
  const { database, recoveries, journal, answers } = setUp();
  answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
  journal('r1', [backupLine, appliedLine]);
  vi.spyOn(fs, 'fsyncSync').mockImplementation(() => {
    throw Object.assign(new Error('EIO: i/o error, fsync'), { code: 'EIO', syscall: 'fsync' });
  });
  syncBuiltinESMExports();
  expect(await recoveries.get(database)).toBeNull();
});

describe('a check that is made later', () => {
  it('and could not be made says why, and leaves the question open', async () => {
    const { database, recoveries, journal, answers } = setUp();
    answers['inspect'] = reached;
    answers['verify'] = err(appError('E_IO', 'The disk failed.'));
    const written = journal('r1', [backupLine, appliedLine, migrated]);
    const before = readFileSync(written, 'utf8');

    expect(await recoveries.check(database)).toMatchObject({ ok: false, error: { code: 'E_IO' } });

    expect(readFileSync(written, 'utf8')).toBe(before);
    expect(await recoveries.get(database)).toMatchObject({ state: 'unproven' });
  });

  it('of a lower phase is none of a run that was to go further', () => {
    const { database, recoveries, journal } = setUp();
    const written = journal('r1', [backupLine, appliedLine], { toPhase: 3 });
    const before = readFileSync(written, 'utf8');
    recoveries.noteVerdict(database, { toPhase: 1, checks: [], error: null });
    expect(readFileSync(written, 'utf8')).toBe(before);

    recoveries.noteVerdict(database, { toPhase: 3, checks: [], error: null });
    expect(readFileSync(written, 'utf8')).not.toBe(before);
  });

  it('is noted of nothing while something else goes on', () => {
    const { database, file, recoveries, journal, busy } = setUp();
    const written = journal('r1', [backupLine, appliedLine, migrated]);
    const before = readFileSync(written, 'utf8');
    busy.take(file, 'backup', { isTrial: true });
    recoveries.noteVerdict(database, { toPhase: 4, checks: [], error: null });
    expect(readFileSync(written, 'utf8')).toBe(before);
  });
});

describe('an interrupted restore', () => {
  it('is not finished while something else goes on', async () => {
    const { database, file, recoveries, asked, busy } = setUp();
    writeFileSync(intentFile(file), JSON.stringify(noteOf({})));
    busy.take(file, 'backup', { isTrial: true });
    expect(await recoveries.finish(database)).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });
    expect(asked.filter((each) => each.startsWith('finishRestore'))).toEqual([]);
  });

  it.each([true, false])('is noted as done only where it was: %s', async (isDone) => {
    const { database, file, recoveries, runs, answers } = setUp();
    writeFileSync(intentFile(file), JSON.stringify(noteOf({})));
    if (!isDone) answers['finishRestore'] = err(appError('E_IO', 'The disk failed.'));

    await recoveries.finish(database);

    const [name = ''] = readdirSync(runs());
    expect(readFileSync(path.join(runs(), name), 'utf8').trim()).toMatch(new RegExp(`"ok":${isDone}[^\n]*$`));
  });

  it('is told of by itself, and not with the words of an upgrade from before', async () => {
    const { database, file, recoveries, journal, answers } = setUp();
    answers['listBackups'] = ok([]);
    const failed = report({ verified: false, ok: false, error: appError('E_MIGRATION_FAILED', 'A step failed.') });
    journal('r1', [backupLine, appliedLine, { type: 'ended', report: failed }]);
    writeFileSync(intentFile(file), JSON.stringify(noteOf({ startedAt: '2026-11-23T09:00:00Z' })));

    const recovery = await recoveries.get(database);

    expect(recovery).toMatchObject({
      ...{ kind: 'restore', code: 'E_RESTORE_UNFINISHED', toPhase: null, stepsTotal: 0 },
      ...{ startedAt: '2026-11-23T09:00:00Z', lastSignAt: '2026-11-23T09:00:00Z' },
    });
  });

  it('whose backup is no longer good is not said to be finished with it', async () => {
    const { database, file, recoveries, answers, list } = setUp();
    const broken = { ...record('b1', 'broken'), sha256: 'a'.repeat(64) };
    list(broken);
    answers['verifyBackup'] = verified(broken);
    writeFileSync(intentFile(file), JSON.stringify(noteOf({})));
    const finish = (await recoveries.get(database))?.choices.find(({ id }) => id === 'finish');
    expect(finish?.consequence).toContain('Only possible once');
  });

  it('is not undone with what an earlier one had saved', async () => {
    const { database, recoveries, answers, list, journal } = setUp();
    answers['inspect'] = ok(status({ applied: 0, unfinished: null }));
    answers['restoredFrom'] = ok({ backupPath: '/b/b9.db', proof: 'event' });
    const earlier = beforeRestore(database, 'b1', '2026-11-20T09:00:00.000Z');
    list(record('b9'), earlier);
    answers['verifyBackup'] = verified(record('b9'), earlier);
    journal('w1', [], { kind: 'restore', toPhase: null });
    expect((await recoveries.get(database))?.backup?.id).not.toBe('b1');
  });

  it('whose files are a link to somewhere else is not offered to be finished with them', async () => {
    const { home, database, file, recoveries } = setUp();
    const replaced = path.join(home, 'a.db replaced-Abc123');
    mkdirSync(path.join(home, 'elsewhere'));
    symlinkSync(path.join(home, 'elsewhere'), replaced);
    const sha256 = 'a'.repeat(64);
    const note = { ...noteOf({ sha256 }), way: 'by-file', source: 'replaced', backupPath: replaced };
    writeFileSync(intentFile(file), JSON.stringify({ ...note, files: [{ suffix: '', sha256 }] }));
    expect((await recoveries.get(database))?.where).toContain(`no longer whole: ${replaced}`);
  });
});

it('an upgrade that only the file knows of is a question still where its verdict said no', async () => {
  const { database, recoveries, runs, file } = setUp();
  const elsewhere = `${file} before it was renamed`;
  const write = (isVerified: boolean): void => {
    const started = { type: 'started', at: AT, runId: 'r1', path: elsewhere, toPhase: 1, pid: GONE, plan: null };
    const verdict = { type: 'verdict', at: AT, verified: isVerified, checks: [], error: null };
    const text = [{ ...started, appVersion: '0' }, verdict].map((line) => `${JSON.stringify(line)}\n`).join('');
    mkdirSync(runs(elsewhere), { recursive: true });
    writeFileSync(path.join(runs(elsewhere), 'r1.jsonl'), text);
  };
  write(false);
  expect(await recoveries.get(database)).toMatchObject({ runId: 'r1' });
  write(true);
  expect(await recoveries.get(database)).toBeNull();
});

describe('the backup of what was interrupted', () => {
  function withBackup() {
    const given = setUp();
    given.answers['verifyBackup'] = verified(record('b1'));
    given.list(record('b1'));
    given.journal('r1', [backupLine, appliedLine]);
    const read = () => given.asked.filter((each) => each.startsWith('verifyBackup'));
    return { ...given, read };
  }

  it('is read again without a trace where none may be left', async () => {
    const { database, recoveries, read } = withBackup();
    await recoveries.get(database, { isReadOnly: true });
    expect(read()).toEqual([expect.stringContaining('"isNoted":false')]);
  });

  it('is known as it was found to whoever lists it, though that could not be noted', async () => {
    const { answers, checked, database, recoveries } = withBackup();
    answers['verifyBackup'] = verified(record('b1', 'broken'));
    expect((await recoveries.get(database))?.backup?.state).toBe('broken');
    expect(checked).toEqual([record('b1', 'broken')]);
  });

  it('stays read for minutes, not for ever', async () => {
    const { database, recoveries, read } = withBackup();
    await recoveries.get(database);
    await recoveries.get(database);
    expect(read()).toHaveLength(1);
    vi.spyOn(Date, 'now').mockReturnValue(Date.now() + 6 * 60_000);
    await recoveries.get(database);
    expect(read()).toHaveLength(2);
  });
});
