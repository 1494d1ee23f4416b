import { afterEach, expect, it, vi } from 'vitest';
import type { BrowsePage, BrowseRow, BrowseRows } from '@shared/browse.ts';

/** Rows by their number, where nobody can say how many there are: a view that takes too long to be counted. */

const TOTAL = 250;
let counted: BrowseRows = { value: 120, isExact: false, isFinal: true };
let isOutdated = false;
let version = 7;
const asked: string[] = [];
const row = (at: number): BrowseRow => ({ key: `[["i","${at}"]]`, cells: [{ type: 'integer', value: String(at) }] });
vi.stubGlobal('window', {
  phasewise: {
    call: (channel: string, { anchor }: { anchor?: { position?: number } }) => {
      asked.push(channel);
      if (channel === 'browse:count') return Promise.resolve({ ok: true, value: counted });
      const from = anchor?.position ?? 0;
      const rows = Array.from({ length: Math.max(0, Math.min(100, TOTAL - from)) }, (_, at) => row(from + at));
      const page: BrowsePage = {
        ...{ rows, position: from, isPositionExact: true, hasBefore: from > 0, hasAfter: rows.length === 100 },
        ...{ version, isOutdated },
      };
      return Promise.resolve({ ok: true, value: page });
    },
    on: () => () => {},
  },
});
const { connect } = await import('../../../renderer/api.ts');
const { createRowSource } = await import('../../../renderer/stores/browse-rows.ts');
connect();

const query = { table: 'v', sort: [], filters: [], find: null };
const sources: { close(): void }[] = [];
const open = (onOutdated = (): void => {}) => {
  const source = createRowSource('k3', query, false, 0, onOutdated);
  sources.push(source);
  return source;
};
afterEach(() => sources.splice(0).forEach((source) => source.close()));

it('leads on to the last row by scrolling, and says the number once it is known', async () => {
  const source = open();
  await vi.waitFor(() => expect(source.state.rows.value).toBe(120)); // counted so far, and no further
  source.want(100, 119);
  await vi.waitFor(() => expect(source.row(199)).toEqual(row(199)));
  expect(source.state.rows).toMatchObject({ value: 201, isExact: false });
  source.want(190, 200);
  await vi.waitFor(() => expect(source.state.rows).toEqual({ value: TOTAL, isExact: true, isFinal: true }));
});

it('is not counted on for ever', async () => {
  asked.length = 0;
  counted = { value: 120, isExact: false, isFinal: true };
  const source = open();
  await vi.waitFor(() => expect(source.state.rows.value).toBe(120));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked.filter((channel) => channel === 'browse:count')).toHaveLength(1);
});

it('tells of rows that are old, and of rows of another state of the file', async () => {
  const onOutdated = vi.fn();
  const source = open(onOutdated);
  await vi.waitFor(() => expect(source.row(0)).toEqual(row(0)));
  expect(source.state.isOutdated).toBe(false);
  isOutdated = true;
  source.want(100, 119);
  await vi.waitFor(() => expect(source.state.isOutdated).toBe(true));
  expect(onOutdated).not.toHaveBeenCalled();
  version = 8;
  await vi.waitFor(() => expect(source.state.rows.value).toBeGreaterThan(200));
  source.want(200, 200);
  await vi.waitFor(() => expect(onOutdated).toHaveBeenCalledOnce());
});
