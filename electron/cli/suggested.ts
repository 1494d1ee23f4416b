import { isPrintable } from '@host/printable.ts';

/** A command of ours as a person can copy it into their shell; nothing else writes one. */
export const commandLine = (...parts: readonly string[]): string =>
  ['npm run -s phasewise --', ...parts.map((part) => quoted(part))].join(' ');

/** The window, on a database. */
export const windowLine = (file: string): string => `npm start -- ${quoted(file)}`;

/** One argument as the shell takes it, whatever it is made of. */
export function quoted(text: string, platform: NodeJS.Platform = process.platform): string {
  if (/^[\w./+,:@%=-]+$/.test(text)) return text;
  if (platform === 'win32') return `"${text}"`; // a name there has no quotes
  if (isPrintable(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // It would act on the terminal instead of being seen: bash and zsh read these escapes.
  const escaped = [...text].map((character) => (isPrintable(character) ? character : escapeOf(character)));
  return `$'${escaped.map((each) => (each === "'" || each === '\\' ? `\\${each}` : each)).join('')}'`;
}

const escapeOf = (character: string): string => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
