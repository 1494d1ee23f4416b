/**
 * JSON as Python's json.loads reads it, with what JavaScript's own parser loses: whole numbers of any size, numbers written
 * as fractions, NaN and Infinity, and the text each value was written as.
 */
export type Json =
  | { kind: 'null'; raw: string }
  | { kind: 'boolean'; value: boolean; raw: string }
  | { kind: 'integer'; value: bigint; raw: string }
  | { kind: 'float'; value: number; raw: string }
  | { kind: 'text'; value: string; raw: string }
  | { kind: 'list'; items: Json[]; raw: string }
  /** Of double keys the last wins, at the place of the first. */
  | { kind: 'object'; entries: Map<string, Json>; raw: string };

/** @returns null for text that json.loads refuses: malformed, empty, or with a byte-order mark. */
export function parsePython(text: string): Json | null {
  const parser = new Parser(text);
  try {
    return parser.document();
  } catch (error) {
    if (error instanceof Malformed) return null;
    throw error;
  }
}

class Malformed extends Error {}

const wordValues: Record<string, (raw: string) => Json> = {
  null: (raw) => ({ kind: 'null', raw }),
  true: (raw) => ({ kind: 'boolean', value: true, raw }),
  false: (raw) => ({ kind: 'boolean', value: false, raw }),
  NaN: (raw) => ({ kind: 'float', value: NaN, raw }),
  Infinity: (raw) => ({ kind: 'float', value: Infinity, raw }),
  '-Infinity': (raw) => ({ kind: 'float', value: -Infinity, raw }),
};
const escapes: Record<string, string> = { '"': '"', '\\': '\\', '/': '/', b: '\b', f: '\f', n: '\n', r: '\r', t: '\t' };

class Parser {
  private at = 0;
  private readonly text: string;
  constructor(text: string) {
    this.text = text;
  }

  document(): Json {
    const value = this.value();
    this.blanks();
    if (this.at !== this.text.length) throw new Malformed();
    return value;
  }

  private blanks(): void {
    while (' \t\n\r'.includes(this.text[this.at] ?? '?')) this.at += 1;
  }

  private match(pattern: RegExp): string | null {
    pattern.lastIndex = this.at;
    const found = pattern.exec(this.text)?.[0] ?? null;
    if (found !== null) this.at += found.length;
    return found;
  }

  private expect(character: string): void {
    this.blanks();
    if (this.text[this.at] !== character) throw new Malformed();
    this.at += 1;
  }

  private sees(character: string): boolean {
    this.blanks();
    return this.text[this.at] === character;
  }

  private value(): Json {
    this.blanks();
    const start = this.at;
    const word = this.match(/null|true|false|NaN|Infinity|-Infinity/y);
    if (word !== null) return (wordValues[word] as (raw: string) => Json)(word);
    const first = this.text[this.at];
    if (first === '"') return { kind: 'text', value: this.string(), raw: this.text.slice(start, this.at) };
    if (first === '{') return { kind: 'object', entries: this.entries(), raw: this.text.slice(start, this.at) };
    if (first === '[') return { kind: 'list', items: this.items(), raw: this.text.slice(start, this.at) };
    const raw = this.match(/-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?/y);
    if (raw === null) throw new Malformed();
    return /[.eE]/.test(raw)
      ? { kind: 'float', value: Number(raw), raw }
      : { kind: 'integer', value: BigInt(raw), raw };
  }

  private items(): Json[] {
    this.expect('[');
    const items: Json[] = [];
    if (this.sees(']')) return (this.expect(']'), items);
    for (;;) {
      items.push(this.value());
      if (this.sees(']')) return (this.expect(']'), items);
      this.expect(',');
    }
  }

  private entries(): Map<string, Json> {
    this.expect('{');
    const entries = new Map<string, Json>();
    if (this.sees('}')) return (this.expect('}'), entries);
    for (;;) {
      if (!this.sees('"')) throw new Malformed();
      const key = this.string();
      this.expect(':');
      entries.set(key, this.value());
      if (this.sees('}')) return (this.expect('}'), entries);
      this.expect(',');
    }
  }

  private string(): string {
    this.expect('"');
    let value = '';
    for (;;) {
      // Control characters inside a text are refused, as json.loads does.
      value += this.match(/[^"\\\u0000-\u001f]+/y) ?? '';
      const character = this.text[this.at];
      this.at += 1;
      if (character === '"') return value;
      if (character !== '\\') throw new Malformed();
      const escape = this.text[this.at] ?? '';
      this.at += 1;
      const simple = escapes[escape];
      if (simple !== undefined) value += simple;
      else if (escape === 'u') value += this.codeUnit();
      else throw new Malformed();
    }
  }

  private codeUnit(): string {
    const digits = this.match(/[0-9a-fA-F]{4}/y);
    if (digits === null) throw new Malformed();
    return String.fromCharCode(parseInt(digits, 16));
  }
}

/** The JSON text without blanks between its parts. */
export const minified = (json: Json): string =>
  json.raw.replace(/("(?:[^"\\]|\\.)*")|[ \t\n\r]+/g, (_, text?: string) => text ?? '');
