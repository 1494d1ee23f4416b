/** How points in time are written: near ones relative, far ones as a date; always the reader's own time zone. */

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

/** "just now", "12 s ago", "5 min ago", "3 hours ago", "yesterday", "4 days ago", then the date. */
export function ago(iso: string, now: number): string {
  const at = Date.parse(iso);
  if (Number.isNaN(at)) return iso;
  const passed = Math.max(0, now - at);
  if (passed < 2_000) return 'just now';
  if (passed < MINUTE) return `${Math.floor(passed / 1_000)} s ago`;
  if (passed < HOUR) return `${Math.floor(passed / MINUTE)} min ago`;
  if (passed < DAY) return plural(Math.floor(passed / HOUR), 'hour');
  const days = Math.floor(passed / DAY);
  if (days === 1) return 'yesterday';
  if (days < 30) return plural(days, 'day');
  return `on ${dateTime(iso).slice(0, 10)}`;
}

/** "2026-11-20 14:02"; sortable, the same everywhere. */
export function dateTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const two = (value: number): string => String(value).padStart(2, '0');
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())} ${two(at.getHours())}:${two(at.getMinutes())}`;
}

/** "14:02", of the day that the reader is in. */
export const clock = (iso: string): string => dateTime(iso).slice(-5);

/** "2026-11-20 14:02:33": where two of the same minute have to be told apart. */
export function dateTimeSeconds(iso: string): string {
  const at = new Date(iso);
  return Number.isNaN(at.getTime()) ? iso : `${dateTime(iso)}:${String(at.getSeconds()).padStart(2, '0')}`;
}

/** "20261120T140233" for the names of files: local time, as in every name and sentence that people read. */
export function stamp(iso: string): string {
  const seconds = String(new Date(iso).getSeconds()).padStart(2, '0');
  return `${dateTime(iso).replace(/[-:]/g, '').replace(' ', 'T')}${seconds}`;
}

const plural = (value: number, unit: string): string => `${value} ${unit}${value === 1 ? '' : 's'} ago`;
