import { beforeEach, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { Issue } from '../../../renderer/panels/issues/issues-words.ts';
import { mount } from './hooks.ts';

/** The hook as React runs it, the answers of the host, and the look at the file that it hears of. */
vi.mock('react', async () => ({ ...(await import('./hooks.ts')).hooks, useCallback: <T>(act: T) => act }));
const call = vi.fn<(name: string) => Promise<unknown>>();
vi.mock('../../../renderer/api.ts', () => ({ call }));
const status = { checkedAt: '' };
vi.mock('../../../renderer/stores/databases.ts', () => ({
  useDatabases: (pick: (state: unknown) => unknown) => pick({ views: { k3: { status } } }),
}));
const { useIssuePages } = await import('../../../renderer/panels/issues/use-issue-pages.ts');

const row: Issue = {
  ...{ id: 1, backfillId: 'm2/candidates', sourceTable: 'candidates', sourceKey: 'cand_1' },
  ...{ reason: 'orphan', title: 'Belongs to nothing', detail: '', isPlaced: false },
};
const refused = appError('E_RUN_ACTIVE', '');
const refusedOnce = async () => {
  const pages = mount(() => useIssuePages('k3'));
  pages.draw().more();
  await Promise.resolve();
  expect(pages.draw()).toMatchObject({ rows: [], hasMore: true, isLoading: false, error: refused });
  return pages;
};

beforeEach(() => {
  status.checkedAt = '2026-11-21T14:02:33Z';
  call.mockReset();
  call.mockResolvedValueOnce({ ok: false, error: refused }).mockResolvedValueOnce({ ok: true, value: [row] });
});

it('rows that were refused are there once they are asked for again', async () => {
  const pages = await refusedOnce();
  pages.draw().more();
  await Promise.resolve();
  expect(pages.draw()).toMatchObject({ rows: [row], hasMore: false, isLoading: false, error: null });
});

it('that they were refused is old news once the file was looked at again', async () => {
  const pages = await refusedOnce();
  status.checkedAt = '2026-11-21T14:03:00Z';
  expect(pages.draw().error).toBeNull();
});
