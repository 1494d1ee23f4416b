/** The handle in an address of the window, `app://phasewise/#/db/k3/phases`; null for its other pages. */
export function shownHandle(address: string): string | null {
  const handle = /#\/?db\/([^/]+)/.exec(address)?.[1];
  if (handle === undefined) return null;
  try {
    return decodeURIComponent(handle);
  } catch {
    return null;
  }
}

/** How far into a database the window has gone. */
export type Shown = 'nothing' | 'page' | 'database' | 'rows';

/** What a window at this address shows: a page without a database, one with, or rows of a table. */
export function shownAt(address: string): Shown {
  if (shownHandle(address) === null) return 'page';
  return /#\/?db\/[^/]+\/data\//.test(address) ? 'rows' : 'database';
}

/** Where a window begins that is to show this. */
export const addressOf = (handle: string, page: string): string => `#/db/${encodeURIComponent(handle)}/${page}`;
