import { createElement, isValidElement } from 'react';
import { describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { IssueSummary } from '@shared/status.ts';
import type { Issue } from '../../../renderer/panels/issues/issues-words.ts';
import type { IssuePages } from '../../../renderer/panels/issues/use-issue-pages.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';
import { partsIn } from './elements.ts';
import { report, status, upToDate } from './values.ts';

/** Issue rows as they are shown, with the pages that a spec says. */
let pages: IssuePages;
vi.mock('../../../renderer/panels/issues/use-issue-pages.ts', () => ({ useIssuePages: () => pages }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/overview' });
vi.stubGlobal('window', { addEventListener: () => {} });
const { IssueRows } = await import('../../../renderer/panels/issues/issue-rows.tsx');
const { ResultEvidence } = await import('../../../renderer/panels/result/result-evidence.tsx');
const { ResultPanel } = await import('../../../renderer/panels/result/result-panel.tsx');

const row: Issue = {
  ...{ id: 1, backfillId: 'm2/candidates', sourceTable: 'candidates', sourceKey: 'cand_1' },
  ...{ reason: 'orphan', title: 'Belongs to nothing', detail: '', isPlaced: false },
};
const noted: IssueSummary = { reason: 'orphan', title: 'Belongs to nothing', sourceTable: 'candidates', count: 30 };
const refused = { error: appError('E_RUN_ACTIVE', '') };
const page = (change: Partial<IssuePages>): string => {
  pages = { rows: [], hasMore: true, isLoading: false, error: null, more: () => {}, ...change };
  return drawn(createElement(IssueRows, { handle: 'k3', issues: [noted] }));
};

describe('issue rows that were refused', () => {
  it('can be asked for again', () => {
    expect(buttonIn(page(refused), 'Try again')).toEqual({ isDisabled: false });
    expect(buttonIn(page({ rows: [row] }), 'Try again')).toBeNull();
  });

  it('are not said to be none, nor to come by scrolling', () => {
    expect(wordsOf(page(refused))).toContain('Not loaded.');
    expect(wordsOf(page(refused))).not.toMatch(/Nothing here|of 30/);
    expect(wordsOf(page({ ...refused, rows: [row] }))).not.toMatch(/of 30|All 1/);
    expect(wordsOf(page({ ...refused, isLoading: true }))).toContain('Loading…');
    expect(wordsOf(page({ rows: [row] }))).toContain('1 of 30; scroll for more');
  });
});

it('those of a result are asked for anew once the file has others, for its report stays as it is', () => {
  const keyOf = (actsOn: ReturnType<typeof status> | null): string | null => {
    const evidence = ResultEvidence({ handle: 'k3', report: report(), actsOn });
    return isValidElement(evidence) ? (partsIn(evidence, IssueRows)[0]?.key ?? null) : null;
  };
  const before = status({ issues: [noted] });
  expect(keyOf(before)).toBe(keyOf({ ...before, checkedAt: '2026-11-21T14:03:00Z' }));
  expect(keyOf({ ...before, issues: [] })).not.toBe(keyOf(before));
});

it('a result sends nobody to rows that are in their place by now', () => {
  const result = (issues: readonly IssueSummary[]): string => {
    const now = { ...upToDate(), issues: [...issues] };
    return wordsOf(drawn(createElement(ResultPanel, { handle: 'k3', status: now, report: report(), error: null })));
  };
  expect(result([noted])).toContain('Look at the 30 issue rows below');
  expect(result([])).not.toContain('below');
});
