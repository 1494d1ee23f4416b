import { type ComponentType, createElement, lazy, type ReactNode, Suspense, useEffect, useState } from 'react';
import { PageSkeleton } from './page.tsx';

/** Below this nobody sees that something is missing; a skeleton that flashes up would be seen. */
const PATIENCE_MS = 200;

type Load = () => Promise<unknown>;
const parts: Load[] = [];

/** A part of the window whose code stands in a file of its own could not be fetched. */
export class PartNotLoaded extends Error {
  override readonly name = 'PartNotLoaded';
}

/**
 * A component whose code is fetched when it is first drawn, or before by `fetchParts`. Once its code is there it is
 * drawn at once, without a moment of nothing. Draw it inside a LazyPlace.
 * @param load `() => import('./panel.tsx').then((part) => part.Panel)`
 */
export function lazyPart<P extends object>(load: () => Promise<ComponentType<P>>): ComponentType<P> {
  let there: ComponentType<P> | null = null;
  let coming: Promise<ComponentType<P>> | null = null;
  const fetchOnce = (): Promise<ComponentType<P>> =>
    (coming ??= load().then(
      (part) => (there = part),
      (cause: unknown) => {
        coming = null; // a later try may succeed
        throw new PartNotLoaded(cause instanceof Error ? cause.message : String(cause));
      },
    ));
  parts.push(fetchOnce);
  return function LazyPart(props: P) {
    // Chosen once for as long as it is drawn: another type of component would begin anew and lose its state.
    const [part] = useState(() => there ?? lazy(() => fetchOnce().then((fetched) => ({ default: fetched }))));
    return createElement(part as ComponentType<P>, props);
  };
}

/** What stands where a lazy part will be: nothing at first, grey shapes when it takes longer. */
export function LazyPlace({ children, quiet = false }: { children: ReactNode; quiet?: boolean }) {
  return <Suspense fallback={quiet ? null : <LateSkeleton />}>{children}</Suspense>;
}

function LateSkeleton() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), PATIENCE_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? <PageSkeleton words="Getting this page ready." /> : null;
}

/** Fetches every part while nothing else happens, one after another, so that no click waits for one. */
export async function fetchParts(): Promise<void> {
  for (const fetchPart of parts) {
    await new Promise<void>((resolve) => void requestIdleCallback(() => resolve(), { timeout: 2_000 }));
    await fetchPart().catch(() => {}); // said when somebody goes there
  }
}
