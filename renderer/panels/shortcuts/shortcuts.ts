/** The keys, in one list: the help dialog shows it and the listener follows it. */
export const shortcuts = [
  { keys: ['Ctrl', 'O'], action: 'open', what: 'Open a database' },
  { keys: ['F5'], action: 'refresh', what: 'Look at the database again' },
  { keys: ['Alt', '1'], action: 'tab', what: 'Overview' },
  { keys: ['Alt', '2'], action: 'tab', what: 'Phases' },
  { keys: ['Alt', '3'], action: 'tab', what: 'Activity' },
  { keys: ['Alt', '4'], action: 'tab', what: 'Backups' },
  { keys: ['Esc'], action: 'back', what: 'Close a dialog, or go back one page' },
  { keys: ['?'], action: 'help', what: 'This list' },
] as const;

export type Shortcut = { action: 'open' | 'refresh' | 'back' | 'help' } | { action: 'tab'; index: number };

type KeyPress = Pick<KeyboardEvent, 'key' | 'code' | 'ctrlKey' | 'metaKey' | 'altKey' | 'shiftKey'>;

/** Which shortcut a key press is; null for ordinary typing. */
export function shortcutOf(press: KeyPress, isTyping: boolean): Shortcut | null {
  const isCommand = press.ctrlKey || press.metaKey;
  if (isCommand && !press.altKey && !press.shiftKey && press.key.toLowerCase() === 'o') return { action: 'open' };
  if (press.key === 'F5' && !isCommand) return { action: 'refresh' };
  const digit = /^Digit([1-4])$/.exec(press.code)?.[1];
  if (press.altKey && !isCommand && digit !== undefined) return { action: 'tab', index: Number(digit) - 1 };
  if (isTyping || isCommand || press.altKey) return null;
  if (press.key === '?') return { action: 'help' };
  if (press.key === 'Escape') return { action: 'back' };
  return null;
}
