/** Longer than any path; names and messages are shown, and nobody reads further, characters. */
const MOST_CHARACTERS = 5_000;

/**
 * Controls but line ends and tabs, marks that reorder text, signs without width: in a sentence of ours, the name of a
 * table could turn the rest of the sentence round. The joiners 200c and 200d stay: many scripts and emoji need them.
 */
const ACTING =
  /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u2064\u2066-\u206f\ufeff\ufff9-\ufffb]/g;

/**
 * The same value with every text as a window can show it: what acts instead of being seen is escaped, and what is too
 * long is cut. A file may have names of a megabyte, thousands of them: an answer with all of it would stop the host
 * while it is read, and the window while it is drawn. Paths pass unchanged, because files are found by them: what shows
 * one escapes it there.
 */
export function bounded<T>(value: T): T {
  return shown(value) as T;
}

function shown(value: unknown): unknown {
  if (typeof value === 'string')
    return (value.length <= MOST_CHARACTERS ? value : shortened(value)).replace(ACTING, escaped);
  if (Array.isArray(value)) return value.map(shown);
  if (typeof value !== 'object' || value === null) return value;
  // fromEntries defines properties, so that a key called __proto__ is one.
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [shown(key) as string, isPath(key, inner) ? inner : shown(inner)]),
  );
}

/** No path is longer than the system allows, so none has to be cut. */
const isPath = (key: string, value: unknown): boolean =>
  typeof value === 'string' && /(^path|Path|^folder|Folder|^target)$/.test(key);

/** Two long names that begin alike must stay two, where their end or their length tells them apart. */
const shortened = (text: string): string =>
  `${text.slice(0, 200)} … ${text.slice(-20)} (${text.length.toLocaleString('en-US')} characters)`;

const escaped = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
