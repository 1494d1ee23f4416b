/**
 * JSON as the original program reads and writes it. It is a Python program, whose reader differs from JavaScript's:
 * NaN and Infinity are numbers, whole numbers have any size, 1 and 1.0 are told apart, a byte-order mark is refused.
 */

/** Whole numbers are bigint, all others number; of equal keys the last wins, at the place of the first. */
export type Json = null | boolean | string | bigint | number | readonly Json[] | JsonObject;
export type JsonObject = ReadonlyMap<string, Json>;

export const isObject = (value: Json | undefined): value is JsonObject => value instanceof Map;
export const isList = (value: Json | undefined): value is readonly Json[] => Array.isArray(value);

/** The text is no JSON: `message` says why, to be read after "the file is refused: ". */
export class MalformedJson extends Error {}

/** Python refuses longer whole numbers, and both it and SQLite give up where values are nested deeper. */
const MOST_DIGITS = 4300;
const MOST_LEVELS = 900;

/** @throws MalformedJson */
export function readJson(text: string): Json {
  if (text.startsWith('\ufeff')) throw new MalformedJson('it begins with a byte-order mark');
  if (text.trim() === '') throw new MalformedJson('it is empty');
  return new Reader(text).document();
}

/** Compact: no blanks, letters outside ASCII as they are, keys in their order. */
export function compactJson(value: Json): string {
  if (isList(value)) return `[${value.map(compactJson).join(',')}]`;
  if (isObject(value)) {
    return `{${[...value].map(([key, item]) => `${JSON.stringify(key)}:${compactJson(item)}`).join(',')}}`;
  }
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : pythonFloat(value).replace('inf', 'Infinity');
  return typeof value === 'bigint' ? String(value) : JSON.stringify(value);
}

/** A float as Python writes it: the shortest digits that give it back, 1.0, 1e-05, 1e+16, nan, -inf. */
export function pythonFloat(value: number): string {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? 'nan' : value < 0 ? '-inf' : 'inf';
  const sign = value < 0 || Object.is(value, -0) ? '-' : '';
  const size = Math.abs(value);
  const power = size === 0 ? 0 : Number(size.toExponential().split('e')[1]);
  if (power < -4 || power >= 16) {
    return `${sign}${size.toExponential().replace(/e([-+])(\d)$/, 'e$10$2')}`;
  }
  const digits = String(size); // without an exponent in JavaScript too
  return `${sign}${digits}${digits.includes('.') ? '' : '.0'}`;
}

const words: ReadonlyMap<string, Json> = new Map<string, Json>([
  ['null', null],
  ['true', true],
  ['false', false],
  ['NaN', NaN],
  ['Infinity', Infinity],
  ['-Infinity', -Infinity],
]);
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

class Reader {
  private at = 0;
  private level = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  document(): Json {
    const value = this.value();
    this.take(/[ \t\n\r]*/y);
    if (this.at < this.text.length) throw this.error('there is more text behind its end');
    return value;
  }

  private value(): Json {
    this.take(/[ \t\n\r]*/y);
    const first = this.text[this.at];
    if (first === '"') return this.string();
    if (first === '{') return this.nested(() => this.object());
    if (first === '[') return this.nested(() => this.list());
    const word = this.take(/null|true|false|NaN|-?Infinity/y);
    if (word !== '') return words.get(word) ?? null;
    const number = this.take(/-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][-+]?[0-9]+)?/y);
    if (number === '') throw this.error('it is not valid JSON');
    if (/[.eE]/.test(number)) return Number(number);
    if (number.length > MOST_DIGITS) throw this.error(`it has a number of more than ${MOST_DIGITS} digits`);
    return BigInt(number);
  }

  private nested<T>(read: () => T): T {
    this.level += 1;
    if (this.level > MOST_LEVELS) throw this.error(`its values are nested more than ${MOST_LEVELS} levels deep`);
    this.at += 1;
    const value = read();
    this.level -= 1;
    return value;
  }

  private list(): Json[] {
    const items: Json[] = [];
    if (this.skip(']')) return items;
    for (;;) {
      items.push(this.value());
      if (this.skip(']')) return items;
      this.expect(',');
    }
  }

  private object(): JsonObject {
    const entries = new Map<string, Json>();
    if (this.skip('}')) return entries;
    for (;;) {
      this.take(/[ \t\n\r]*/y);
      const key = this.string();
      this.expect(':');
      entries.set(key, this.value());
      if (this.skip('}')) return entries;
      this.expect(',');
    }
  }

  private string(): string {
    this.expect('"');
    let value = '';
    for (;;) {
      // Control characters inside a text are refused.
      value += this.take(/[^"\\\u0000-\u001f]*/y);
      if (this.text[this.at] === '"') break;
      if (this.text[this.at] !== '\\') throw this.error('it is not valid JSON');
      value += this.escaped();
    }
    this.at += 1;
    return value;
  }

  private escaped(): string {
    const code = this.take(/\\u[0-9a-fA-F]{4}/y);
    if (code !== '') return String.fromCharCode(parseInt(code.slice(2), 16));
    const character = escapes[this.text[this.at + 1] ?? ''];
    if (character === undefined) throw this.error('it is not valid JSON');
    this.at += 2;
    return character;
  }

  private take(pattern: RegExp): string {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? '';
    this.at += found.length;
    return found;
  }

  private skip(character: string): boolean {
    this.take(/[ \t\n\r]*/y);
    const isThere = this.text[this.at] === character;
    if (isThere) this.at += 1;
    return isThere;
  }

  private expect(character: string): void {
    if (!this.skip(character)) throw this.error('it is not valid JSON');
  }

  private error(what: string): MalformedJson {
    const before = this.text.slice(0, this.at);
    const line = before.split('\n').length;
    if (this.text.slice(this.at).trim() === '') return new MalformedJson(`it is cut off in line ${line}`);
    return new MalformedJson(`${what} (line ${line}, column ${this.at - before.lastIndexOf('\n')})`);
  }
}
