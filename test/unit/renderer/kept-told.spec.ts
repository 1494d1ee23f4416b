import { createElement } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { drawn, wordsOf } from './drawn.ts';
import { backupList, ingestFile, ingestReport, report, status, upToDate } from './values.ts';

/** What SQLite could not read is left out, and the work goes on: then the folder that it was kept in is told. */
vi.mock('../../../renderer/panels/result/use-listed.ts', () => ({
  useListed: () => ({ backups: [], isFresh: false }),
}));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/activity' });
vi.stubGlobal('window', { addEventListener: () => {} });

const { KeptFiles } = await import('../../../renderer/panels/backups/kept-files.tsx');
const { IngestLooked } = await import('../../../renderer/panels/ingest/ingest-looked.tsx');
const { IngestTaken } = await import('../../../renderer/panels/ingest/ingest-taken.tsx');
const { IssueOutcome } = await import('../../../renderer/panels/issues/issue-outcome.tsx');
const { FileNotices } = await import('../../../renderer/panels/overview/file-notices.tsx');
const { reportText } = await import('../../../renderer/panels/result/report-text.ts');
const { ResultPanel } = await import('../../../renderer/panels/result/result-panel.tsx');
const { useIssues } = await import('../../../renderer/stores/issues.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');

useSession.setState({ info: { canRevealFiles: true } as never });
const LEFT_OUT = 'The last changes of another program may be missing.';
const kept = { keptIn: '/K' };

const result = (change: Parameters<typeof report>[0], error = report(change).error ?? null, isPast = false): string =>
  wordsOf(
    drawn(createElement(ResultPanel, { handle: 'k3', status: upToDate(), report: report(change), error, isPast })),
  );

describe('an upgrade that left something out', () => {
  const stopped = { ok: false, verified: false, error: appError('E_CANCELLED', 'Stopped.') };

  it.each([
    ['done and verified', kept],
    ['stopped on its way', { ...kept, ...stopped }],
  ])('names the folder before all else, %s', (_, change) => {
    expect(result(change)).toMatch(new RegExp(`${LEFT_OUT} .*: /K .*SHA-256`));
  });

  it('names it also when it is read again later', () => {
    expect(result(kept, null, true)).toContain('/K');
  });

  it('names it in the saved report', () => {
    expect(reportText(report(kept))).toMatch(
      new RegExp(
        `checked\\.\n${LEFT_OUT} SQLite could not read .* Nothing was thrown away: .* send support this folder: /K\n`,
      ),
    );
  });

  it('names those of the parts that it went on from, before its own and where it has none', () => {
    const parts = { ...report(kept), earlierKeptIn: ['/A', '/B'] };
    expect(reportText(parts)).toContain('send support these folders: /A, /B, /K\n');
    expect(reportText({ ...report(), earlierKeptIn: ['/A'] })).toContain('send support this folder: /A\n');
    const props = { handle: 'k3', status: upToDate(), report: parts, error: null };
    expect(wordsOf(drawn(createElement(ResultPanel, props)))).toMatch(/send support these folders: \/A .*\/B .*\/K /);
  });

  it('says nothing of it where nothing was left out', () => {
    expect(result({})).not.toContain(LEFT_OUT);
    expect(reportText(report())).not.toContain(LEFT_OUT);
  });
});

describe('run logs taken in beside what SQLite left out', () => {
  const looked = (change: object): string => {
    const tried = { ...ingestReport([ingestFile()]), ...change };
    return wordsOf(drawn(createElement(IngestLooked, { handle: 'k3', report: tried, run: null, isTaking: false })));
  };

  it('name the folder', () => {
    const taken = { ...ingestReport([ingestFile()], false), ...kept };
    const words = wordsOf(drawn(createElement(IngestTaken, { handle: 'k3', report: taken })));
    expect(words).toMatch(new RegExp(`${LEFT_OUT} .*: /K`));
  });

  it('name it already where they were only looked at, which is not called no change then', () => {
    expect(looked(kept)).toMatch(new RegExp(`${LEFT_OUT} .*: /K`));
    expect(looked(kept)).not.toContain('Nothing has been changed');
    expect(looked({})).toContain('Nothing has been changed yet; a backup is made and proved first.');
  });
});

it('issue rows that were tried again beside what SQLite left out name the folder', () => {
  const outcome = (change: object): string => {
    const retried = { tried: 2, cleared: 2, left: 0, kept: 0, backup: null, ...change };
    useIssues.setState({ byHandle: { k3: { busy: null, exported: null, retried, error: null } } });
    return wordsOf(drawn(createElement(IssueOutcome, { handle: 'k3', fileName: 'lights.db' })));
  };
  expect(outcome(kept)).toMatch(new RegExp(`${LEFT_OUT} .*: /K`));
  expect(outcome({})).toContain('All 2 rows are in place now');
  expect(outcome({})).not.toContain(LEFT_OUT);
});

describe('of a journal or log that SQLite may not be able to read nobody is told that nothing is lost', () => {
  it('before it is taken in', () => {
    const { file } = status();
    const shown = status({ file: { ...file, needsRecovery: true } });
    const words = wordsOf(drawn(createElement(FileNotices, { handle: 'k3', status: shown })));
    expect(words).toContain('Where it cannot undo all of it, Phasewise keeps file and journal as they were found');
    expect(words).not.toMatch(/nothing .*lost/i);
    expect(wordsOf(drawn(createElement(FileNotices, { handle: 'k3', status: status() })))).toBe('');
  });

  it('nor among the backups, where the folder lies', () => {
    const beforeRecovery = [{ folder: '/b/a before recovery', at: '2026-11-20T17:02:11Z' }];
    const list = backupList({ beforeRecovery });
    const props = { handle: 'k3', fileName: 'a.db', list, isBusy: false };
    const words = wordsOf(drawn(createElement(KeptFiles, props)));
    expect(words).toMatch(
      /journal and log as they were found on .*, before the file was opened for writing\. .* send support this folder: \/b/,
    );
    expect(words).toContain('/b/a before recovery');
  });
});
