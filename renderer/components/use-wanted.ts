import { useEffect, useRef, type RefObject } from 'react';

/** For the item of a list that an address asks for: scrolled into view and focused, once the page is there. */
export function useWanted<T extends HTMLElement>(isWanted: boolean): RefObject<T | null> {
  const item = useRef<T>(null);
  useEffect(() => {
    if (!isWanted) return;
    // After the page itself, which begins at its top.
    const timer = setTimeout(() => {
      item.current?.scrollIntoView({ block: 'center' });
      item.current?.focus({ preventScroll: true });
    });
    return () => clearTimeout(timer);
  }, [isWanted]);
  return item;
}
