import type { AppError } from '@shared/errors.ts';
import { useCallback, useEffect, useRef, useState } from 'react';
import type { Part, ValueSource } from './value-source.ts';

/** What a stretch looks like: so many rows of one height. */
export interface LaidOut<Row> {
  readonly index: number;
  readonly rows: readonly Row[];
}

/** At most so many stretches of 256 kB are kept: what is scrolled away is fetched again. */
const MOST_PARTS = 3;

export interface Parts<Row> {
  /** Neighbours, in order. */
  readonly loaded: readonly LaidOut<Row>[];
  readonly error: AppError | null;
  /** Rows that came before what was there (negative: were dropped): the view moves along by as many. */
  readonly shiftRows: number;
  /**
   * Goes to a stretch: it alone is there then, as the view begins at it.
   * @param isAhead nobody asked for it yet: it joins its neighbours, and waits for what somebody did ask for.
   */
  want(index: number, isAhead?: boolean): void;
}

/**
 * Stretches of a value, kept as a window that slides along it. Another `source`, `count` or `layOut` is another value: it
 * is asked for from its beginning, and what is shown of the older one stays until that is there.
 */
export function useParts<Row>(source: ValueSource, count: number, layOut: (part: Part) => readonly Row[]): Parts<Row> {
  const [state, setState] = useState<Omit<Parts<Row>, 'want'>>({ loaded: [], error: null, shiftRows: 0 });
  const asked = useRef<{ readonly index: number; isAhead: boolean } | null>(null);
  const want = useCallback(
    (index: number, isAhead = false): void => {
      if (index < 0 || index >= count) return;
      if (isAhead && asked.current !== null) return; // asked for again once that is there
      if (asked.current?.index === index) {
        asked.current.isAhead = false; // fetched ahead, and now somebody goes there
        return;
      }
      const own = { index, isAhead };
      asked.current = own;
      void source.part(index).then((part) => {
        if (asked.current !== own) return;
        asked.current = null;
        if (!part.ok) return setState((now) => ({ ...now, error: part.error, shiftRows: 0 }));
        const next = { index, rows: layOut(part.value) };
        setState(({ loaded }) => ({ ...slide(own.isAhead ? loaded : [], next), error: null }));
      });
    },
    [source, count, layOut],
  );
  useEffect(() => {
    asked.current = null; // of another value: its answer, should it still come, is dropped
    want(0);
  }, [want]);
  return { ...state, want };
}

/** Puts a stretch beside its neighbours and lets go of the farthest one. */
export function slide<Row>(
  loaded: readonly LaidOut<Row>[],
  next: LaidOut<Row>,
): { loaded: readonly LaidOut<Row>[]; shiftRows: number } {
  const [first, last] = [loaded[0]?.index ?? -2, loaded.at(-1)?.index ?? -2];
  if (next.index >= first && next.index <= last) return { loaded, shiftRows: 0 };
  if (next.index === last + 1) {
    const all = [...loaded, next];
    const dropped = all.length > MOST_PARTS ? (all[0]?.rows.length ?? 0) : 0;
    return { loaded: all.slice(-MOST_PARTS), shiftRows: -dropped };
  }
  if (next.index === first - 1) return { loaded: [next, ...loaded].slice(0, MOST_PARTS), shiftRows: next.rows.length };
  return { loaded: [next], shiftRows: 0 };
}
