import { appendFileSync, copyFileSync, readFileSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { ok } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import { openRunsIn } from '@host/file-runs.ts';
import { findNotices } from '@host/recovery-notices.ts';
import { appendToJournal, type JournalLine, journalFolder } from '@host/run-journal.ts';
import { describe, expect, it, vi } from 'vitest';
import { appliedLine, backupLine, fileRun, GONE, setUp as setUpHouse } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, must, scriptedHost } from './scripted-host.ts';

/** Of which file an answer holds, and from when on: what is accepted of one may be a loss in another. */

const folder = temporaryFolder();
/** Without it the system does not tell a renamed file from another one. */
const knowsFiles = statSync(folder, { bigint: true }).birthtimeNs > 0n;

/** A file that names a run which stopped in it, and whatever else it is copied or renamed to. */
function setUp() {
  const house = setUpHouse();
  const journal = house.journal('r1', [backupLine, appliedLine]);
  const { home, dataFolder, database, recoveries } = house;
  const at = (name: string): OpenEntry => ({ ...database, handle: name, name, path: path.join(home, name) });
  const copy = (name: string): OpenEntry => {
    copyFileSync(house.file, at(name).path);
    return at(name);
  };
  const rename = (from: OpenEntry, name: string): OpenEntry => {
    renameSync(from.path, at(name).path);
    return at(name);
  };
  const isAsked = async (of: OpenEntry): Promise<boolean> => (await recoveries.get(of)) !== null;
  const compared = (of: OpenEntry, isMigrated = false): string[] =>
    openRunsIn(dataFolder, of.path, [fileRun('r1', isMigrated)]).map(({ run }) => run.runId);
  const noticed = async (): Promise<string[]> => {
    const notices = await findNotices({ dataFolder, busy: house.busy, recents: { files: () => [] } });
    return notices.map(({ notice }) => notice.name);
  };
  return { ...house, written: journal, at, copy, rename, isAsked, compared, noticed };
}

describe('that it stays as it is', () => {
  it('is true of the file that was shown, and not of a copy of it', async () => {
    const { database, recoveries, copy, isAsked, compared } = setUp();
    const other = copy('copy.db');

    must(await recoveries.stay(database, 'r1'));

    expect([await isAsked(database), compared(database)]).toEqual([false, []]);
    expect([await isAsked(other), compared(other)]).toEqual([true, ['r1']]);
  });

  it('is true of one of two copies, and not of the other, where the original is gone', async () => {
    const { database, recoveries, copy, isAsked, compared } = setUp();
    const [one, other] = [copy('one.db'), copy('other.db')];
    rmSync(database.path);

    must(await recoveries.stay(one, 'r1'));

    expect([await isAsked(one), compared(one)]).toEqual([false, []]);
    expect([await isAsked(other), compared(other)]).toEqual([true, ['r1']]);
  });

  it('is true of a renamed file, and is not noted of whatever may get its old name', async () => {
    const { database, recoveries, rename, isAsked, compared, written } = setUp();
    const renamed = rename(database, 'renamed.db');
    const before = readFileSync(written, 'utf8');

    must(await recoveries.stay(renamed, 'r1'));

    expect([await isAsked(renamed), compared(renamed)]).toEqual([false, []]);
    expect(readFileSync(written, 'utf8')).toBe(before);
    expect(compared(database)).toEqual(['r1']);
  });

  it.runIf(knowsFiles)('stays true when that file is renamed, as often as it is, but not of a copy of it', async () => {
    const { database, recoveries, copy, rename, isAsked, compared } = setUp();
    const other = copy('copy.db');
    must(await recoveries.stay(database, 'r1'));

    const renamed = rename(rename(database, 'once.db'), 'twice.db');

    expect([await isAsked(renamed), compared(renamed)]).toEqual([false, []]);
    expect([await isAsked(other), compared(other)]).toEqual([true, ['r1']]);
  });

  it.runIf(knowsFiles)(
    'stays true when that file gets its old name back, and is not true of a copy there',
    async () => {
      const { database, recoveries, rename, isAsked, compared, noticed } = setUp();
      const renamed = rename(database, 'renamed.db');
      must(await recoveries.stay(renamed, 'r1'));

      const back = rename(renamed, 'a.db');
      expect([await isAsked(back), compared(back), await noticed()]).toEqual([false, [], []]);
      expect(await recoveries.stay(back, 'r1')).toMatchObject({ error: { code: 'E_NOTHING_TO_DO' } });

      copyFileSync(rename(back, 'renamed.db').path, database.path);
      expect([await isAsked(database), compared(database), await noticed()]).toEqual([true, ['r1'], ['a.db']]);
    },
  );

  it.runIf(knowsFiles)('while it had another name says nothing of what was interrupted since', async () => {
    const { database, recoveries, rename, journal } = setUp();
    const renamed = rename(database, 'renamed.db');
    must(await recoveries.stay(renamed, 'r1'));
    rename(renamed, 'a.db');
    journal('r2', [backupLine, appliedLine]);

    expect((await recoveries.get(database))?.runId).toBe('r2');
    must(await recoveries.stay(database, 'r2'));
    expect(await recoveries.get(database)).toBeNull();
  });

  it.runIf(knowsFiles)('is not true of a copy either where the file that it was said of is gone', async () => {
    const { database, recoveries, copy, isAsked, compared } = setUp();
    must(await recoveries.stay(database, 'r1'));
    const other = copy('copy.db');
    rmSync(database.path);
    expect([await isAsked(other), compared(other)]).toEqual([true, ['r1']]);
  });

  it('in the words of an older version, which do not say of which file, is true of the path of the journal, and is enough not to ask again where that is gone', async () => {
    const { database, copy, rename, isAsked, compared, written } = setUp();
    const other = copy('copy.db');
    appendFileSync(written, `${JSON.stringify({ type: 'stayed', at: '2026-11-21T15:00:00.000Z' })}\n`);

    expect([compared(database), compared(other)]).toEqual([[], ['r1']]);
    expect([await isAsked(database), await isAsked(other)]).toEqual([false, true]);
    const renamed = rename(database, 'renamed.db');
    expect([await isAsked(renamed), compared(renamed)]).toEqual([false, ['r1']]);
  });
});

