import { sizeText } from '@shared/sizes.ts';
import type { RowCount } from '@shared/status.ts';

/** How numbers are written everywhere: grouped thousands, decimal units, never without a unit. */

const grouped = new Intl.NumberFormat('en-US', { maximumFractionDigits: 0 });

/** "19,835" */
export const count = (value: number): string => grouped.format(value);

/** "1 row", "2 rows"; pass `many` where adding an s is not enough. */
export const counted = (value: number, one: string, many = `${one}s`): string =>
  `${count(value)} ${value === 1 ? one : many}`;

/** "148", or "about 200,000" where the rows were estimated. */
export const rowCount = (rows: RowCount): string => (rows.isExact ? count(rows.value) : `about ${count(rows.value)}`);

/** "0 bytes", "812 bytes", "59.9 MB", "1.2 GB" */
export const bytes = sizeText;

/** "4 ms", "1.2 s", "12 s", "2 min 5 s", "1 h 4 min" */
export function duration(ms: number): string {
  if (ms < 1_000) return `${count(Math.round(ms))} ms`;
  const seconds = ms / 1_000;
  if (seconds < 9.95) return `${seconds.toFixed(1)} s`;
  const whole = Math.round(seconds);
  if (whole < 60) return `${whole} s`;
  if (whole < 3_600) return joinUnits(Math.floor(whole / 60), 'min', whole % 60, 's');
  return joinUnits(Math.floor(whole / 3_600), 'h', Math.round((whole % 3_600) / 60), 'min');
}

/** A range in words, coarse on purpose: "less than a second", "2 to 3 s", "about 4 min", "1 to 2 min". */
export function secondsRange(range: { min: number; max: number }): string {
  if (range.max < 1) return 'less than a second';
  if (range.max < 90) return spread(Math.max(1, Math.floor(range.min)), Math.ceil(range.max), 's');
  if (range.max < 5_400) return spread(Math.max(1, Math.floor(range.min / 60)), Math.ceil(range.max / 60), 'min');
  return spread(Math.max(1, Math.floor(range.min / 3_600)), Math.ceil(range.max / 3_600), 'h');
}

/** "41,000 rows/s"; rounded to two digits because the rest is noise. */
export function rate(rowsPerSecond: number): string {
  const step = 10 ** Math.max(0, Math.floor(Math.log10(Math.max(1, rowsPerSecond))) - 1);
  return `${count(Math.round(rowsPerSecond / step) * step)} rows/s`;
}

/** Whole percent, and never 100 before everything is there. */
export function percent(done: number, total: number): number {
  if (total <= 0) return 0;
  if (done >= total) return 100;
  return Math.min(99, Math.floor((100 * done) / total));
}

const joinUnits = (large: number, largeUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${large} ${largeUnit}` : `${large} ${largeUnit} ${small} ${smallUnit}`;

const spread = (min: number, max: number, unit: string): string =>
  min >= max ? `about ${max} ${unit}` : `${min} to ${max} ${unit}`;
