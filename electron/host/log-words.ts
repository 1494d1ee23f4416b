import os from 'node:os';
import { CodedError } from '@shared/errors.ts';
import { printable } from './printable.ts';

/** What a log line may carry: small facts. Never a row, a path below somebody's home, or a secret. */
export type Facts = Readonly<Record<string, string | number | boolean | null | undefined>>;

const LONGEST = 400;

/** Shapes of secrets, wherever they come from. What looks like one by mistake is no loss in a log. */
const SECRETS: readonly [pattern: RegExp, shown: string][] = [
  [/\b(bearer|basic)\s+\S+/gi, '$1 …'],
  [/([#?&.\s]|^)(token|key|secret|password|passwd|pwd|api[_-]?key)([=.:]\s?)\S+/gi, '$1$2$3…'],
  [/\b(sk|pk|ghp|gho|xox[abp])[-_][\w-]{8,}/g, '$1-…'],
  [/\b[\w-]{32,}\b/g, '…'], // keys, hashes, tokens without a name
  [/\b\S+@\S+\.\w+\b/g, '…@…'],
];

/** `text` on one line, without the home folder's name and without anything that looks like a secret. */
export function loggable(text: string, home = os.homedir()): string {
  let words = text;
  for (const folder of [home, home.replaceAll('\\', '/')]) if (folder.length > 1) words = words.split(folder).join('~');
  for (const [pattern, shown] of SECRETS) words = words.replace(pattern, shown);
  return printable(words, LONGEST);
}

/**
 * An error as facts: its code where it has one, else its class, its words without anything in quotes (that may be a
 * value out of a file), and where in our own bundles it came from.
 */
export function causeFacts(cause: unknown): Facts {
  if (cause instanceof CodedError) return { code: cause.appError.code, ...placeOf(cause) };
  if (!(cause instanceof Error)) return { thrown: typeof cause };
  const code = (cause as NodeJS.ErrnoException).code;
  return {
    error: cause.name,
    ...(typeof code === 'string' && { code }),
    words: unquoted(cause.message),
    ...placeOf(cause),
  };
}

const unquoted = (text: string): string =>
  text.replace(/(["'`])(?:(?!\1)[^])*\1(\.\.\.)?/g, '$1…$1').replace(/(^|\s)(\/|[a-z]:\\|\\\\)\S+/gi, '$1…');

/** `main.cjs:120:14`: file names of bundles say nothing about the machine. */
function placeOf(cause: Error): Facts {
  const at = /([\w.-]+\.(?:cjs|mjs|js|ts):\d+:\d+)/.exec(
    cause.stack?.split('\n    at ').slice(1).join('\n') ?? '',
  )?.[1];
  return at === undefined ? {} : { at };
}

/** `2026-11-21T12:00:00.000Z run-ended state=completed ms=1200` */
export function logLine(at: Date, event: string, facts: Facts = {}): string {
  const parts = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [`${name}=${typeof value === 'string' ? shown(loggable(value)) : String(value)}`],
  );
  return [at.toISOString(), event, ...parts].join(' ');
}

const shown = (text: string): string => (/^[^\s"=]+$/.test(text) ? text : JSON.stringify(text));
