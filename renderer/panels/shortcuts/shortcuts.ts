/** The keys, in one list: the help dialog shows it and the listener follows it. */
export const shortcuts = [
  { keys: ['Ctrl', 'O'], action: 'open', what: 'Open a database' },
  { keys: ['Ctrl', 'P'], action: 'palette', what: 'Go to a table, a row, a page or a setting' },
  { keys: ['Ctrl', 'F'], action: 'find', what: 'Find in the table that is shown' },
  { keys: ['F5'], action: 'refresh', what: 'Look at the database again' },
  { keys: ['Alt', '1'], action: 'tab', what: 'Overview' },
  { keys: ['Alt', '2'], action: 'tab', what: 'Phases' },
  { keys: ['Alt', '3'], action: 'tab', what: 'Data' },
  { keys: ['Alt', '4'], action: 'tab', what: 'Activity' },
  { keys: ['Alt', '5'], action: 'tab', what: 'Backups' },
  { keys: ['Alt', '←'], action: 'previous', what: 'Back to where you were, rows included' },
  { keys: ['Esc'], action: 'back', what: 'Close a dialog, or go back one page' },
  { keys: ['?'], action: 'help', what: 'This list' },
] as const;

export type Shortcut =
  { action: 'open' | 'palette' | 'find' | 'refresh' | 'previous' | 'back' | 'help' } | { action: 'tab'; index: number };

export const isMac = navigator.userAgent.includes('Mac');

type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

const letters = new Map<string, 'open' | 'palette' | 'find'>([
  ['o', 'open'],
  ['p', 'palette'],
  ['f', 'find'],
]);

/** Which shortcut a key press is; null for ordinary typing. */
export function shortcutOf(press: KeyPress, isTyping: boolean, onMac = false): Shortcut | null {
  const isCommand = press.ctrlKey || press.metaKey;
  if (onMac && press.ctrlKey) return null; // Cmd commands there: Ctrl moves the caret, and both with F fill the screen
  const action = letters.get(press.key.toLowerCase());
  if (action && isCommand && !press.altKey && !press.shiftKey) return { action };
  if (press.key === 'F5' && !isCommand) return { action: 'refresh' };
  const digit = /^Digit([1-5])$/.exec(press.code)?.[1];
  const isCharacter = onMac && isTyping; // a German keyboard of a Mac has its brackets there
  if (press.altKey && !isCommand && !isCharacter && digit !== undefined)
    return { action: 'tab', index: Number(digit) - 1 };
  if (isTyping || isCommand) return null;
  if (press.altKey) return press.key === 'ArrowLeft' && !press.shiftKey ? { action: 'previous' } : null;
  if (press.key === '?') return { action: 'help' };
  if (press.key === 'Escape') return { action: 'back' };
  return null;
}
