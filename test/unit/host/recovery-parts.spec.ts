import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError, ok } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { FileRun } from '@shared/status.ts';
import { wasLeft } from '@host/open-work.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import {
  appliedLine,
  backupLine,
  choicesOf,
  fileRun,
  type Line,
  record,
  report,
  setUp as setUpHouse,
  status,
  verified,
} from '../../support/recovered-house.ts';

/** An upgrade in several parts, each with a backup: which of them is gone back to, whatever was answered in between. */

const stayed = { type: 'stayed' } as Line;
const over: Line = { type: 'over', ok: true };
const made = (id: string): Line => ({ ...backupLine, backupPath: `/b/${id}.db` });
/** A later part finds the step that the first has applied. */
const stepsLine = (isApplied: boolean): Line => ({
  type: 'steps',
  steps: [{ migrationId: 'one', title: 'Do one', isApplied }],
});

function setUp() {
  const house = setUpHouse();
  house.answers['verifyBackup'] = verified(...['b1', 'b2', 'b3', 'by-hand', 'before'].map((id) => record(id)));
  /** A restore that has ended, or, without lines, one that was killed before it replaced anything. */
  const restored = (runId: string, id: string, ...lines: Line[]) =>
    house.journal(runId, lines, { kind: 'restore', toPhase: null, restores: `/b/${id}.db` });
  const inFile = (unfinished: string) => (house.answers['inspect'] = ok(status({ applied: 1, unfinished })));
  const told = async () => house.recoveries.get(house.database);
  return { ...house, restored, inFile, told };
}

const offered = (recovery: Recovery | null) => [recovery?.backup?.id, recovery?.partOf];

describe('an upgrade that was gone on with and interrupted again goes back to the original', () => {
  it('also where the first part was left as it is', async () => {
    const { journal, inFile, told } = setUp();
    journal('r1', [made('b1'), appliedLine, stayed]);
    journal('r2', [stepsLine(true), made('b2')]);
    inFile('r2');

    const recovery = await told();

    expect(offered(recovery)).toEqual(['b1', 'original']);
    expect(recovery?.choices.at(-1)).toMatchObject({ id: 'restore', title: 'Go back to your original' });
    expect(recovery?.reasons.at(-1)).toMatch(
      /^The backup of your original, from before the upgrade was begun, was read/,
    );
  });

  it('after a restore of it that was killed, and was left as it is', async () => {
    const { journal, restored, inFile, told } = setUp();
    journal('r1', [made('b1'), appliedLine]);
    journal('r2', [stepsLine(true), made('b2')]);
    restored('w1', 'b1', stayed);
    inFile('r2');
    expect(offered(await told())).toEqual(['b1', 'original']);
  });

  it('after the half upgraded file was put back, and gone on with', async () => {
    const { journal, restored, inFile, told } = setUp();
    journal('r1', [made('b1'), appliedLine]);
    journal('r2', [stepsLine(true), made('b2')]);
    restored('w1', 'b2', made('before'), over);
    inFile('r1');
    expect((await told())?.backup?.id).toBe('b1');

    journal('r3', [stepsLine(true), made('b3')]);
    inFile('r3');
    expect(offered(await told())).toEqual(['b1', 'original']);
  });

  it('after a restore was undone', async () => {
    const { journal, restored, inFile, told } = setUp();
    journal('r1', [made('b1'), appliedLine]);
    journal('r2', [stepsLine(true), made('b2')]);
    restored('w1', 'b1', made('before'), over);
    restored('w2', 'before', over);
    journal('r3', [stepsLine(true), made('b3')]);
    inFile('r3');
    expect(offered(await told())).toEqual(['b1', 'original']);
  });

  it('but not to that of what came before another backup was put back, or of another file', async () => {
    const afterOther = setUp();
    afterOther.journal('r1', [made('b1'), appliedLine]);
    afterOther.restored('w1', 'by-hand', over);
    afterOther.journal('r2', [made('b2')]);
    afterOther.inFile('r2');
    expect(offered(await afterOther.told())).toEqual(['b2', undefined]);

    const another = setUp(); // the file was replaced meanwhile: what the first part did is not in it
    another.journal('r1', [made('b1'), appliedLine, stayed]);
    another.journal('r2', [stepsLine(false), made('b2')]);
    another.inFile('r2');
    expect(offered(await another.told())).toEqual(['b2', undefined]);
  });
});

