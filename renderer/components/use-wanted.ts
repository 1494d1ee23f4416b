import { useEffect, useRef, type RefObject } from 'react';

/**
 * For the item of a list that is asked for, by an address or otherwise: scrolled into view and focused, once the page is
 * there. @param wish another one than before, of the same item, has it focused again; false, null: it is not asked for.
 */
export function useWanted<T extends HTMLElement>(wish: object | boolean | null): RefObject<T | null> {
  const item = useRef<T>(null);
  useEffect(() => {
    if (!wish) return;
    // After the page itself, which begins at its top.
    const timer = setTimeout(() => {
      item.current?.scrollIntoView({ block: 'center' });
      item.current?.focus({ preventScroll: true });
    });
    return () => clearTimeout(timer);
  }, [wish]);
  return item;
}
