import { mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { databaseKey } from '@host/databases.ts';
import { backupsInNeed, openWork } from '@host/open-work.ts';
import { processIdentity } from '@host/process-identity.ts';
import { beginWork, openRunJournal, startedLine } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const FILE = '/somewhere/a.db';
const GONE = 999_999_999;
/** A process that is there, and is not this one. */
const other = { pid: process.ppid, process: processIdentity(process.ppid) };
const reused = { pid: process.ppid, process: '' };

function setUp() {
  const dataFolder = mkdtempSync(path.join(folder, 'data-'));
  const runs = path.join(dataFolder, 'runs', databaseKey(FILE));
  mkdirSync(runs, { recursive: true });
  const journal = (runId: string, at: Date, more: object, ...lines: object[]) => {
    const started = { type: 'started', at: at.toISOString(), runId, path: FILE, toPhase: 1, pid: GONE };
    const all = [{ ...started, appVersion: '0', plan: null, ...more }, ...lines];
    writeFileSync(path.join(runs, `${runId}.jsonl`), all.map((line) => `${JSON.stringify(line)}\n`).join(''));
  };
  const open = () => openWork(readWorks(dataFolder, FILE));
  return { dataFolder, runs, journal, open };
}
const ago = (minutes: number) => new Date(Date.now() - minutes * 60_000);
const backup = { type: 'backup', at: ago(0).toISOString(), backupPath: '/b/b1.db', sha256: '', verified: true };

describe('an interrupted upgrade', () => {
  it.each([
    ['another host makes a backup just now', { ...other, kind: 'backup', toPhase: null }],
    ['another host takes files in just now', { ...other, kind: 'ingest', toPhase: null }],
  ])('is not hidden where %s', (_, work) => {
    const { journal, open } = setUp();
    journal('r1', ago(20), {}, backup);
    journal('w1', ago(1), work);
    expect(open()).toMatchObject({ work: { runId: 'r1' }, isWorkedOn: true });
  });

  it('is no question while another host goes on with it, or puts a backup back', () => {
    for (const kind of ['upgrade', 'restore']) {
      const { journal, open } = setUp();
      journal('r1', ago(20), {}, backup);
      journal('w1', ago(1), { ...other, kind });
      expect(open()).toBeNull();
    }
  });

  it('is not hidden by a process that only has the id of the one that began it', () => {
    const { journal, open } = setUp();
    journal('r1', ago(20), { ...reused }, backup);
    expect(open()).toBeNull(); // it may be that one
    journal('w1', ago(10), { kind: 'backup', toPhase: null }, { type: 'over', at: ago(9).toISOString(), ok: true });
    expect(open()).toMatchObject({ work: { runId: 'r1' } }); // while it was at work, nothing else could be begun

    vi.spyOn(os, 'uptime').mockReturnValue(30 * 24 * 3_600); // or a process of then would be none of now
    const silent = setUp();
    silent.journal('r1', ago(25 * 60), { ...reused }, { ...backup, at: ago(25 * 60).toISOString() });
    expect(silent.open()).toMatchObject({ work: { runId: 'r1' } });
    vi.restoreAllMocks();
  });

  it('is not ended by a line that lacks what it should say', () => {
    const { journal, open } = setUp();
    const at = ago(0).toISOString();
    const torn = [
      { type: 'ended', at, report: { ok: true, verified: true } },
      { type: 'verdict', at, verified: true },
    ];
    journal('r1', ago(20), {}, backup, ...torn);
    expect(open()).toMatchObject({ work: { runId: 'r1', report: null, verdict: null } });
  });

  it('keeps the backups of all of its parts, back to the last proven one', () => {
    const { dataFolder, journal } = setUp();
    const verdict = { type: 'verdict', at: ago(30).toISOString(), verified: true, checks: [], error: null };
    const made = (backupPath: string) => ({ ...backup, backupPath });
    journal('proven', ago(40), {}, made('/b/b0.db'), verdict);
    journal('first', ago(20), {}, made('/b/b1.db'));
    journal('left', ago(15), {}, made('/b/b2.db'), { type: 'stayed', at: ago(14).toISOString() });
    journal('last', ago(10), {}, made('/b/b3.db'));

    const needed = backupsInNeed(readWorks(dataFolder, FILE));

    expect(needed).toEqual(
      ['/b/b3.db', '/b/b2.db', '/b/b1.db'].map((backupPath) => ({
        backupPath,
        why: 'An upgrade that has not come to a proven end goes back to it.',
      })),
    );
  });

  it('that was killed before it could name its backup keeps what its run has made', () => {
    const { dataFolder, journal } = setUp();
    journal('r1', ago(20), {});
    expect(backupsInNeed(readWorks(dataFolder, FILE))).toMatchObject([{ runId: 'r1' }]);
  });
});

describe('the backup of what was interrupted', () => {
  const over = { type: 'over', at: ago(1).toISOString(), ok: true };

  it.each(['ingest', 'retry', 'clear'])('is needed: %s, by its run, until a later one has done it', (kind) => {
    const { dataFolder, journal, open } = setUp();
    journal('r1', ago(20), { kind, toPhase: null });
    journal('r2', ago(10), { kind: 'backup', toPhase: null }, over);
    const needed = () => backupsInNeed(readWorks(dataFolder, FILE));

    expect(open()).toMatchObject({ work: { runId: 'r1' } });
    expect(needed()).toEqual([{ runId: 'r1', why: 'A change that was interrupted goes back to it.' }]);

    journal('r3', ago(5), { kind, toPhase: null }, over);
    expect(needed()).toEqual([]);
  });

  it('is needed of a restore: of its first attempt, what was there before any', () => {
    const { dataFolder, journal } = setUp();
    const made = (backupPath: string) => ({ ...backup, backupPath });
    const paths = () => backupsInNeed(readWorks(dataFolder, FILE));
    const why = 'An interrupted restore needs it.';
    const kind = { kind: 'restore', toPhase: null };
    journal('r1', ago(20), kind, made('/b/a.db'));
    expect(paths()).toEqual([{ backupPath: '/b/a.db', why }]);

    journal('r2', ago(10), { ...kind, before: '/b/a.db' }, made('/b/b.db'));
    expect(paths()).toContainEqual({ backupPath: '/b/a.db', why });

    journal('r3', ago(5), { ...kind, before: '/b/a.db' }, over);
    expect(paths()).toEqual([]);
  });
});

describe('works on a database', () => {
  it('are counted, so that a clock that was set back does not make an old one the last', () => {
    const { dataFolder, open } = setUp();
    const begin = (runId: string, at: Date, isProven: boolean) => {
      const journal = openRunJournal(dataFolder, FILE, runId);
      journal.write(
        startedLine({
          ...{ kind: 'upgrade', at: at.toISOString(), runId, path: FILE, toPhase: 1, appVersion: '0', plan: null },
        }),
      );
      journal.write({ ...backup, type: 'backup' });
      if (isProven) journal.write({ type: 'verdict', at: at.toISOString(), verified: true, checks: [], error: null });
      journal.close();
    };
    begin('proven', ago(0), true);
    begin('interrupted', ago(60), false);

    expect(readWorks(dataFolder, FILE).map(({ runId, order }) => [runId, order])).toEqual([
      ['interrupted', 2],
      ['proven', 1],
    ]);
    // This process began it, and its host knows that it does nothing any more.
    expect(open()).toMatchObject({ work: { runId: 'interrupted' } });
  });

  it('of an older version, which did not count, are ordered by the clock', () => {
    const { dataFolder, runs, journal } = setUp();
    journal('old', ago(60), {});
    beginWork(dataFolder, { kind: 'backup', path: FILE, runId: 'new', appVersion: '0' })(true);
    journal('older', ago(90), {});
    expect(readWorks(dataFolder, FILE).map(({ runId }) => runId)).toEqual(['new', 'old', 'older']);
    expect(readFileSync(path.join(runs, 'new.jsonl'), 'utf8')).toMatch(/^\{"type":"started","order":1,/);
  });

  it('of an older version are older than those that count, also where the clock ran ahead then', () => {
    const { journal, open } = setUp();
    const verdict = { type: 'verdict', at: ago(0).toISOString(), verified: true, checks: [], error: null };
    journal('old', ago(-60 * 24 * 30), {}, backup, verdict);
    journal('new', ago(5), { order: 1 }, backup);
    expect(open()).toMatchObject({ work: { runId: 'new' } });
  });
});
