import { MantineProvider } from '@mantine/core';
import React, { createElement, type ReactElement } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { vi } from 'vitest';

/** What a panel puts on the window, as markup: its stores as they are, its effects not run, its dialogs closed. */
export function drawn(element: ReactElement): string {
  // Drawn without a window, a store would show what it began with.
  vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current());
  return renderToStaticMarkup(createElement(MantineProvider, null, element)).replace(/<style.*?<\/style>/gs, '');
}

/** The words alone, as they are read. */
export const wordsOf = (markup: string): string =>
  markup
    .replace(/<[^>]*>/g, ' ')
    .replaceAll('&#x27;', "'")
    .replace(/\s+/g, ' ');

/** The button of that name: null = there is none. */
export function buttonIn(markup: string, name: string): { readonly isDisabled: boolean } | null {
  const found = [...markup.matchAll(/<button([^>]*)>(.*?)<\/button>/gs)].find(([, , inner = '']) =>
    wordsOf(inner).trim().startsWith(name),
  );
  return found ? { isDisabled: /\sdisabled=""|aria-disabled="true"/.test(found[1] ?? '') } : null;
}
