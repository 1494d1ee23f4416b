import { useEffect } from 'react';
import { tabs } from '../../route.ts';
import { chooseDatabase } from '../../stores/databases.ts';
import { closePalette, isDialogOpen, showDialog, useDialogs } from '../../stores/dialogs.ts';
import { refresh } from '../../stores/events.ts';
import { findInTable } from '../../stores/find-field.ts';
import { goHome, goTo, useRoute } from '../../stores/route.ts';
import { isMac, shortcutOf, type Shortcut } from './shortcuts.ts';

/** Listens for the window's shortcuts. Dialogs keep their own Escape. */
export function useShortcuts(): void {
  useEffect(() => {
    const listener = (event: KeyboardEvent): void => {
      if (event.defaultPrevented) return;
      if (isForPalette(event)) return typeAhead(event);
      const shortcut = shortcutOf(event, isTyping(event.target), isMac);
      if (shortcut === null) return;
      if (shortcut.action === 'find') {
        if (findInTable()) event.preventDefault(); // where there is no table, the browser's own search
        return;
      }
      // Behind a dialog, too: the browser would print or leave the page, and the menu would do it all the same.
      if (shortcut.action !== 'back' && shortcut.action !== 'help') event.preventDefault();
      if (isDialogOpen() && shortcut.action !== 'refresh') return;
      event.preventDefault();
      follow(shortcut);
    };
    window.addEventListener('keydown', listener);
    return () => window.removeEventListener('keydown', listener);
  }, []);
}

function follow(shortcut: Shortcut): void {
  const { route } = useRoute.getState();
  if (shortcut.action === 'open') void chooseDatabase();
  if (shortcut.action === 'palette') showDialog({ isPaletteOpen: true });
  if (shortcut.action === 'previous') history.back();
  if (shortcut.action === 'help') showDialog({ isHelpOpen: true });
  if (shortcut.action === 'refresh' && route.page === 'database') void refresh(route.handle);
  if (shortcut.action === 'tab' && route.page === 'database') goTo(route.handle, tabs[shortcut.index] ?? 'overview');
  if (shortcut.action === 'back') goBack();
}

/** One page up, never out of the app. */
function goBack(): void {
  const { route } = useRoute.getState();
  if (route.page === 'refused') return goHome();
  if (route.page !== 'database') return;
  // Above a table of the data there is no page: the data without one lead back to it.
  if (route.detail !== null && route.tab !== 'data') goTo(route.handle, route.tab);
  else if (route.tab !== 'overview') goTo(route.handle, 'overview');
}

/** Asked for, the palette gets what is typed, even while its field is still on its way; Enter behind it and Esc, too. */
function isForPalette({ key, ctrlKey, metaKey, altKey, target }: KeyboardEvent): boolean {
  const { isPaletteOpen, paletteAhead } = useDialogs.getState();
  const isThere = target instanceof Element && target.closest('[role=dialog]') !== null;
  const isBegun = paletteAhead !== ''; // before that, a space or Enter may press a button
  const isWanted = key === ' ' || key === 'Enter' ? isBegun : key.length === 1 || key === 'Escape';
  return isPaletteOpen && !isThere && isWanted && !ctrlKey && !metaKey && !altKey;
}

function typeAhead(event: KeyboardEvent): void {
  event.preventDefault();
  const { paletteAhead } = useDialogs.getState();
  if (event.key === 'Enter') showDialog({ isPaletteEntered: true });
  else if (event.key === 'Escape') closePalette();
  else showDialog({ paletteAhead: paletteAhead + event.key, isPaletteEntered: false }); // it means another text
}

const isTyping = (target: EventTarget | null): boolean =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
