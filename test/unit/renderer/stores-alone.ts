import { vi } from 'vitest';
import type * as ReactItself from 'react';

/** Lets the stores be asked where nothing is drawn: they ask React itself, also where a spec has hooks of its own. */
export async function storesAlone(): Promise<void> {
  const { default: React } = await vi.importActual<{ default: typeof ReactItself }>('react');
  vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current());
  vi.spyOn(React, 'useCallback').mockImplementation((act) => act);
  vi.spyOn(React, 'useDebugValue').mockImplementation(() => {});
}
