/** Shortening and joining of names, paths and sentences. */

/** Keeps the beginning and, more of it, the end: the file name is what people look for. */
export function middleEllipsis(text: string, maxLength: number): string {
  if (text.length <= maxLength) return text;
  const kept = maxLength - 1;
  const head = Math.floor(kept / 3);
  return `${text.slice(0, head)}…${text.slice(text.length - (kept - head))}`;
}

/** "3f9a1c20…": enough to compare over the phone. */
export const shortHash = (sha256: string): string => `${sha256.slice(0, 8)}…`;

/** "a", "a and b", "a, b and c" */
export function listed(items: readonly string[]): string {
  if (items.length <= 1) return items[0] ?? '';
  return `${items.slice(0, -1).join(', ')} and ${items[items.length - 1] ?? ''}`;
}

/** A table or column may be called "" or " ", or hide signs that act: words in place of what nobody could see. */
export const shownName = (name: string): string =>
  name.trim() !== '' ? visible(name) : name === '' ? '(no name)' : `“${visible(name)}”`;

export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence ends in a full stop exactly once. */
export const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

/** The typed name must be the file's own, exactly; a blank at either end is forgiven. */
export const isConfirmed = (typed: string, fileName: string): boolean => typed.trim() === fileName;

/** Signs that act instead of being seen: controls, marks that reorder text, signs without width. */
const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** One line with nothing hidden in it: "pro⟨200b⟩ject.db". */
export const visible = (text: string): string =>
  text.replace(ACTING, (sign) => `⟨${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}⟩`);
