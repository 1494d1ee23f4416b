/**
 * Reads the text of a CREATE TABLE statement as SQLite stores it: which column and which rule stands where, word for
 * word. Pragmas tell neither CHECK nor COLLATE nor how a generated column is computed, so a table that is rebuilt with
 * its owner's own columns needs their text.
 */
export interface TableDefinition {
  readonly columns: readonly ColumnDefinition[];
  /** Rules of the whole table, in their order. */
  readonly constraints: readonly ConstraintDefinition[];
  /** What follows the closing bracket: '', 'STRICT', 'WITHOUT ROWID, STRICT'. */
  readonly options: string;
}

export interface ColumnDefinition {
  readonly name: string;
  /** Everything, the name as written included. */
  readonly text: string;
  /** 'NOCASE' or null. */
  readonly collation: string | null;
  /** The CHECK rules written with the column, each with its name if it has one. */
  readonly checks: readonly string[];
}

export interface ConstraintDefinition {
  readonly kind: 'primary-key' | 'unique' | 'check' | 'foreign-key';
  /** Names between the first brackets; none for CHECK. */
  readonly columns: readonly string[];
  /** The table that a foreign key refers to. */
  readonly references: string | null;
  readonly text: string;
}

interface Token {
  readonly kind: 'word' | 'quoted' | 'mark' | 'blank';
  readonly text: string;
}

/** @throws Error when the text is no CREATE TABLE with a list of columns (virtual tables, views). */
export function readTableDefinition(sql: string): TableDefinition {
  const tokens = tokensOf(sql);
  const start = tokens.findIndex(({ text }) => text === '(');
  const isTable = /^create\s+(temp\s+|temporary\s+)?table\b/i.test(sql.trim());
  const end = start === -1 ? -1 : closing(tokens, start);
  if (!isTable || end === -1) throw new Error('the text is not the definition of a table');
  const columns: ColumnDefinition[] = [];
  const constraints: ConstraintDefinition[] = [];
  for (const part of split(tokens.slice(start + 1, end))) {
    if (isRule(part[0])) constraints.push(...rules(part).map(readConstraint));
    else columns.push(readColumn(part));
  }
  return {
    columns,
    constraints,
    options: joined(tokens.slice(end + 1))
      .replace(/;$/, '')
      .trim(),
  };
}

/** The text with references to other tables renamed; `renames` by name in small letters. */
export function renameReferences(text: string, renames: Readonly<Record<string, string>>): string {
  const tokens = tokensOf(text);
  return tokens
    .map((token, at) => {
      const before = tokens.slice(0, at).findLast(({ kind }) => kind !== 'blank');
      const name = isWord(before, 'references') ? renames[plainName(token).toLowerCase()] : undefined;
      return name === undefined || token.kind === 'blank' ? token.text : `"${name}"`;
    })
    .join('');
}

/** True when nothing but the layout and renamed references differs between two definitions. */
export function isSameTable(before: string, after: string, renames: Readonly<Record<string, string>>): boolean {
  const parts = (sql: string, change: (text: string) => string) => {
    const { columns, constraints, options } = readTableDefinition(sql);
    return JSON.stringify([[...columns, ...constraints].map(({ text }) => change(text)), options.toLowerCase()]);
  };
  try {
    return parts(before, (text) => renameReferences(text, renames)) === parts(after, (text) => text);
  } catch {
    return false;
  }
}

/** Every name that the text mentions, in small letters; key words are among them, texts in '…' are not. */
export const namesIn = (text: string): Set<string> =>
  new Set(
    tokensOf(text)
      .filter((token) => token.kind === 'word' || (token.kind === 'quoted' && !token.text.startsWith(`'`)))
      .map((token) => plainName(token).toLowerCase()),
  );

const TOKEN =
  /(?<blank>\s+|--[^\n]*(?:\n|$)|\/\*[\s\S]*?(?:\*\/|$))|(?<quoted>"(?:[^"]|"")*"|'(?:[^']|'')*'|`(?:[^`]|``)*`|\[[^\]]*\])|(?<word>[\p{L}\p{N}_$\u0080-\u{10ffff}]+)|(?<mark>[\s\S])/gu;

function tokensOf(sql: string): Token[] {
  return [...sql.matchAll(TOKEN)].map(({ 0: text, groups = {} }) => {
    const kind = (['blank', 'quoted', 'word', 'mark'] as const).find((name) => groups[name] !== undefined) ?? 'mark';
    return { kind, text };
  });
}

/** A name without its quotes. */
function plainName({ kind, text }: Token): string {
  if (kind !== 'quoted') return text;
  const quote = text.charAt(0);
  const inner = text.slice(1, -1);
  return quote === '[' ? inner : inner.replaceAll(quote + quote, quote);
}

