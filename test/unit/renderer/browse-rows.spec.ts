import { afterEach, expect, it, vi } from 'vitest';
import type { BrowsePage, BrowseRow, BrowseRows } from '@shared/browse.ts';

/** Rows by their number, where nobody can say how many there are: a view that takes too long to be counted. */

const TOTAL = 250;
let counted: BrowseRows = { value: 120, isExact: false, isFinal: true };
let isOutdated = false;
let version = 7;
const asked: string[] = [];
const limits: number[] = [];
const row = (at: number): BrowseRow => ({ key: `[["i","${at}"]]`, cells: [{ type: 'integer', value: String(at) }] });
vi.stubGlobal('window', {
  phasewise: {
    call: (channel: string, { anchor, limit = 0 }: { anchor?: { position?: number }; limit?: number }) => {
      asked.push(channel);
      if (channel === 'browse:page') limits.push(limit);
      if (channel === 'browse:count') return Promise.resolve({ ok: true, value: counted });
      const from = anchor?.position ?? 0;
      const rows = Array.from({ length: Math.max(0, Math.min(limit, TOTAL - from)) }, (_, at) => row(from + at));
      const page: BrowsePage = {
        ...{ rows, position: from, isPositionExact: true, hasBefore: from > 0, hasAfter: rows.length === limit },
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
const open = (onOutdated = (): void => {}, guess = 0, columns = 1) => {
  const source = createRowSource('k3', query, false, guess, onOutdated, columns);
  sources.push(source);
  return source;
};
afterEach(() => sources.splice(0).forEach((source) => source.close()));

it('leads on to the last row by scrolling, and says the number once it is known', async () => {
  const source = open();
  await vi.waitFor(() => expect(source.state.rows.value).toBe(120)); // counted so far, and no further
  source.want(100, 119);
  await vi.waitFor(() => expect(source.row(199)).toEqual(row(199)));
  expect(source.state.rows).toMatchObject({ value: 201, isExact: false, isAtLeast: true });
  source.want(190, 200);
  await vi.waitFor(() =>
    expect(source.state.rows).toEqual({ value: TOTAL, isExact: true, isFinal: true, isAtLeast: false }),
  );
});

it('says "at least" of what was counted so far, and not of an estimate that is higher', async () => {
  const counting = open();
  expect(counting.state.rows.isAtLeast).toBe(false); // nobody has looked yet
  await vi.waitFor(() => expect(counting.state.rows).toMatchObject({ value: 120, isAtLeast: true }));

  const estimated = open(() => {}, 5_000);
  await vi.waitFor(() => expect(estimated.state.rows).toMatchObject({ value: 5_000, isFinal: true }));
  expect(estimated.state.rows.isAtLeast).toBe(false);
});

it('is not counted on for ever', async () => {
  asked.length = 0;
  counted = { value: 120, isExact: false, isFinal: true };
  const source = open();
  await vi.waitFor(() => expect(source.state.rows.value).toBe(120));
  await new Promise((resolve) => setTimeout(resolve, 200));
  expect(asked.filter((channel) => channel === 'browse:count')).toHaveLength(1);
});

it('asks for fewer rows of a wide table at once, and not for all that is scrolled past', async () => {
  limits.length = 0;
  const source = open(() => {}, TOTAL, 1_900);
  await vi.waitFor(() => expect(source.row(9)).toEqual(row(9)));
  source.want(50, 99);
  source.want(200, 219);
  expect(limits).toEqual([10, 10, 10, 10]); // the first, and three more
  await vi.waitFor(() => expect(source.row(79)).toEqual(row(79)));
  expect(source.row(200)).toBeUndefined();
  source.want(200, 219); // the grid does so with every answer
  await vi.waitFor(() => expect(source.row(219)).toEqual(row(219)));
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
