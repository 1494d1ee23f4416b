import { describe, expect, it } from 'vitest';
import {
  countWords,
  fileMarks,
  fileWords,
  filterFiles,
  ingestObstacle,
  lookedHeadline,
  lookedSentence,
  sortFiles,
  takenHeadline,
  takenSentence,
} from '../../../renderer/panels/ingest/ingest-words.ts';
import {
  exportSentence,
  issuesHeadline,
  placeWords,
  retryObstacle,
  retrySentence,
  sortReasons,
} from '../../../renderer/panels/issues/issues-words.ts';
import { issuesDetail, issuesPage } from '../../../renderer/route.ts';
import { ingestFile, ingestReport, status, upToDate } from './values.ts';

describe('taking files in', () => {
  const files = [
    ingestFile(),
    ingestFile({ name: 'b.json', state: 'changed', counts: { costEvents: 1, updated: 2 } }),
    ingestFile({ name: 'c.json', state: 'known', counts: {} }),
    ingestFile({ name: 'd.json', state: 'refused', reason: 'It is not JSON.', project: null, counts: {} }),
  ];

  it('says when it becomes possible', () => {
    expect(ingestObstacle(status(), false)).toBe('Run logs can be taken in once phase 1 is reached');
    expect(ingestObstacle(upToDate(), true)).toBe('Run logs can be taken in once the work on this database is done');
    expect(ingestObstacle(upToDate(), false)).toBeNull();
  });
  it('says what each file would add, or why it is refused', () => {
    expect(files.map(fileWords)).toEqual([
      '1 run, 4 jobs and 16 candidates',
      '1 cost entry and 2 rows renewed',
      'nothing: everything of it is in the database',
      'It is not JSON.',
    ]);
  });
  it('shows counts that it does not know', () => {
    expect(countWords({ moodBoards: 2 })).toBe('2 mood boards');
  });
  it('sums up what would be done, and then what was done', () => {
    const looked = ingestReport(files);
    expect(lookedHeadline(looked, false)).toBe('2 run logs can be taken in');
    expect(lookedHeadline(looked, true)).toBe('Taking in 2 run logs');
    expect(lookedSentence(looked)).toBe(
      'Together they add 1 run, 4 jobs, 16 candidates and 1 cost entry. 2 rows get newer values. 1 file adds nothing new. 1 file is refused; the reason is given beside it.',
    );
    const taken = ingestReport(files, false);
    expect(takenHeadline(taken)).toBe('Done. 2 run logs were taken in.');
    expect(takenSentence(taken)).toMatch(
      /^The database now also has 1 run, 4 jobs, 16 candidates and 1 cost entry\. 2/,
    );
  });
  it('says so when there is nothing to take in', () => {
    expect(lookedHeadline(ingestReport([]), false)).toBe('No run log was found there');
    expect(lookedHeadline(ingestReport(files.slice(2)), false)).toBe('There is nothing to take in');
    expect(takenHeadline(ingestReport(files.slice(2), false))).toBe('There was nothing to take in.');
  });
  it('does not tell what would be done as done', () => {
    expect(fileMarks(true).new).toEqual({ tone: 'idle', word: 'new' });
    expect(fileMarks(false).new).toEqual({ tone: 'done', word: 'taken in' });
  });
  it('shows first what was refused, last what is there already', () => {
    expect(sortFiles(files.toReversed()).map(({ state }) => state)).toEqual(['refused', 'new', 'changed', 'known']);
  });
  it('can be searched by name, project and reason, and by state', () => {
    expect(filterFiles(files, 'json.', 'all')).toHaveLength(1);
    expect(filterFiles(files, 'LIGHTS', 'new')).toHaveLength(1);
    expect(filterFiles(files, '', 'refused')).toHaveLength(1);
  });
});

describe('issue rows', () => {
  const summary = (reason: string, count: number) => ({ reason, title: '', sourceTable: 'runs', count });

  it('have a page of their own, for one reason or all', () => {
    expect(issuesPage(issuesDetail())).toEqual({ reason: null });
    expect(issuesPage(issuesDetail('slot-taken'))).toEqual({ reason: 'slot-taken' });
    expect([issuesPage(null), issuesPage('take-in')]).toEqual([null, null]);
  });
  it('are counted, the reason that was asked for first, then the most', () => {
    const issues = [summary('a', 1), summary('b', 5), summary('c', 2)];
    expect(issuesHeadline(issues)).toBe('8 rows are noted with a reason');
    expect(issuesHeadline([summary('a', 1)])).toBe('1 row is noted with a reason');
    expect(issuesHeadline([])).toBe('No issue rows');
    expect(sortReasons(issues, 'c').map(({ reason }) => reason)).toEqual(['c', 'b', 'a']);
  });
  it('say where they are', () => {
    expect([placeWords({ isPlaced: true }), placeWords({ isPlaced: false })]).toEqual([
      'placed, needs a look',
      'kept aside, whole',
    ]);
    expect(exportSentence({ path: '/p', rows: 1 })).toBe('1 row saved, each with the whole row it speaks of, in');
  });
  it('tell what another try achieved', () => {
    const tried = { tried: 27, cleared: 2, left: 25, kept: 0, backup: null };
    expect(retrySentence(tried)).toBe('2 of 27 rows are in place now; 25 are still noted with a reason.');
    expect(retrySentence({ ...tried, cleared: 27, left: 0 })).toBe('Done. All 27 rows are in place now.');
    expect(retrySentence({ ...tried, cleared: 0, left: 27 })).toBe(
      'None of the 27 rows could be placed: their causes are still there.',
    );
    expect(retrySentence({ ...tried, tried: 1, cleared: 0, left: 1 })).toBe(
      'The row could not be placed: its cause is still there.',
    );
    expect(retrySentence({ ...tried, tried: 0, cleared: 0, left: 0, kept: 3 })).toBe(
      'There was no row that could be tried again. 3 rows whose older table is gone are kept whole and can be saved as a file.',
    );
  });
  it('are tried again only where the file can be written', () => {
    expect(retryObstacle(status(), false)).toBeNull();
    expect(retryObstacle(status(), true)).toMatch(/^Something is under way/);
    const readOnly = status({ file: { ...status().file, isWritable: false } });
    expect(retryObstacle(readOnly, false)).toBe('This file cannot be written.');
  });
});
