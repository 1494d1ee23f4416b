import { existsSync } from 'node:fs';
import path from 'node:path';
import { isPrintable } from '@host/printable.ts';

/** A command of ours as a person can copy it into their shell; nothing else writes one. null: no shell takes it safely. */
export function shellLine(...parts: readonly string[]): string | null {
  return lineOf(['run', '-s', 'phasewise'], parts);
}

/** The same in a sentence: where it cannot be copied, which command it is. */
export const commandLine = (...parts: readonly string[]): string =>
  shellLine(...parts) ?? `the command ${parts[0] ?? ''} of the command line (${TYPE_IT})`;

/** The window, on a database. */
export const windowLine = (file: string): string => lineOf(['start'], [file]) ?? `npm start (${CHOOSE_IT})`;

const TYPE_IT = "type the file's name yourself: a shell would act on some of its signs";
const CHOOSE_IT = 'and choose the file in the window: a shell would act on some of the signs of its name';

/** @param script what npm is to run. It looks for it from where it is called: elsewhere it has to be told the folder. */
function lineOf(script: readonly string[], parts: readonly string[]): string | null {
  const own = projectOf(__dirname);
  const folder = own === null || callersProject() === own ? [] : ['--prefix', own];
  const all = ['npm', ...folder, ...script, '--', ...parts].map((part) => quoted(part));
  return all.includes(null) ? null : all.join(' ');
}

/** null also where the folder that this was called in is gone. */
function callersProject(): string | null {
  try {
    return projectOf(process.cwd());
  } catch {
    return null;
  }
}

/** The folder that npm takes for the project when it is called in `folder`; null = none. */
function projectOf(folder: string): string | null {
  if (existsSync(path.join(folder, 'package.json'))) return folder;
  const parent = path.dirname(folder);
  return parent === folder ? null : projectOf(parent);
}

/** One argument as the shell takes it, whatever it is made of; null where it cannot be written for that shell. */
export function quoted(text: string, platform: NodeJS.Platform = process.platform): string | null {
  if (platform === 'win32') return quotedForWindows(text);
  if (/^(?!=)[\w./+,:@%=-]+$/.test(text)) return text; // zsh looks up a command behind a leading "="
  if (isPrintable(text)) return `'${text.replaceAll("'", `'\\''`)}'`;
  // It would act on the terminal instead of being seen: bash and zsh read these escapes.
  const escaped = [...text].map((character) => (isPrintable(character) ? character : escapeOf(character)));
  return `$'${escaped.map((each) => (each === "'" || each === '\\' ? `\\${each}` : each)).join('')}'`;
}

/**
 * For cmd and PowerShell at once, since nobody knows which it is. Inside double quotes the one replaces what the other
 * leaves alone, PowerShell ends them at a curly quote as well, and a backslash at the end hides the closing one. Before
 * npm 10.9.3 and 11.4, PowerShell takes a bare "--" for its own (npm/cli#4903), and "-a.db" for two arguments.
 */
function quotedForWindows(text: string): string | null {
  if (/[$`%"!^\u2018-\u201e]/.test(text) || text.endsWith('\\') || !isPrintable(text)) return null;
  return /^(--?[a-z][a-z-]*|[\w./+:][\w./+:-]*)$/.test(text) ? text : `"${text}"`;
}

function escapeOf(character: string): string {
  const hex = (character.codePointAt(0) ?? 0).toString(16);
  return hex.length > 4 ? `\\U${hex.padStart(8, '0')}` : `\\u${hex.padStart(4, '0')}`;
}
