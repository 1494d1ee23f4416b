import { textOf, type Value } from './rows.ts';

/**
 * When a stored time was, in milliseconds of UTC, for the forms that SQLite's julianday() reads; null for every other text.
 * Written from SQLite's documentation of time values, so that no SQL is needed to order rows.
 */
export function instantOf(value: Value | undefined): number | null {
  const text = textOf(value);
  const date = /^(-?\d{4})-(\d\d)-(\d\d)(.*)$/s.exec(text);
  if (date) return fromParts(date);
  const number = /^[ \t\n\v\f\r]*[-+]?(\d+(\.\d*)?|\.\d+)([eE][-+]?\d+)?[ \t\n\v\f\r]*$/.test(text)
    ? Number(text)
    : NaN;
  // A bare number is a Julian day; epoch seconds lie far outside the range of days.
  return number >= 0 && number < 5373484.5 ? Math.floor(number * 86_400_000 + 0.5) - UNIX_EPOCH : null;
}

const UNIX_EPOCH = 210_866_760_000_000;

function fromParts([, year = '', month = '', day = '', rest = '']: RegExpExecArray): number | null {
  if (+month < 1 || +month > 12 || +day < 1 || +day > 31) return null;
  const time = /^[ \t\n\v\f\rT]*(.*)$/s.exec(rest)?.[1] ?? '';
  const milliseconds = time === '' ? 0 : timeOfDay(time);
  if (milliseconds === null) return null;
  const midnight = new Date(0);
  midnight.setUTCFullYear(+year, +month - 1, +day);
  return midnight.getTime() + milliseconds;
}

function timeOfDay(text: string): number | null {
  const parts = /^(\d\d):(\d\d)(?::(\d\d)(\.\d+)?)?[ \t\n\v\f\r]*(?:([zZ])|([-+])(\d\d):(\d\d))?[ \t\n\v\f\r]*$/.exec(
    text,
  );
  if (!parts) return null;
  const [, hour = '', minute = '', second = '0', fraction = '0', , sign, offsetHours = '0', offsetMinutes = '0'] =
    parts;
  if (+hour > 24 || +minute > 59 || +second > 59 || +offsetHours > 14 || +offsetMinutes > 59) return null;
  const offset = (sign === '-' ? -1 : 1) * (+offsetHours * 60 + +offsetMinutes);
  return (+hour * 60 + +minute - offset) * 60_000 + Math.floor((+second + Number(fraction)) * 1000 + 0.5);
}

/** Orders two times: readable ones by instant, after all unreadable ones, which are ordered as text. */
export function compareTimes(a: Value | undefined, b: Value | undefined): number {
  const [first, second] = [instantOf(a), instantOf(b)];
  if (first !== null && second !== null) return first - second;
  if (first !== null || second !== null) return first === null ? -1 : 1;
  return compareTexts(textOf(a), textOf(b));
}

/** As SQLite compares text: by bytes of UTF-8. */
export const compareTexts = (a: string, b: string): number =>
  a === b ? 0 : Buffer.compare(Buffer.from(a), Buffer.from(b));