it('calls the backup of the half upgraded file what it is, where that of the original is gone', async () => {
  const { journal, answers, inFile, told } = setUp();
  answers['verifyBackup'] = (input) =>
    (input as { backupPath: string }).backupPath === '/b/b2.db'
      ? ok(record('b2'))
      : { ok: false, error: appError('E_BACKUP_GONE', 'It is gone.') };
  journal('r1', [made('b1'), appliedLine]);
  journal('r2', [stepsLine(true), made('b2')]);
  inFile('r2');

  const recovery = await told();

  expect(offered(recovery)).toEqual(['b2', 'half-upgraded']);
  expect(recovery?.choices.at(-1)).toMatchObject({ id: 'restore', title: 'Go back to the half upgraded file' });
  expect(recovery?.reasons.at(-1)).toMatch(/^The backup of the half upgraded file, /);
});

describe('a restore that was killed', () => {
  it('leads on to the upgrade that stopped in the file, and does not say that nothing is asked any more', async () => {
    const { database, journal, restored, recoveries, inFile, told } = setUp();
    journal('r1', [made('b1'), appliedLine]);
    journal('r1-again', []);
    restored('w1', 'b1');
    inFile('r1');
    const [goOn] = (await told())?.choices ?? [];
    expect(goOn).toMatchObject({ id: 'stay', title: 'Go on to the upgrade that stopped in the file' });

    await recoveries.stay(database);
    expect(choicesOf(await told())).toEqual(['continue', 'stay', 'restore']);

    await recoveries.stay(database);
    expect(await told()).toBeNull();
  });

  it('has its lock taken away when nothing has to be put right', async () => {
    const { database, file, asked, restored, recoveries, inFile } = setUp();
    restored('w1', 'b1');
    inFile('r1');
    writeFileSync(`${file}.restore-lock`, '{}');

    await recoveries.stay(database);

    expect(asked.filter((each) => each.startsWith('settle '))).toHaveLength(1);
  });
});

describe('a file that names the run', () => {
  const cutOff = (...runs: FileRun[]) => ok(status({ applied: 0, next: 'untrue', unfinished: null, runs }));

  it('is no other one, though what it had reached does not hold any more: it is asked about', async () => {
    const { database, recoveries, journal, answers, runs } = setUp();
    const written = journal('r1', [made('b1'), appliedLine, { type: 'migrated', report: report() }]);
    answers['inspect'] = cutOff(fileRun('r1', true));
    expect(await recoveries.get(database)).toMatchObject({ kind: 'upgrade', runId: 'r1' });
    expect(readFileSync(written, 'utf8')).not.toContain('settled');

    answers['inspect'] = cutOff(fileRun('other', true)); // this one is
    expect(await recoveries.get(database)).toBeNull();
    expect(readFileSync(path.join(runs(), 'r1.jsonl'), 'utf8')).toContain('settled');
  });

  it('is left as it is together with a later part that has changed nothing yet', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [made('b1'), appliedLine, { type: 'migrated', report: report() }]);
    journal('r2', [made('b2')]); // killed right behind its backup: the file does not name it
    answers['inspect'] = ok(status({ applied: 3, phaseReached: 1, unfinished: null, runs: [fileRun('r1', true)] }));
    expect(await recoveries.get(database)).toMatchObject({ runId: 'r2' });
    await recoveries.stay(database);
    expect(await recoveries.get(database)).toBeNull();
  });

  it('is asked about again where an older look had taken it for another one', async () => {
    const { database, recoveries, journal, answers } = setUp();
    journal('r1', [made('b1'), appliedLine, { type: 'settled' }]);
    answers['inspect'] = cutOff(fileRun('r1'));
    expect(await recoveries.get(database)).toMatchObject({ kind: 'upgrade', runId: 'r1' });

    await recoveries.stay(database); // the last word counts
    expect(await recoveries.get(database)).toBeNull();
  });
});

it('knows what a person has left as it is', async () => {
  const { database, dataFolder, file, journal, recoveries, inFile } = setUp();
  const isLeft = () => wasLeft(readWorks(dataFolder, file));
  expect(isLeft()).toBe(false);
  journal('r1', [made('b1'), appliedLine]);
  inFile('r1');
  expect(isLeft()).toBe(false);

  await recoveries.stay(database);
  expect(isLeft()).toBe(true);

  journal('w1', [over], { kind: 'backup', toPhase: null }); // says nothing of it
  expect(isLeft()).toBe(true);
  journal('r2', [made('b2')]);
  expect(isLeft()).toBe(false);
});
