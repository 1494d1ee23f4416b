import { mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError } from '@shared/errors.ts';
import type { RunReport } from '@shared/run.ts';
import { backupsInNeed, isGoneOnWith, openWork } from '@host/open-work.ts';
import { processIdentity } from '@host/process-identity.ts';
import { appendToJournal, journalFolder } from '@host/run-journal.ts';
import { readHistory } from '@host/run-history.ts';
import { answeredAt, findWork, nextStart, readWorks, type Work } from '@host/works.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup, report } from '../renderer/values.ts';

/** What of a database's works is still a question: each rule by itself. */

const folder = temporaryFolder();
const FILE = '/somewhere/a.db';
const AT = '2026-11-21T14:00:00.000Z';

const work = (runId: string, change: Partial<Work> = {}): Work => ({
  ...{
    runId,
    folder,
    journal: '',
    kind: 'upgrade',
    path: FILE,
    toPhase: 1,
    startedAt: AT,
    since: AT,
    lastSignAt: AT,
    order: 0,
  },
  ...{ isAlive: false, isSurelyAlive: false, isClosed: false, isSettled: false, isOver: null, verdict: null },
  ...{
    started: {} as Work['started'],
    steps: [],
    applied: [],
    backupPath: null,
    backup: null,
    setAside: null,
    keptIn: null,
    leftAs: null,
    migrated: null,
    report: null,
  },
  ...change,
});
const proven = { report: report({ ok: true, verified: true }) };
const failed = (change: Partial<RunReport> = {}) => ({
  report: report({ ok: false, verified: false, backup: backup(), error: appError('E_IO', 'No.'), ...change }),
});
const unproven = (verified: boolean): Pick<Work, 'verdict'> => ({
  verdict: { verified, error: null },
});
/** Newest first. @returns the id of the one that is asked about. */
const askedOf = (...works: Work[]): string | null => openWork(works)?.work.runId ?? null;

describe('a person is asked about', () => {
  it.each<[what: string, works: Work[], asked: string | null]>([
    ['an upgrade without a word', [work('r1')], 'r1'],
    ['one that failed behind its backup', [work('r1', failed())], 'r1'],
    ['one whose report names none, though its journal does', [work('r1', { ...failed({ backup: null }), backupPath: '/b/b1.db' })], 'r1'],
    ['one whose verdict said no', [work('r1', { ...failed(), ...unproven(false) })], 'r1'],
    ['none whose later verdict said yes', [work('r1', { ...failed(), ...unproven(true) })], null],
    ['none before a proven one', [work('r2', proven), work('r1')], null],
    ['none that stopped before its backup', [work('r1', failed({ backup: null }))], null],
    ['one before that, all the same', [work('r2', failed({ backup: null })), work('r1')], 'r1'],
    ['none that a person has closed, nor any before it', [work('r2', { isClosed: true }), work('r1')], null],
    ['one before something smaller that was closed', [work('w', { kind: 'ingest', isClosed: true }), work('r1')], 'r1'],
    ['something smaller without a word', [work('w', { kind: 'ingest' })], 'w'],
    ['none that a later one of its kind made good', [work('w2', { kind: 'ingest', isOver: true }), work('w1', { kind: 'ingest' })], null],
    ['one that a later one of another kind did not', [work('w2', { kind: 'retry', isOver: true }), work('w1', { kind: 'ingest' })], 'w1'],
    ['an upgrade before something smaller', [work('w', { kind: 'backup' }), work('r1')], 'r1'],
    ['no smaller work while another goes on', [work('w2', { kind: 'backup', isAlive: true, isSurelyAlive: true }), work('w1', { kind: 'ingest' })], null],
    ['a restore without a word', [work('w', { kind: 'restore' }), work('r1')], 'w'],
    ['an upgrade behind a restore that failed', [work('w', { kind: 'restore', isOver: false }), work('r1')], 'r1'],
    ['none before a restore that was done', [work('w', { kind: 'restore', isOver: true }), work('r1')], null],
  ])('%s', (_, works, asked) => {
    expect(askedOf(...works)).toBe(asked);
  }); // prettier-ignore

  it('the whole row of upgrades that none of them has brought to its end', () => {
    const chain = openWork([work('r3'), work('r2', failed()), work('r1'), work('r0', proven)])?.chain;
    expect(chain?.map(({ runId }) => runId)).toEqual(['r3', 'r2', 'r1']);
  });
});

it('another process is at a file until something that began later has come to an end', () => {
  const living = work('w', { kind: 'restore', isAlive: true, isSurelyAlive: true });
  const killed = work('r9');
  expect(isGoneOnWith([killed, living])).toBe(true);
  expect(isGoneOnWith([work('b', { kind: 'backup', isAlive: true, isSurelyAlive: true }), living])).toBe(true);
  // It could not note its end, and its window is still open.
  expect(isGoneOnWith([killed, work('v', { kind: 'restore', isOver: true }), living])).toBe(false);
  expect(isGoneOnWith([killed, work('r2', proven), living])).toBe(false);
});

