/**
 * Hooks as React runs them, without a window: for `vi.mock('react', async () => (await import('./hooks.ts')).hooks)`.
 * What is drawn changes only when it is drawn again, so that a spec sees each state by itself.
 */
interface Instance {
  readonly slots: unknown[];
  /** Of the effects, by their slot. */
  readonly ends: Map<number, () => void>;
  due: (() => void)[];
  at: number;
  isChanged: boolean;
}
type Needs = readonly unknown[] | undefined;

let current: Instance | null = null;
const here = (): Instance => {
  if (current === null) throw new Error('a hook was called while nothing is drawn');
  return current;
};

/** A component, or a hook of one, that stays on the window until it is taken away. */
export interface Mounted<T> {
  /** Draws until nothing changes any more. */
  draw(): T;
  takeAway(): void;
}

const MOST_DRAWN = 25;

export function mount<T>(use: () => T): Mounted<T> {
  const instance: Instance = { slots: [], ends: new Map(), due: [], at: 0, isChanged: false };
  const drawOnce = (): T => {
    instance.at = 0;
    instance.isChanged = false;
    current = instance;
    try {
      return use();
    } finally {
      current = null;
    }
  };
  return {
    draw() {
      for (let times = 0; times < MOST_DRAWN; times++) {
        const drawn = drawOnce();
        if (!instance.isChanged) for (const act of instance.due) act();
        instance.due = [];
        if (!instance.isChanged) return drawn;
      }
      throw new Error('it never stands still');
    },
    takeAway: () => instance.ends.forEach((end) => end()),
  };
}

function useState<T>(first: T | (() => T)): [T, (next: T | ((before: T) => T)) => void] {
  const instance = here();
  const at = instance.at++;
  if (!(at in instance.slots)) instance.slots[at] = first instanceof Function ? first() : first;
  const set = (next: T | ((before: T) => T)): void => {
    const before = instance.slots[at] as T;
    instance.slots[at] = next instanceof Function ? next(before) : next;
    if (!Object.is(instance.slots[at], before)) instance.isChanged = true;
  };
  return [instance.slots[at] as T, set];
}

function useRef<T>(first: T): { current: T } {
  return useState(() => ({ current: first }))[0];
}

function useEffect(act: () => (() => void) | void, needs?: Needs): void {
  const instance = here();
  const at = instance.at++;
  if (isSame(instance.slots[at] as Needs, needs)) return;
  instance.due.push(() => {
    instance.slots[at] = needs;
    instance.ends.get(at)?.();
    instance.ends.delete(at);
    const end = act();
    if (end) instance.ends.set(at, end);
  });
}

function remembered<T>(make: () => T, needs: Needs): T {
  const instance = here();
  const at = instance.at++;
  const known = instance.slots[at] as { readonly needs: Needs; readonly value: T } | undefined;
  if (known && isSame(known.needs, needs)) return known.value;
  const value = make();
  instance.slots[at] = { needs, value };
  return value;
}

const isSame = (before: Needs, now: Needs): boolean =>
  before !== undefined && now !== undefined && now.every((each, at) => Object.is(each, before[at]));

export const hooks = {
  ...{ useState, useRef, useEffect, useLayoutEffect: useEffect, useMemo: remembered },
  useCallback: <T>(act: T, needs: Needs): T => remembered(() => act, needs),
};