const isWord = (token: Token | undefined, ...words: string[]): boolean =>
  token?.kind === 'word' && words.includes(token.text.toLowerCase());
const isRule = (token: Token | undefined): boolean =>
  isWord(token, 'constraint', 'primary', 'unique', 'check', 'foreign');

/** Place of the bracket that closes the one at `start`, or -1. */
function closing(tokens: readonly Token[], start: number): number {
  let depth = 0;
  for (let at = start; at < tokens.length; at++) {
    const text = tokens[at]?.text;
    if (text === '(') depth++;
    else if (text === ')' && --depth === 0) return at;
  }
  return -1;
}

/** Calls back for every token that is in no brackets. */
function eachOutside(tokens: readonly Token[], visit: (token: Token, at: number) => void): void {
  let depth = 0;
  tokens.forEach((token, at) => {
    if (token.text === ')') depth--;
    if (depth === 0 && token.text !== ')') visit(token, at);
    if (token.text === '(') depth++;
  });
}

/** The parts between outer commas, without the blanks and comments around them. */
function split(tokens: readonly Token[]): Token[][] {
  const commas: number[] = [];
  eachOutside(tokens, ({ text }, at) => text === ',' && commas.push(at));
  const ends = [...commas, tokens.length];
  return ends.map((end, part) => trimmed(tokens.slice(part === 0 ? 0 : (commas[part - 1] ?? 0) + 1, end)));
}

function trimmed(tokens: readonly Token[]): Token[] {
  const first = tokens.findIndex(({ kind }) => kind !== 'blank');
  return first === -1 ? [] : tokens.slice(first, tokens.findLastIndex(({ kind }) => kind !== 'blank') + 1);
}

const joined = (tokens: readonly Token[]): string =>
  trimmed(tokens)
    .map(({ text }) => text)
    .join('');

/** Rules of a table may follow each other without a comma. */
function rules(tokens: readonly Token[]): Token[][] {
  const starts: number[] = [];
  eachOutside(tokens, (token, at) => {
    const named = isWord(
      tokens.slice(starts.at(-1) ?? 0, at).find(({ kind }) => kind !== 'blank'),
      'constraint',
    );
    // A name stands between CONSTRAINT and its rule: `CONSTRAINT positive CHECK (…)` begins once.
    const isOfNamed = named && tokens.slice(starts.at(-1) ?? 0, at).filter(({ kind }) => kind !== 'blank').length <= 2;
    if (isRule(token) && !isOfNamed) starts.push(at);
  });
  return starts.map((start, part) => trimmed(tokens.slice(start, starts[part + 1] ?? tokens.length)));
}

const kinds = { primary: 'primary-key', unique: 'unique', check: 'check', foreign: 'foreign-key' } as const;

function readConstraint(tokens: readonly Token[]): ConstraintDefinition {
  const words = tokens.filter(({ kind }) => kind !== 'blank');
  const keyword = (isWord(words[0], 'constraint') ? words[2] : words[0])?.text.toLowerCase() ?? '';
  const kind = kinds[keyword as keyof typeof kinds];
  if (kind === undefined) throw new Error(`the rule ${joined(tokens)} is not understood`);
  const start = tokens.findIndex(({ text }) => text === '(');
  const listed = split(tokens.slice(start + 1, closing(tokens, start)));
  const target = words[words.findIndex((token) => isWord(token, 'references')) + 1];
  return {
    kind,
    columns: kind === 'check' ? [] : listed.flatMap(([name]) => (name ? [plainName(name)] : [])),
    references: kind === 'foreign-key' && target ? plainName(target) : null,
    text: joined(tokens),
  };
}

function readColumn(tokens: readonly Token[]): ColumnDefinition {
  const [name] = tokens;
  if (name === undefined) throw new Error('a column without a name');
  const checks: string[] = [];
  let collation: string | null = null;
  eachOutside(tokens, (token, at) => {
    const next = tokens.slice(at + 1).find(({ kind }) => kind !== 'blank');
    if (at > 0 && isWord(token, 'collate') && next) collation = plainName(next);
    if (at > 0 && isWord(token, 'check')) {
      const start = tokens.findIndex(({ text }, place) => place > at && text === '(');
      const before = tokens.slice(0, at).filter(({ kind }) => kind !== 'blank');
      const own = isWord(before.at(-2), 'constraint') ? `CONSTRAINT ${before.at(-1)?.text} ` : '';
      checks.push(`${own}CHECK ${joined(tokens.slice(start, closing(tokens, start) + 1))}`);
    }
  });
  return { name: plainName(name), text: joined(tokens), collation, checks };
}