it('that a run was proven says nothing of a copy from its middle', () => {
  const { database, copy, compared, written } = setUp();
  const other = copy('copy.db');
  const verdict = { type: 'verdict', at: '2026-11-21T15:00:00.000Z', verified: true, checks: [], error: null };
  appendFileSync(written, `${JSON.stringify(verdict)}\n`);
  expect([compared(database), compared(other), compared(other, true)]).toEqual([[], ['r1'], []]);
});

it('what is answered while an upgrade is under way does not take its comparison away', async () => {
  const { host, home, dataFolder, open } = closedAfter(scriptedHost(folder));
  const database = open('good');
  const runs = journalFolder(dataFolder, database.path);
  const note = (line: object): void => appendToJournal(runs, 'r0', { at: '', ...line } as JournalLine);
  note({ type: 'started', runId: 'r0', path: database.path, toPhase: 1, pid: GONE, appVersion: '0', plan: null });
  note({ ...backupLine, backupPath: '/b/b0.db' });
  const ask = host.engines.askAlone;
  const compared: unknown[] = [];
  vi.spyOn(host.engines, 'askAlone').mockImplementation(((file: string, name: string, input: object, ...rest: []) => {
    if (name === 'verify' && 'earlier' in input) compared.push(input.earlier);
    const asked = ask(file, name as 'run', input as never, ...rest);
    if (name !== 'run') return asked;
    note({ type: 'stayed' }); // by another program, which had looked before this one began
    const answer = asked.answer.then((told) => (told.ok ? ok({ ...told.value, earlierRuns: [fileRun('r0')] }) : told));
    return { ...asked, answer };
  }) as typeof ask);

  const request = { toPhase: 1, fingerprint: null, plan: null, backupFolder: path.join(home, 'b') };
  const extras = { source: { kind: 'none' }, isRemovalConfirmed: false } as const;
  await must(host.runs.start(database, { ...request, ...extras })).done;

  expect(compared).toEqual([[{ runId: 'r0', backupPath: '/b/b0.db' }]]);
});
