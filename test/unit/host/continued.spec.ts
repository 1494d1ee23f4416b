import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import type { BackupRecord, RunReport, RunStep } from '@shared/run.ts';
import { asWhole, type ContinuingRun, earlierParts } from '@host/continued.ts';
import type { EngineChild } from '@host/engine-process.ts';
import type { Engines } from '@host/engines.ts';
import { readHistory } from '@host/run-history.ts';
import { appendToJournal, type JournalLine, journalFolder } from '@host/run-journal.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { report as reportOf } from '../renderer/values.ts';

const folder = temporaryFolder();
type Line = { type: JournalLine['type'] } & Record<string, unknown>;

const record = (id: string, home: string): BackupRecord => ({
  ...{ id, path: path.join(home, `${id}.db`), folder: home, databaseName: 'a.db', databasePath: '/a.db' },
  ...{ createdAt: '', reason: 'before phase 1', phase: null, variantTitle: '', sizeBytes: 1, sha256: id, pages: 1 },
  ...{ runId: null, verified: true, checks: [], lastCheck: null, state: 'verified' },
});

/** A database with journals written by hand, each of a process that is gone. */
function setUp() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'a.db');
  let minute = 0;
  const journal = (runId: string, lines: Line[], more: Record<string, unknown> = {}) => {
    const at = new Date(Date.UTC(2026, 10, 21, 14, (minute += 1))).toISOString();
    const started = {
      type: 'started',
      at,
      runId,
      path: file,
      toPhase: 1,
      pid: 999_999_999,
      appVersion: '0',
      plan: null,
    };
    for (const line of [{ ...started, ...more }, ...lines.map((each) => ({ at, ...each }))])
      appendToJournal(journalFolder(home, file), runId, line as JournalLine);
  };
  /** That a backup was made; its file is there. */
  const backup = (id: string): Line => {
    writeFileSync(path.join(home, `${id}.db`), '');
    return { type: 'backup', backupPath: path.join(home, `${id}.db`), sha256: id, verified: true };
  };
  const parts = () => earlierParts(home, file).map(({ runId }) => runId);
  return { home, file, journal, backup, parts };
}

const verdict: Line = { type: 'verdict', verified: true, checks: [], error: null };

describe('the parts that an upgrade goes on from', () => {
  it('are those since the last proven one that had made a backup, oldest first', () => {
    const { journal, backup, parts } = setUp();
    journal('old', [backup('b0'), verdict]);
    journal('r1', [backup('b1')]);
    journal('r2', []); // killed before its backup
    journal('r3', [backup('b3'), { type: 'stayed' }]); // left as it is, and taken up again after all
    expect(parts()).toEqual(['r1', 'r3']);
  });

  it.each([
    ['a restore', [{ type: 'over', ok: true }], { kind: 'restore', toPhase: null }],
    ['another file in its place', [{ type: 'settled' }], {}],
  ] as const)('end at %s', (_, lines, more) => {
    const { journal, backup, parts } = setUp();
    journal('r1', [backup('b1')]);
    journal('end', [...lines], more);
    expect(parts()).toEqual([]);
    journal('r2', [backup('b2')]);
    expect(parts()).toEqual(['r2']);
  });
});

it('are those that had made what a restore has put back', () => {
  const { home, journal, backup, parts } = setUp();
  const restores = (id: string) => ({ kind: 'restore', toPhase: null, restores: path.join(home, `${id}.db`) });
  journal('r1', [backup('b1')]);
  journal('r2', [backup('b2')]);
  journal('half upgraded', [{ type: 'over', ok: true }], restores('b2'));
  expect(parts()).toEqual(['r1']);
  journal('original', [{ type: 'over', ok: true }], restores('b1'));
  expect(parts()).toEqual([]);
});

