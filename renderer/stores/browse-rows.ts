import type { BrowsePage, BrowseQuery, BrowseRow, BrowseRows } from '@shared/browse.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';

/** Rows are fetched and kept in blocks of this many; of wide tables of fewer, because a block takes as long as it has cells. */
const BLOCK_ROWS = 100;
const FEWEST_ROWS = 10;
const BLOCK_CELLS = 20_000;
/** At a time. What somebody has scrolled past is not waited for: with every answer it is asked for what is in view. */
const MOST_ASKED = 3;
/** About 10,000 rows: what is farther away is fetched again when somebody comes back. */
const MOST_BLOCKS = 100;
const FIRST_COUNT_MS = 60;
const LONGEST_COUNT_MS = 1_000;
/** An answer that takes longer is worth a word, and a way to stop it. */
const WAITING_MS = 300;
/** Another program may write many times a second. */
const OUTDATED_PAUSE_MS = 500;

/** The rows of one query by their number, fetched as they are looked at. */
export interface RowSource {
  readonly query: BrowseQuery;
  /** undefined: on its way. */
  row(position: number): BrowseRow | undefined;
  /** Fetches what is missing between two row numbers. */
  want(from: number, to: number): void;
  readonly state: SourceState;
  subscribe(listener: () => void): () => void;
  /** Asks for everything anew; what is shown stays until the answer is there. */
  refresh(): void;
  /** Nothing more is asked. */
  close(): void;
}

/** How many rows there are, as far as that is known. */
export interface ShownRows extends BrowseRows {
  /** So many were counted or seen, and there may be more; false: exact, or estimated. */
  readonly isAtLeast: boolean;
}

export interface SourceState {
  readonly rows: ShownRows;
  readonly error: AppError | null;
  /** Of the last page, ms, as measured here. */
  readonly tookMs: number | null;
  /** A copy is shown, and the file has changed since. */
  readonly isOutdated: boolean;
  /** Something takes its time. */
  readonly isWaiting: boolean;
  /** Grows with everything that may have changed on screen. */
  readonly revision: number;
}

/**
 * @param guess how many rows there may be.
 * @param onOutdated another program has written: tables have to be asked for again, and then `refresh` called.
 * @param columns how many cells a row has.
 */
