import { useEffect } from 'react';

/** What Escape closes may be gone before the window's shortcuts hear the key: this Escape was for it alone. */
export function useOwnEscape(isOpen: boolean): void {
  useEffect(() => {
    if (!isOpen) return undefined;
    const keep = (event: KeyboardEvent): void => {
      if (event.key === 'Escape') event.preventDefault();
    };
    window.addEventListener('keydown', keep, { capture: true });
    return () => window.removeEventListener('keydown', keep, { capture: true });
  }, [isOpen]);
}
