/** What point in time a value may mean: people read "2026-03-14 09:00", databases hold 1773478800. */
export interface TimeReading {
  /** "Unix seconds" */
  readonly kind: string;
  readonly at: Date;
  /** The text names no zone; it was read as UTC, as SQLite does. */
  readonly isZoneAssumed: boolean;
}

/** Numbers are read as times between these years only: every number would be some time otherwise. */
const FIRST = Date.UTC(1980, 0, 1);
const LAST = Date.UTC(2100, 0, 1);
const ISO =
  /^\s*([+-]?\d{4,6})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})([.,]\d+)?)?\s*(Z|[+-]\d{2}:?\d{2})?)?\s*$/i;
const JULIAN_UNIX = 2_440_587.5;
const DAY_MS = 86_400_000;

/** @param type storage class. The likeliest first; empty = it looks like no time. */
export function timeReadings(type: string, value: string): TimeReading[] {
  if (type === 'text') return isoReading(value);
  if (type !== 'integer' && type !== 'real') return [];
  const number = Number(value);
  const scales = [
    { kind: 'Unix seconds', ms: number * 1_000 },
    { kind: 'Unix milliseconds', ms: number },
    { kind: 'Unix microseconds', ms: number / 1_000 },
    { kind: 'Unix nanoseconds', ms: number / 1_000_000 },
    { kind: 'Julian day', ms: (number - JULIAN_UNIX) * DAY_MS },
  ];
  return scales
    .filter(({ ms }) => ms >= FIRST && ms < LAST)
    .map(({ kind, ms }) => ({ kind, at: new Date(ms), isZoneAssumed: false }));
}

function isoReading(text: string): TimeReading[] {
  const found = ISO.exec(text);
  if (!found) return [];
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = '', zone] = found;
  const ms = fraction === '' ? '' : `.${fraction.slice(1, 4).padEnd(3, '0')}`;
  const at = new Date(`${year}-${month}-${day}T${hour}:${minute}:${second}${ms}${zone?.toUpperCase() ?? 'Z'}`);
  // 31 February would become 3 March.
  const isReal =
    !Number.isNaN(at.getTime()) &&
    new Date(Date.UTC(Number(year), Number(month) - 1, Number(day))).getUTCDate() === Number(day);
  return isReal ? [{ kind: 'ISO 8601', at, isZoneAssumed: zone === undefined }] : [];
}

const two = (value: number): string => String(value).padStart(2, '0');

/** "2026-03-14 09:00:00.250 UTC" */
export const utcTime = (at: Date): string =>
  `${at.toISOString().replace('T', ' ').replace('.000', '').replace('Z', '')} UTC`;

/** "2026-03-14 10:00:00, UTC+01:00" */
export function localTime(at: Date): string {
  const offset = -at.getTimezoneOffset();
  const zone = `UTC${offset < 0 ? '-' : '+'}${two(Math.floor(Math.abs(offset) / 60))}:${two(Math.abs(offset) % 60)}`;
  const date = `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
  return `${date} ${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}, ${zone}`;
}

/** Columns of numbers that hold times, by their names and types. */
const NAMED = /(^|_)(at|on|date|time|timestamp|ts|created|updated|modified|expires?)$|date|time/i;

/** The time beside a raw value in a list of values; null = it says it itself, or is none. */
export function timeBeside(column: { name: string; type: string }, type: string, value: string): string | null {
  if (type !== 'text' && !NAMED.test(column.name) && !/date|time/i.test(column.type)) return null;
  const [first] = timeReadings(type, value);
  return first ? localTime(first.at) : null;
}