export function createRowSource(
  handle: string,
  query: BrowseQuery,
  hasConsent: boolean,
  guess: number,
  onOutdated: () => void,
  columns = 1,
): RowSource {
  const blockRows = Math.min(BLOCK_ROWS, Math.max(FEWEST_ROWS, Math.floor(BLOCK_CELLS / columns)));
  const blocks = new Map<number, readonly BrowseRow[]>();
  const asked = new Set<number>();
  const stale = new Set<number>();
  const guessed = new Set<number>();
  const listeners = new Set<() => void>();
  let state: SourceState = {
    rows: { value: guess, isExact: false, isFinal: false, isAtLeast: false },
    error: null,
    tookMs: null,
    isOutdated: false,
    isWaiting: false,
    revision: 0,
  };
  let version: number | null = null;
  let isClosed = false;
  let isCounting = true;
  const change = (next: Partial<SourceState>): void => {
    state = { ...state, ...next, revision: state.revision + 1 };
    for (const listener of listeners) listener();
  };

  let waiting: ReturnType<typeof setTimeout> | undefined;
  const watch = (): void => {
    clearTimeout(waiting);
    waiting = undefined;
    if (asked.size > 0 && !isClosed && !state.isWaiting)
      waiting = setTimeout(() => change({ isWaiting: asked.size > 0 }), WAITING_MS);
  };

  const fetchBlock = async (block: number): Promise<void> => {
    asked.add(block);
    stale.delete(block);
    if (waiting === undefined) watch();
    const startedAt = performance.now();
    const anchor =
      block === 0 ? ({ at: 'start' } as const) : ({ at: 'position', position: block * blockRows } as const);
    const page = await call('browse:page', { handle, query, anchor, limit: blockRows, hasConsent });
    asked.delete(block);
    watch();
    if (isClosed) return;
    if (!page.ok) return change({ error: page.error, isWaiting: false });
    version ??= page.value.version;
    if (version !== page.value.version) return outdated();
    receive(block, page.value);
    change({
      error: null,
      isOutdated: page.value.isOutdated,
      isWaiting: state.isWaiting && asked.size > 0,
      tookMs: performance.now() - startedAt,
    });
  };
  // Another program has written, perhaps other columns: these rows are shown once the tables are known again.
  let isOutdated = false;
  const outdated = (): void => {
    if (isOutdated) return;
    isOutdated = true;
    setTimeout(() => !isClosed && onOutdated(), OUTDATED_PAUSE_MS);
  };
  const receive = (block: number, page: BrowsePage): void => {
    blocks.delete(block);
    blocks.set(block, page.rows);
    if (page.isPositionExact) guessed.delete(block);
    else guessed.add(block);
    if (blocks.size > MOST_BLOCKS) blocks.delete(blocks.keys().next().value ?? -1);
    const seen = block * blockRows + page.rows.length;
    if (page.isPositionExact && !page.hasAfter && page.rows.length < blockRows) {
      const isEnd = page.rows.length > 0 || block === 0 || blocks.get(block - 1)?.length === blockRows;
      if (isEnd) change({ rows: { value: seen, isExact: true, isFinal: true, isAtLeast: false } });
      else if (!state.rows.isExact) change({ rows: { ...state.rows, value: seen, isAtLeast: false } });
    } else if (!state.rows.isExact && seen >= state.rows.value) {
      // What nobody can count (some views) ends where no more rows come: there is at least one more to scroll to.
      const value = page.hasAfter ? seen + 1 : seen;
      change({ rows: { ...state.rows, value, isAtLeast: page.isPositionExact } });
    }
  };
  const count = async (afterMs: number): Promise<void> => {
    await new Promise((resolve) => setTimeout(resolve, afterMs));
    isCounting = !isClosed && !state.rows.isFinal;
    if (!isCounting) return;
    const rows = await call('browse:count', { handle, query });
    isCounting = !isClosed && rows.ok && !rows.value.isFinal;
    if (isClosed || !rows.ok) return;
    // Counted so far may be less than what stands there already.
    const { value, isExact } = rows.value;
    if (isExact || value >= state.rows.value) change({ rows: { ...rows.value, isAtLeast: !isExact } });
    else change({ rows: { ...rows.value, value: state.rows.value, isAtLeast: state.rows.isAtLeast } });
    if (!rows.value.isFinal) return count(Math.min(LONGEST_COUNT_MS, afterMs * 1.5));
    // What was shown at an estimated place is asked for again.
    for (const block of guessed) stale.add(block);
    guessed.clear();
    change({});
  };

  const isMissing = (block: number): boolean =>
    block >= 0 && (!blocks.has(block) || stale.has(block)) && !asked.has(block);

  void fetchBlock(0).then(() => count(FIRST_COUNT_MS));
  return {
    query,
    row: (position) => blocks.get(Math.floor(position / blockRows))?.[position % blockRows],
    want(from, to) {
      if (state.error !== null || isOutdated) return; // until a person asks again, or the tables are known again
      for (let block = Math.floor(from / blockRows); block <= Math.floor(to / blockRows); block++)
        if (asked.size < MOST_ASKED && isMissing(block) && block * blockRows < Math.max(1, state.rows.value))
          void fetchBlock(block);
    },
    get state() {
      return state;
    },
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    refresh() {
      version = null;
      isOutdated = false;
      for (const block of blocks.keys()) stale.add(block);
      change({ rows: { ...state.rows, isFinal: false }, error: null });
      if (!isCounting) void count(0);
    },
    close() {
      isClosed = true;
      clearTimeout(waiting);
    },
  };
}
