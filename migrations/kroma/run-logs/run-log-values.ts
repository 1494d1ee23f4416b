import { isList, isObject, pythonFloat, type Json, type JsonObject } from './run-log-json.ts';

/** How the values of a run log become the values of columns. JSON null counts as absent everywhere (D3). */

/** The first of these keys that has a value. */
export function firstOf(object: JsonObject, ...keys: readonly string[]): Json {
  for (const key of keys) {
    const value = object.get(key) ?? null;
    if (value !== null) return value;
  }
  return null;
}

/** The first of these keys that has a text worth the name. */
export function firstText(object: JsonObject, ...keys: readonly string[]): string {
  return keys.map((key) => textOf(object.get(key))).find((text) => text !== '') ?? '';
}

/** Text as Python's str() writes the value; '' where there is none. */
export const textOf = (value: Json | undefined): string =>
  value === null || value === undefined ? '' : typeof value === 'string' ? whole(value) : written(value);

/** A path as rows have it: slashes, no outer blanks; null where nothing is left. The same rule as in path-rule.ts. */
export function cleanPath(value: Json | undefined): string | null {
  return textOf(value).replaceAll('\\', '/').replace(outerBlanks, '') || null;
}

/** As Python's int() reads it, without the fraction; null for what it refuses and for what no column can hold exactly. */
export function wholeNumber(value: Json | undefined): number | null {
  const number = numberOf(value);
  return number !== null && Number.isSafeInteger(Math.trunc(number)) ? Math.trunc(number) : null;
}

/** As Python's float() reads it; null for what it refuses, and for NaN and Infinity, which are no amounts. */
export function numberOf(value: Json | undefined): number | null {
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (typeof value === 'string' && !/^\s*[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?\s*$/.test(value)) return null;
  if (typeof value !== 'number' && typeof value !== 'bigint' && typeof value !== 'string') return null;
  const number = Number(value);
  return Number.isFinite(number) ? number : null;
}

/**
 * A time as the database writes it: UTC, whole seconds, 2026-03-04T05:06:07Z.
 * @returns null for what is no date with a time.
 */
export function wholeSeconds(time: string | null): string | null {
  if (time === null || !/^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[-+]\d\d:?\d\d)?$/.test(time)) return null;
  const iso = time.replace(' ', 'T');
  const instant = Date.parse(/(Z|[-+]\d\d:?\d\d)$/.test(iso) ? iso : `${iso}Z`);
  return Number.isNaN(instant) ? null : new Date(instant).toISOString().replace(/\.\d+Z$/, 'Z');
}

/** What Python's str.strip() removes. */
const outerBlanks =
  /^[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+|[\t-\r\x1c- \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+$/g;

/** Half of a character can't be stored as text. */
const whole = (text: string): string => text.replace(/\p{Surrogate}/gu, '\ufffd');

/** Python's repr(). */
function written(value: Json): string {
  if (value === null) return 'None';
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  if (typeof value === 'bigint') return String(value);
  if (typeof value === 'number') return pythonFloat(value);
  if (typeof value === 'string') return quoted(whole(value));
  if (isList(value)) return `[${value.map(written).join(', ')}]`;
  if (isObject(value)) return `{${[...value].map(([key, item]) => `${quoted(key)}: ${written(item)}`).join(', ')}}`;
  return '';
}

function quoted(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const safe = text.replaceAll('\\', '\\\\').replaceAll('\n', '\\n').replaceAll('\r', '\\r').replaceAll('\t', '\\t');
  return mark + (mark === "'" ? safe.replaceAll("'", "\\'") : safe) + mark;
}
