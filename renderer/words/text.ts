/** Shortening and joining of names, paths and sentences. */

import { namesAlike } from '@shared/names-alike.ts';

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

export interface NamedFile {
  readonly name: string;
  readonly folder: string;
}

/** "app.db", or where another open one reads the same "app.db in ann/work". */
export function tellingName(file: NamedFile, open: readonly NamedFile[]): string {
  const folder = tellingFolder(file, open);
  return folder === null ? file.name : `${file.name} in ${folder}`;
}

/** The shortest end of the folder that no other file of this name has: "ann/work"; null where there is no other. */
export function tellingFolder({ name, folder }: NamedFile, open: readonly NamedFile[]): string | null {
  const others = open.filter((other) => other.folder !== folder && namesAlike(other.name, name));
  if (others.length === 0) return null;
  const end = endsOf(folder).find((each) => others.every((other) => !endsOf(other.folder).includes(each)));
  return visible(end ?? folder);
}

/** "/home/ann": "ann", "home/ann", "/home/ann"; cut where either system separates. */
const endsOf = (folder: string): string[] => [
  ...[...folder.matchAll(/[\\/](?=[^\\/])/g)].map(({ index }) => folder.slice(index + 1)).reverse(),
  folder,
];

export const lowerFirst = (text: string): string => text.charAt(0).toLowerCase() + text.slice(1);
export const upperFirst = (text: string): string => text.charAt(0).toUpperCase() + text.slice(1);

/** A sentence ends in a full stop exactly once. */
export const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text.trim() : `${text.trim()}.`);

/** Signs that act instead of being seen: controls, marks that reorder text, signs without width. */
const ACTING = /[\u0000-\u001f\u007f-\u009f\u061c\u180e\u200b\u200e\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g;

/** One line with nothing hidden in it: "pro⟨200b⟩ject.db". */
export const visible = (text: string): string =>
  text.replace(ACTING, (sign) => `⟨${(sign.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}⟩`);
