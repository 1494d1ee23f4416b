import { describe, expect, it } from 'vitest';
import type { BrowseColumn, BrowseTable } from '@shared/browse.ts';
import type { MigrationStatus } from '@shared/status.ts';
import { shownItems, type Surroundings } from '../../../renderer/panels/palette/palette-items.ts';
import { matchScore, rank } from '../../../renderer/panels/palette/ranking.ts';
import { keyPlaces, looksLikeKey } from '../../../renderer/panels/palette/row-search.ts';
import { parseRoute } from '../../../renderer/route.ts';
import { backup, phase, status } from './values.ts';

const titles = (text: string, ...all: string[]): string[] =>
  rank(
    all.map((title) => ({ title, words: '' })),
    text,
  ).map(({ title }) => title);

describe('ranking', () => {
  it('puts the very name first, then names that begin so, then words in names, then letters inside', () => {
    expect(titles('asset', 'bassets', 'project_assets', 'assets', 'asset')).toEqual([
      'asset',
      'assets',
      'project_assets',
      'bassets',
    ]);
  });

  it('finds letters that stand apart, beginnings of words before others', () => {
    expect(titles('rc', 'archive', 'run_candidates', 'runs')).toEqual(['run_candidates', 'archive']);
    expect(titles('jtp', 'jobTypes', 'projects')).toEqual(['jobTypes']);
  });

  it('needs the letters in their order, and every word of the text', () => {
    expect(titles('nc', 'run_candidates')).toEqual(['run_candidates']);
    expect(titles('zr', 'run_candidates')).toEqual([]);
    expect(titles('run cand', 'run_candidates', 'runs')).toEqual(['run_candidates']);
  });

  it('keeps the order of equally good ones, and shows all for no text', () => {
    expect(titles('a', 'ab', 'ac')).toEqual(['ab', 'ac']);
    expect(titles(' ', 'b', 'a')).toEqual(['b', 'a']);
  });

  it('prefers the shorter of two that begin alike', () => {
    expect(matchScore('jobs', 'job')).toBeGreaterThan(matchScore('job_attempts', 'job'));
  });

  it('counts further words, but less than the title', () => {
    const entries = [
      { title: 'Dark colours', words: 'theme' },
      { title: 'themes', words: '' },
    ];
    expect(rank(entries, 'theme').map(({ title }) => title)).toEqual(['themes', 'Dark colours']);
  });
});

describe('what is offered', () => {
  const migration: MigrationStatus = {
    ...{ id: '0107-quality-reports', title: 'Quality reports', phase: 1, kind: 'expand', state: 'pending' },
    ...{ appliedAt: null, durationMs: null, findings: [] },
  };
  const byHand = backup({ id: 'b7', reason: 'by hand' });
  const around: Surroundings = {
    route: parseRoute('#/db/k3/overview'),
    open: [
      { handle: 'k3', name: 'lights.db', folder: '/p' },
      { handle: 'k4', name: 'archive.db', folder: '/p' },
    ],
    status: status({ phases: [phase(1, 'next', { migrations: [migration] })] }),
    tables: ['assets', 'runs'],
    backups: [byHand],
    isRunning: false,
  };
  const first = (text: string, from = around) => shownItems(from, text)[0];

  it('leads to tables, migrations, backups, pages, databases and settings', () => {
    expect(first('asse')?.target).toEqual({ to: 'table', handle: 'k3', table: 'assets' });
    expect(first('0107')?.target).toMatchObject({ tab: 'phases', detail: 'migration-0107-quality-reports' });
    expect(first('by hand')?.target).toMatchObject({ tab: 'backups', detail: 'b7' });
    expect(first('activity')?.target).toMatchObject({ tab: 'activity', detail: null });
    expect(first('archive.db')?.target).toMatchObject({ handle: 'k4', tab: 'overview' });
    expect(first('dark')?.target).toEqual({ to: 'colours', colorScheme: 'dark' });
  });

  it('offers a row first where the text looks like a key, else last', () => {
    const uuid = '3f2c8a10-1b2c-4d5e-8f90-0123456789ab';
    expect(first(uuid)?.target).toEqual({ to: 'row', handle: 'k3', text: uuid });
    expect(first('assets 12')?.kind).toBe('row');
    expect(shownItems(around, 'assets').at(-1)?.kind).toBe('row');
    expect(shownItems(around, '').some(({ kind }) => kind === 'row')).toBe(false);
  });

  it('starts nothing that removes or replaces, and nothing at all beside a run', () => {
    const all = shownItems(around, '').map(({ title }) => title);
    expect(all.filter((title) => /restore|remove|delete|start/i.test(title))).toEqual(['Start page']);
    expect(first('back up now')?.target).toEqual({ to: 'back-up', handle: 'k3' });
    expect(shownItems({ ...around, isRunning: true }, '').some(({ kind }) => kind === 'action')).toBe(true);
    expect(shownItems({ ...around, isRunning: true }, 'back up now').map(({ kind }) => kind)).toEqual(['row']);
  });

  it('knows databases and settings where none is open', () => {
    const home = { ...around, route: parseRoute('#/') };
    expect(shownItems(home, 'lights').map(({ title }) => title)).toEqual(['lights.db', 'Light colours']);
    expect(shownItems(home, '12')).toEqual([]);
  });
});

describe('looking for a row', () => {
  const column = (name: string, type: string, primaryKeyPosition: number): BrowseColumn => ({
    ...{ name, type, primaryKeyPosition, isNullable: false, isGenerated: false, isSensitive: false },
    ...{ replacedBy: null, isLegacy: false, isIndexed: false },
  });
  const table = (name: string, columns: BrowseColumn[], kind: BrowseTable['kind'] = 'table'): BrowseTable => ({
    ...{ name, kind, columns, group: '', state: 'aligned', keyKind: 'primary-key', rows: null, sizeBytes: null },
    ...{ references: [], referencedBy: [] },
  });
  const tables = [
    table('assets', [column('id', 'TEXT', 1), column('kind', 'TEXT', 0)]),
    table('jobs', [column('id', 'INTEGER', 1)]),
    table('links', [column('a', 'TEXT', 1), column('b', 'TEXT', 2)]),
    table('totals', [column('id', 'TEXT', 1)], 'view'),
    table('keys', [{ ...column('secret', 'TEXT', 1), isSensitive: true }]), // trying would tell which ones there are
  ];
  const places = (text: string): string[] => keyPlaces(text, tables).map((at) => `${at.table} ${at.key}`);

  it('looks where the type of the key fits, never in views, in keys of two columns or in hidden ones', () => {
    expect(places('12')).toEqual(['assets 12', 'jobs 12']);
    expect(places('3f2c-uuid')).toEqual(['assets 3f2c-uuid']);
  });

  it('looks in one table when it is named, also by a part of its name', () => {
    expect(places('jobs 12')).toEqual(['jobs 12']);
    expect(places('ass  a b')).toEqual(['assets a b']);
  });

  it('takes the whole text for the key where no table is called so', () => {
    expect(places('zzz 12')).toEqual(['assets zzz 12']);
  });

  it('tells keys from names', () => {
    expect(['12', 'jobs -4', '3F2C8A10-1B2C-4D5E-8F90-0123456789AB'].map(looksLikeKey)).toEqual([true, true, true]);
    expect(['jobs', 'phase4', '3f2c'].map(looksLikeKey)).toEqual([false, false, false]);
  });
});
