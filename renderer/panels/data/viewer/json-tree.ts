/** JSON as it stands there: numbers keep every digit, names may occur twice, and an error says where it is. */

export type JsonNode =
  | { readonly kind: 'object'; readonly entries: readonly JsonEntry[] }
  | { readonly kind: 'array'; readonly items: readonly JsonNode[] }
  /** As written, quotes included. */
  | { readonly kind: 'string' | 'number' | 'word'; readonly raw: string };
export type JsonEntry = readonly [name: string, value: JsonNode];

export type JsonAnswer =
  | { readonly ok: true; readonly root: JsonNode }
  /** Both 1-based. */
  | { readonly ok: false; readonly line: number; readonly column: number; readonly what: string };

const SPACE = /[ \t\n\r]*/y;
// oxlint-disable-next-line no-control-regex -- JSON forbids them in strings
const PLAIN = /"[^"\\\u0000-\u001f]*(?:\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})[^"\\\u0000-\u001f]*)*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

type Open =
  | { readonly kind: 'object'; readonly entries: JsonEntry[]; name: string }
  | { readonly kind: 'array'; readonly items: JsonNode[] };

/** Nested as deep as it may be: what is open is kept in a list, not on the stack. */
export function parseJson(text: string): JsonAnswer {
  const open: Open[] = [];
  let at = 0;
  const take = (pattern: RegExp): string | null => {
    pattern.lastIndex = at;
    const found = pattern.exec(text)?.[0] ?? null;
    at += found?.length ?? 0;
    return found;
  };
  const next = (): string => {
    take(SPACE);
    return text.charAt(at);
  };
  const skip = (sign: string): boolean => {
    if (next() !== sign) return false;
    at++;
    return true;
  };
  const wrong = (what: string): JsonAnswer => ({ ok: false, ...placeOf(text, at), what });

  for (;;) {
    let value = readOne();
    if (typeof value === 'string') return wrong(value);
    if (value === null) continue; // an object or array has begun
    for (;;) {
      const inner = open.at(-1);
      if (inner === undefined) {
        return next() === '' ? { ok: true, root: value } : wrong('something stands after the end');
      }
      if (inner.kind === 'array') inner.items.push(value);
      else inner.entries.push([inner.name, value]);
      if (skip(',')) {
        const problem = inner.kind === 'object' ? readName(inner) : null;
        if (problem !== null) return wrong(problem);
        break;
      }
      const end = inner.kind === 'array' ? ']' : '}';
      if (!skip(end)) return wrong(next() === '' ? `it ends before its ${end}` : `a comma or ${end} should stand here`);
      open.pop();
      value = closed(inner);
    }
  }

  /** @returns a value; null when one has begun that holds others; else what is wrong. */
  function readOne(): JsonNode | null | string {
    const sign = next();
    if (sign === '[') {
      at++;
      if (skip(']')) return { kind: 'array', items: [] };
      open.push({ kind: 'array', items: [] });
      return null;
    }
    if (sign === '{') {
      at++;
      if (skip('}')) return { kind: 'object', entries: [] };
      const begun: Open = { kind: 'object', entries: [], name: '' };
      open.push(begun);
      return readName(begun);
    }
    if (sign === '"') return atom('string', PLAIN) ?? 'this text does not end, or holds what must be escaped';
    if (sign === '') return 'it ends where a value should stand';
    return atom('number', NUMBER) ?? atom('word', WORD) ?? 'no value begins like this';
  }

  function atom(kind: 'string' | 'number' | 'word', pattern: RegExp): JsonNode | null {
    const raw = take(pattern);
    return raw === null ? null : { kind, raw };
  }

  function readName(object: Extract<Open, { kind: 'object' }>): string | null {
    if (next() !== '"') return 'a name in quotes should stand here';
    const name = take(PLAIN);
    if (name === null) return 'this name does not end, or holds what must be escaped';
    if (!skip(':')) return 'a colon should stand here';
    object.name = name;
    return null;
  }
}

const closed = (inner: Open): JsonNode =>
  inner.kind === 'array' ? { kind: 'array', items: inner.items } : { kind: 'object', entries: inner.entries };

function placeOf(text: string, at: number): { line: number; column: number } {
  const before = text.slice(0, at).split(/\r\n|\n|\r/);
  return { line: before.length, column: (before.at(-1)?.length ?? 0) + 1 };
}

/** One line of the tree. */
export interface JsonRow {
  /** Names its place, for what is open and what is closed. */
  readonly id: string;
  readonly depth: number;
  /** Name in its object or number in its array, as written; null = the root. */
  readonly label: string | null;
  readonly node: JsonNode;
  readonly isOpen: boolean;
  /** Place among its siblings, from 1, and how many there are. */
  readonly place: number;
  readonly siblings: number;
}

export const sizeOf = (node: JsonNode): number =>
  node.kind === 'object' ? node.entries.length : node.kind === 'array' ? node.items.length : 0;

/** Lines in their order. @param toggled what was closed, or opened below `openDepth`, down to which all is open. */
export function jsonRows(root: JsonNode, toggled: ReadonlySet<string>, openDepth = 2): JsonRow[] {
  const rows: JsonRow[] = [];
  const waiting: Omit<JsonRow, 'isOpen'>[] = [{ id: '', depth: 0, label: null, node: root, place: 1, siblings: 1 }];
  for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
    const size = sizeOf(row.node);
    const isOpen = size > 0 && toggled.has(row.id) !== row.depth < openDepth;
    rows.push({ ...row, isOpen });
    if (!isOpen) continue;
    const { id, depth, node } = row;
    for (let at = size - 1; at >= 0; at--) {
      const [label, child] = childOf(node, at);
      if (child === undefined) continue;
      waiting.push({ id: `${id}/${at}`, depth: depth + 1, label, node: child, place: at + 1, siblings: size });
    }
  }
  return rows;
}

const childOf = (node: JsonNode, at: number): readonly [label: string, child: JsonNode | undefined] => {
  if (node.kind === 'object') return node.entries[at] ?? ['', undefined];
  return [String(at), node.kind === 'array' ? node.items[at] : undefined];
};
