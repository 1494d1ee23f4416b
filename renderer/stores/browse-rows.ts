import type { BrowsePage, BrowseQuery, BrowseRow, BrowseRows } from '@shared/browse.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';

/** Rows are fetched and kept in blocks of this many. */
const BLOCK_ROWS = 100;
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

export interface SourceState {
  readonly rows: BrowseRows;
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
 */
export function createRowSource(
  handle: string,
  query: BrowseQuery,
  hasConsent: boolean,
  guess: number,
  onOutdated: () => void,
): RowSource {
  const blocks = new Map<number, readonly BrowseRow[]>();
  const asked = new Set<number>();
  const stale = new Set<number>();
  const guessed = new Set<number>();
  const listeners = new Set<() => void>();
  let state: SourceState = {
    rows: { value: guess, isExact: false, isFinal: false },
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
      block === 0 ? ({ at: 'start' } as const) : ({ at: 'position', position: block * BLOCK_ROWS } as const);
    const page = await call('browse:page', { handle, query, anchor, limit: BLOCK_ROWS, hasConsent });
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
    const seen = block * BLOCK_ROWS + page.rows.length;
    if (page.isPositionExact && !page.hasAfter && page.rows.length < BLOCK_ROWS) {
      const isEnd = page.rows.length > 0 || block === 0 || blocks.get(block - 1)?.length === BLOCK_ROWS;
      if (isEnd) change({ rows: { value: seen, isExact: true, isFinal: true } });
      else if (!state.rows.isExact) change({ rows: { ...state.rows, value: seen } });
    } else if (!state.rows.isExact && seen >= state.rows.value) {
      // What nobody can count (some views) ends where no more rows come: there is at least one more to scroll to.
      change({ rows: { ...state.rows, value: page.hasAfter ? seen + 1 : seen } });
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
    const value = rows.value.isExact ? rows.value.value : Math.max(rows.value.value, state.rows.value);
    change({ rows: { ...rows.value, value } });
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
    row: (position) => blocks.get(Math.floor(position / BLOCK_ROWS))?.[position % BLOCK_ROWS],
    want(from, to) {
      if (state.error !== null || isOutdated) return; // until a person asks again, or the tables are known again
      for (let block = Math.floor(from / BLOCK_ROWS); block <= Math.floor(to / BLOCK_ROWS); block++)
        if (isMissing(block) && block * BLOCK_ROWS < Math.max(1, state.rows.value)) void fetchBlock(block);
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
