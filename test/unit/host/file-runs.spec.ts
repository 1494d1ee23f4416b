import { mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ok } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import type { Engines } from '@host/engines.ts';
import { backupsBefore, isLastProven, openRunsIn } from '@host/file-runs.ts';
import { appendToJournal, type JournalLine, journalFolder } from '@host/run-journal.ts';
import { describe, expect, it } from 'vitest';
import { fileRun, record } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const verdict = { type: 'verdict', verified: true, checks: [], error: null };

/** A data folder with journals written by hand, of the file as it is called now and as it was called then. */
function setUp() {
  const dataFolder = mkdtempSync(path.join(folder, 'data-'));
  const [file, former] = ['now.db', 'then.db'].map((name) => path.join(dataFolder, name)) as [string, string];
  const note = (runId: string, lines: object[], at = former) => {
    const started = { type: 'started', runId, path: at, toPhase: 1, pid: 999_999_999, appVersion: '0', plan: null };
    for (const line of [started, ...lines])
      appendToJournal(journalFolder(dataFolder, at), runId, { at: '', ...line } as JournalLine);
  };
  const answer = (runId: string, line: object) =>
    appendToJournal(journalFolder(dataFolder, file), runId, { at: '', ...line } as JournalLine);
  const stopped = (id: string) => fileRun(id);
  const migrated = (id: string) => fileRun(id, true);
  const open = (...runs: ReturnType<typeof fileRun>[]) =>
    openRunsIn(dataFolder, file, runs).map(({ run }) => run.runId);
  return { dataFolder, file, former, note, answer, stopped, migrated, open };
}

describe('the runs in a file that nobody has proven', () => {
  it('are those since the last proven one, whatever the file was called then', () => {
    const { note, stopped, migrated, open } = setUp();
    note('r1', []);
    note('r2', [verdict]); // went on from r1: its verdict is on both
    note('r3', []);
    note('r4', [{ type: 'settled' }]); // taken for another file once, which names no such run
    expect(open(stopped('r1'), migrated('r2'), stopped('r3'), migrated('r4'))).toEqual(['r3', 'r4']);
  });

  it('are also those that were begun elsewhere and stopped', () => {
    const { note, stopped, open } = setUp();
    note('r2', []);
    expect(open(stopped('r1'), stopped('r2'), stopped('r3'))).toEqual(['r1', 'r2', 'r3']);
  });

  it('are none before one that went through elsewhere, but those that are known here', () => {
    const { note, stopped, migrated, open } = setUp();
    expect(open(stopped('r1'), migrated('r2'))).toEqual([]);
    note('here', []);
    expect(open(stopped('here'), stopped('r1'), migrated('r2'), stopped('r3'))).toEqual(['here', 'r3']);
  });

  it('end at one that a person left as it is, also where only the answer is noted here', () => {
    const { note, answer, stopped, open, file } = setUp();
    note('r1', [{ type: 'stayed' }], file);
    expect(open(stopped('r1'), stopped('r2'))).toEqual(['r2']);
    answer('r2', { type: 'stayed' });
    expect(open(stopped('r1'), stopped('r2'), stopped('r3'))).toEqual(['r3']);
    answer('r3', verdict);
    expect(open(stopped('r3'))).toEqual([]);
  });
});

it('only a verdict that a journal knows makes the last run a proven one', () => {
  const { dataFolder, note, migrated } = setUp();
  note('r1', [verdict]);
  note('r2', []);
  expect(isLastProven(dataFolder, [migrated('r2'), migrated('r1')])).toBe(true);
  expect(isLastProven(dataFolder, [migrated('r1'), migrated('r2')])).toBe(false);
  expect(isLastProven(dataFolder, [migrated('elsewhere')])).toBe(false);
  expect(isLastProven(dataFolder, [])).toBe(true); // nothing of ours was ever done to it
});

describe('the backups from before them', () => {
  const found = async (listed: BackupRecord[]) => {
    const { dataFolder, file, former, note } = setUp();
    const at = path.join(dataFolder, 'b2.db');
    writeFileSync(at, '');
    const backup = (id: string) => ({ type: 'backup', backupPath: path.join(dataFolder, `${id}.db`) });
    note('r1', [backup('gone')]);
    note('r2', [backup('b2')]);
    const asked: unknown[] = [];
    const askAlone = (...question: unknown[]) => {
      asked.push(question);
      return { answer: Promise.resolve(ok(listed)), child: null };
    };
    const runs = ['r1', 'r2', 'r3'].map((id) => ({ ...fileRun(id), backupSha256: `sha of ${id}` }));
    const open = openRunsIn(dataFolder, file, runs);
    const search = { databasePath: file, folders: ['/mnt/backups'] };
    const backups = await backupsBefore({ askAlone } as unknown as Engines, open, search);
    return { backups: backups.map(({ backupPath }) => backupPath), asked, dataFolder, file, former };
  };
  const made = (id: string, runId: string, sha256 = `sha of ${runId}`) => ({ ...record(id), runId, sha256 });

  it('are where their journal says, else what names the run and has the bytes that the file names', async () => {
    const listed = [made('later', 'r3', 'of the middle'), made('b3', 'r3'), made('b1', 'r1')];
    const { backups, asked, dataFolder, file } = await found(listed);
    expect(backups).toEqual(['/b/b1.db', path.join(dataFolder, 'b2.db'), '/b/b3.db']);
    const folders = [`${file} backups`, '/mnt/backups', dataFolder];
    expect(asked).toEqual([[file, 'listBackups', { folders, databasePath: null }]]);
  });

  it('are told where they should lie where there are none, so that nothing is proven', async () => {
    const { backups, dataFolder, file } = await found([made('b3', 'r3', 'other bytes')]);
    const b2 = path.join(dataFolder, 'b2.db');
    expect(backups).toEqual([path.join(dataFolder, 'gone.db'), b2, path.join(`${file} backups`, 'r3.db')]);
  });
});
