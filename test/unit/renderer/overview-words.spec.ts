import { describe, expect, it } from 'vitest';
import {
  describeColumn,
  filterTables,
  headline,
  highlightWords,
  lastVerified,
  nextStep,
  scoreTiles,
  stateOfThings,
  unfinishedSentence,
} from '../../../renderer/panels/overview/overview-words.ts';
import type { TableStatus } from '@shared/status.ts';
import { backup, phase, status, upToDate } from './values.ts';

describe('what is this file', () => {
  it('is said in a headline and a sentence', () => {
    expect(headline(status())).toBe('Kroma project database, legacy version');
    const ours = { ...status().variant, title: 'Upgraded by Phasewise' };
    expect(headline({ ...upToDate(), variant: ours })).toBe('Kroma project database, upgraded to phase 1');
    expect(headline(status({ pack: { id: 'x', title: 'Socrates' } }))).toBe('Socrates database, legacy version');
    expect(stateOfThings(status())).toBe(
      'Your file is healthy. It was written by an older version; 0 of 3 phases are done.',
    );
  });

  it('says how much is left in the middle of the way', () => {
    const half = status({ phaseReached: 0, pending: ['m2'], phases: [phase(0, 'done'), phase(1, 'next')] });
    expect(stateOfThings(half)).toBe('Your file is healthy. 1 of 2 phases is done; 1 migration is still to do.');
  });

  it('says so when everything that this version offers is done', () => {
    expect(stateOfThings(upToDate())).toBe(
      'Your file is healthy. Everything that this version offers is done: phase 1 is reached. What is still missing belongs to later phases.',
    );
  });

  it('speaks of drift before anything else', () => {
    const drifted = status({ ...upToDate(), drift: [{ object: 'app_users', phase: 1, finding: 'gone' }] });
    expect(stateOfThings(drifted)).toContain('1 thing is no longer as an applied migration left them');
  });

  it('names what a person recognises the data by', () => {
    const highlights = [
      { label: 'projects', rows: { value: 1, isExact: true } },
      { label: 'candidates', rows: { value: 200_000, isExact: false } },
    ];
    expect(highlightWords(status({ highlights }))).toEqual(['1 project', 'about 200,000 candidates']);
  });
});

describe('the one next step', () => {
  it('is the plan for the default goal', () => {
    expect(nextStep(status(), false)).toEqual({ kind: 'plan', label: 'Plan the upgrade', toPhase: 1 });
  });
  it('is to continue what was interrupted, towards its own goal', () => {
    const stopped = status({ unfinishedRun: { runId: 'r', startedAt: '', toPhase: 0, stoppedAt: 'Copy users' } });
    expect(nextStep(stopped, false)).toMatchObject({ kind: 'continue', toPhase: 0 });
    expect(unfinishedSentence(stopped)).toContain('stopped at “Copy users”');
  });
  it('is to watch a run that is under way', () => {
    expect(nextStep(status(), true).kind).toBe('watch');
  });
  it('is only to look when nothing is left to do', () => {
    expect(nextStep(upToDate(), false).kind).toBe('look');
  });
  it('is a repair when something applied is no longer true', () => {
    const drifted = status({ ...upToDate(), drift: [{ object: 'x', phase: 1, finding: 'y' }] });
    expect(nextStep(drifted, false)).toEqual({ kind: 'plan', label: 'Plan the repair', toPhase: 1 });
  });
});

describe('the table matrix', () => {
  const table = (name: string, state: TableStatus['state'], change: Partial<TableStatus> = {}): TableStatus => ({
    name,
    state,
    priority: 'none',
    group: 'Core',
    presentName: null,
    rows: null,
    whatIsMissing: '',
    columns: [],
    objects: [],
    ...change,
  });
  const tables = [
    table('app_users', 'legacy-name', { presentName: 'users' }),
    table('assets', 'wrong-columns', { whatIsMissing: 'Kind' }),
    table('runs', 'aligned'),
  ];
  const names = (text: string, state: Parameters<typeof filterTables>[2]) =>
    filterTables(tables, text, state).map(({ name }) => name);

  it('is filtered by old and new names and by what is missing', () => {
    expect(names('USERS', 'all')).toEqual(['app_users']);
    expect(names('kind ', 'all')).toEqual(['assets']);
  });
  it('is filtered by one state or by every gap', () => {
    expect(names('', 'gaps')).toEqual(['app_users', 'assets']);
    expect(names('', 'aligned')).toEqual(['runs']);
  });
  it('describes a column in words', () => {
    expect(describeColumn(null)).toBe('–');
    expect(describeColumn({ type: 'TEXT', isNullable: true, defaultSql: null, isPrimaryKey: true })).toBe(
      'TEXT, primary key',
    );
    expect(describeColumn({ type: '', isNullable: false, defaultSql: "''", isPrimaryKey: false })).toBe(
      "any type, not null, default ''",
    );
  });
});

describe('the score card', () => {
  it('shows no gap as good news and agrees in number', () => {
    const tiles = scoreTiles(status());
    expect(tiles).toContainEqual({ value: 1, label: 'column missing', tone: 'attention' });
    expect(tiles).toContainEqual({ value: 0, label: 'indexes missing', tone: 'done' });
  });
  it('raises no alarm about what only a later phase adds', () => {
    expect(scoreTiles(upToDate())).toContainEqual({ value: 11, label: 'missing', tone: 'none' });
  });
});

describe('the last verified backup', () => {
  it('is the newest that still counts, not the newest file', () => {
    const backups = [backup({ id: 'old' }), backup({ id: 'new', createdAt: '2026-11-21T00:00:00Z', state: 'broken' })];
    expect(lastVerified(backups)?.id).toBe('old');
    expect(lastVerified([])).toBeNull();
    expect(lastVerified([backup({ madeOfGone: true })])).toBeNull(); // of a file that may never have been this one
  });
});