describe('the report of an upgrade that was gone on with', () => {
  const step = (migrationId: string, state: RunStep['state']): RunStep => ({
    ...{ migrationId, title: `Do ${migrationId}`, phase: 1, state, ms: null, rowsDone: 0, rowsTotal: 0, issueRows: 0 },
  });
  const isApplied = (migrationId: string, is: boolean) => ({ migrationId, title: '', isApplied: is });
  interface Found {
    /** What the first part wrote about what it had kept. */
    readonly notes?: (home: string) => Line[];
    /** Of whom there is a record in the list. */
    readonly listed?: readonly BackupRecord['state'][];
    readonly answer?: Result<BackupRecord[]>;
    readonly isFileGone?: boolean;
    readonly known?: string[];
    readonly isStopped?: boolean;
  }
  const whole = ({ listed = ['verified'], answer, isFileGone, known = ['r1'], isStopped, notes }: Found = {}) => {
    const { home, file, journal, backup } = setUp();
    const steps = [
      isApplied('zero', true),
      isApplied('one', false),
      isApplied('two', false),
      isApplied('three', false),
    ];
    const applied: Line = { type: 'applied', migrationId: 'one', ms: 7 };
    // two was applied, and never written down
    journal('r1', [backup('b1'), { type: 'steps', steps }, applied, ...(notes?.(home) ?? [])]);
    const own = record('b2', home);
    const records = [...listed.map((state) => ({ ...record('b1', home), state })), own];
    if (isFileGone) rmSync(path.join(home, 'b1.db'));
    writeFileSync(path.join(home, 'b1.json'), JSON.stringify({ tableRows: { users: 5, _phasewise_runs: 1 } }));
    const child = {} as EngineChild;
    const children: (EngineChild | null)[] = [];
    const answers = () => ({ child, answer: Promise.resolve(answer ?? ok(records)) });
    const engines = { askAlone: answers } as unknown as Engines;
    const ended = {
      ...{ runId: 'r2', fromPhase: 0, backup: own, migrations: [{ id: 'three', title: 'Do three', ms: 1 }] },
      tables: [{ name: 'users', rowsBefore: 9, rowsAfter: 10 }],
    } as unknown as RunReport;
    const now = ['zero', 'one', 'two', 'three'].map((id) => step(id, 'applied'));
    const run: ContinuingRun = {
      ...{ parts: earlierParts(home, file), snapshot: { steps: now }, stop: new AbortController() },
      get child() {
        return children.at(-1) ?? null;
      },
      set child(next) {
        children.push(next);
      },
    };
    if (isStopped) run.stop.abort();
    return asWhole(engines, run, { ...ended, continuedRuns: known }).then((told) => ({
      ...{ report: told, children, child, home },
      history: readHistory(home, file, () => false),
    }));
  };

  it('names every step and every backup, that of the original first, and counts from there', async () => {
    const { report, children, child } = await whole();
    expect(children).toEqual([child, null]); // so that Stop ends it
    expect(report.migrations.map(({ id, ms }) => [id, ms])).toEqual([
      ['one', 7],
      ['two', 0],
      ['three', 1],
    ]);
    expect(report.backups?.map(({ id }) => id)).toEqual(['b1', 'b2']);
    expect(report.backup?.id).toBe('b2'); // what the result is compared with
    expect(report).toMatchObject({ fromPhase: null, continues: { runIds: ['r1'], original: { id: 'b1' } } });
    expect(report.tables).toEqual([{ name: 'users', rowsBefore: 5, rowsAfter: 10 }]);
  });

  it.each([
    ['is gone', { listed: ['missing'], isFileGone: true }, 'gone'],
    ['is no longer good', { listed: ['broken'] }, 'broken'],
    ['is no longer known as one', { listed: [] }, 'broken'],
    ['cannot be looked at just now', { answer: err(appError('E_TIMEOUT', '')) }, 'unread'],
  ] as const)('names no original that %s, and says which it is', async (_, found, whyNone) => {
    const { report } = await whole(found);
    expect(report).toMatchObject({ continues: { original: null, whyNone } });
    expect(report.backups?.map(({ id }) => id)).toEqual(['b2']);
    expect(report.migrations).toHaveLength(3);
  });

  const keptIn = (home: string) => path.join(home, 'a.db 2026-11-21 14.00.00 before recovery');
  const isThere = (home: string) => {
    mkdirSync(keptIn(home));
    return keptIn(home);
  };
  const stopped = { ...reportOf({ ok: false, verified: false }), error: appError('E_CANCELLED', '') };
  const toldBy: Record<string, NonNullable<Found['notes']>> = {
    'its report': (home) => [{ type: 'ended', report: { ...stopped, keptIn: isThere(home) } }],
    'a note, for it was killed': (home) => [{ type: 'kept', folder: isThere(home) }],
  };

  it.each(Object.keys(toldBy))(
    'names the folder in which an earlier part has kept files, as told by %s',
    async (how) => {
      const { report, history, home } = await whole({ notes: toldBy[how] ?? (() => []) });
      expect(report.earlierKeptIn).toEqual([keptIn(home)]);
      expect(history).toMatchObject([{ keptIn: keptIn(home) }]);
    },
  );

  it('names no such folder where it is gone', async () => {
    const { report } = await whole({ notes: (home) => [{ type: 'kept', folder: keptIn(home) }] });
    expect(report).not.toHaveProperty('earlierKeptIn');
  });

  it('is left as it is where the file does not know those parts: it is another file by now', async () => {
    const { report } = await whole({ known: [] });
    expect(report.continues).toBeUndefined();
    expect(report.migrations.map(({ id }) => id)).toEqual(['three']);
    expect(report.fromPhase).toBe(0);
  });

  it('is left as it is once the person has asked to stop', async () => {
    const { report, children } = await whole({ isStopped: true });
    expect([report.continues, children]).toEqual([undefined, []]);
  });
});
