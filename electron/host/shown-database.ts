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

/** Where a window begins that is to show this. */
export const addressOf = (handle: string, page: string): string => `#/db/${encodeURIComponent(handle)}/${page}`;