it('backups are needed of what may be gone back to, and of nothing else', () => {
  const needed = (...works: Work[]) =>
    backupsInNeed(works).map((need) => ('runId' in need ? need.runId : need.backupPath));
  const done = failed();
  expect(needed(work('r3'), work('r2', { ...done, backupPath: '/b/2' }), work('r1', proven), work('r0'))).toEqual([
    'r3',
    '/b/2',
  ]);
  expect(needed(work('w1', { kind: 'ingest' }))).toEqual(['w1']);
  expect(needed(work('w2', { kind: 'ingest', isOver: true }), work('w1', { kind: 'ingest' }))).toEqual([]);
});

it('the next work after one is not told by a clock that was set back', () => {
  const [later, earlier] = [work('r2', { startedAt: '2026-11-21T13:00:00.000Z' }), work('r1')];
  expect(nextStart([later, earlier], earlier)).toBeNull();
  expect(nextStart([work('r2', { startedAt: '2026-11-21T15:00:00.000Z' }), earlier], earlier)).toBe(
    '2026-11-21T15:00:00.000Z',
  );
  expect(nextStart([earlier], earlier)).toBeNull();
});

describe('a journal', () => {
  function setUp() {
    const dataFolder = mkdtempSync(path.join(folder, 'data-'));
    const runs = journalFolder(dataFolder, FILE);
    mkdirSync(runs, { recursive: true });
    const write = (name: string, ...lines: object[]): void =>
      writeFileSync(path.join(runs, name), lines.map((line) => `${JSON.stringify({ at: AT, ...line })}\n`).join(''));
    return { dataFolder, runs, write };
  }
  const living = { pid: process.ppid, process: processIdentity(process.ppid) };
  const started = {
    type: 'started',
    runId: 'r1',
    path: FILE,
    toPhase: 1,
    pid: 999_999_999,
    plan: null,
    appVersion: '0',
  };

  it('is one of its folder, whatever id a file names', () => {
    const { dataFolder, runs, write } = setUp();
    write('../outside.jsonl', started, { type: 'stayed' });
    expect(findWork(dataFolder, '../outside')).toBeNull();
    expect([...answeredAt(dataFolder, FILE)]).toEqual([]);

    appendToJournal(runs, '../../escaped', { type: 'stayed', at: AT });
    expect(readdirSync(runs)).toEqual(['escaped.jsonl']);
  });

  it('that tells of an end is of no work that goes on, though its process still lives', () => {
    const { dataFolder, write } = setUp();
    write('r1.jsonl', { ...started, ...living, kind: 'backup' }, { type: 'over', ok: true });
    expect(readWorks(dataFolder, FILE)).toMatchObject([{ isAlive: false }]);
    write('r1.jsonl', { ...started, ...living, kind: 'backup' });
    expect(readWorks(dataFolder, FILE)).toMatchObject([{ isAlive: true }]);
  });

  it('tells by its own lines how long it was at work, not by what was noted later', () => {
    const { dataFolder, write } = setUp();
    const later = '2026-11-22T14:00:00.000Z';
    write(
      'r1.jsonl',
      started,
      { type: 'verdict', at: later, verified: false, checks: [], error: null },
      { type: 'stayed', at: later },
    );
    expect(readWorks(dataFolder, FILE)).toMatchObject([{ lastSignAt: AT }]);
  });

  it('of a run that was never heard of again names the backup that it had made, as far as that was noted', () => {
    const { dataFolder, write } = setUp();
    const made = { type: 'backup', backupPath: backup().path, sha256: '', verified: true };
    const backupTold = () => readHistory(dataFolder, FILE, () => false)[0]?.backup;
    write('r1.jsonl', started, { ...made, record: backup() });
    expect(backupTold()).toEqual(backup());
    for (const record of [undefined, { ...backup(), checks: 'none' }]) {
      write('r1.jsonl', started, { ...made, record });
      expect(backupTold()).toBeNull();
    }
  });

  it('of a run that was never heard of again is no report of a proven one', () => {
    const { dataFolder, write } = setUp();
    const lie = report({ runId: 'r1', ok: true, verified: true });
    write('r1.jsonl', started, { type: 'migrated', report: lie });
    expect(readHistory(dataFolder, FILE, () => false)).toMatchObject([
      { ok: false, verified: false, error: { code: 'E_INTERRUPTED' } },
    ]);
    write('r1.jsonl', { ...started, ...living });
    expect(readHistory(dataFolder, FILE, () => false)).toEqual([]); // it goes on in another process
  });
});
