import type { ValueHead, Part } from './value-source.ts';
import { visible } from '../cell-words.ts';

/** Text of any size in stretches: each character belongs to one of them, and bytes that are none are shown as bytes. */

type Encoding = ValueHead['encoding'];

/** One line on screen: a line of the text, or a piece of a long one. */
export interface TextRow {
  readonly text: string;
  /** 0-based line within the stretch; null = goes on from the row above. */
  readonly line: number | null;
}

export interface TextPart {
  readonly rows: readonly TextRow[];
  /** Line ends in it. */
  readonly breaks: number;
  readonly endsLine: boolean;
}

/** Longer lines are broken here: browsers get slow with lines of a million characters. */
export const ROW_CHARACTERS = 110;
/** A byte that is no character is carried as a lone surrogate, which valid text never holds. */
const ESCAPE = 0xdc00;

/** @param isContinued the stretch before did not end with a line end. */
export function textPart(part: Part, encoding: Encoding, isContinued: boolean): TextPart {
  const from = characterStart(part.bytes, part.from, encoding);
  const to = part.to === part.bytes.length ? part.to : characterStart(part.bytes, part.to, encoding);
  return rowsOf(decodeAnything(part.bytes.subarray(from, to), encoding), encoding, isContinued);
}

/** Where the first character begins that does not begin before `at`. The same from both sides of a cut. */
export function characterStart(bytes: Uint8Array, at: number, encoding: Encoding): number {
  if (encoding !== 'UTF-8') {
    const even = at + (at % 2);
    const high = (place: number): number => (bytes[place + (encoding === 'UTF-16le' ? 1 : 0)] ?? 0) & 0xfc;
    return even >= 2 && high(even - 2) === 0xd8 && high(even) === 0xdc ? even + 2 : even;
  }
  for (let back = 1; back <= 3 && at - back >= 0; back++) {
    const length = characterLength(bytes, at - back);
    if (length > back) return at - back + length;
    if (((bytes[at - back] ?? 0) & 0xc0) !== 0x80) break;
  }
  return at;
}

/** Bytes of the UTF-8 character that begins here; 0 = none does. */
function characterLength(bytes: Uint8Array, at: number): number {
  const lead = bytes[at] ?? 0;
  if (lead < 0x80) return 1;
  const length =
    lead >= 0xc2 && lead < 0xe0 ? 2 : lead >= 0xe0 && lead < 0xf0 ? 3 : lead >= 0xf0 && lead < 0xf5 ? 4 : 0;
  const second = bytes[at + 1] ?? 0;
  const lowest = lead === 0xe0 ? 0xa0 : lead === 0xf0 ? 0x90 : 0x80;
  const highest = lead === 0xed ? 0x9f : lead === 0xf4 ? 0x8f : 0xbf;
  if (length === 0 || second < lowest || second > highest) return 0;
  for (let more = 2; more < length; more++) if (((bytes[at + more] ?? 0) & 0xc0) !== 0x80) return 0;
  return length;
}

/** Never fails: what is no character in this encoding becomes a lone surrogate. */
export function decodeAnything(bytes: Uint8Array, encoding: Encoding): string {
  try {
    return new TextDecoder(encoding, { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    return encoding === 'UTF-8' ? decodeLoose(bytes) : decodeUnits(bytes, encoding);
  }
}

function decodeLoose(bytes: Uint8Array): string {
  const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
  const pieces: string[] = [];
  let start = 0;
  for (let at = 0; at < bytes.length;) {
    const length = characterLength(bytes, at);
    if (length > 0) at += length;
    else {
      pieces.push(decoder.decode(bytes.subarray(start, at)), String.fromCharCode(ESCAPE + (bytes[at] ?? 0)));
      start = ++at;
    }
  }
  return pieces.join('') + decoder.decode(bytes.subarray(start));
}

function decodeUnits(bytes: Uint8Array, encoding: Encoding): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let text = '';
  for (let at = 0; at + 1 < bytes.length; at += 2)
    text += String.fromCharCode(view.getUint16(at, encoding === 'UTF-16le'));
  return bytes.length % 2 === 0 ? text : text + String.fromCharCode(ESCAPE + (bytes.at(-1) ?? 0));
}

const LONE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** @returns true when the text holds something that is no character. */
export const hasBrokenBytes = (text: string): boolean => new RegExp(LONE.source).test(text);

/** Nothing hidden: control characters, spaces that are none, spaces at the end of a line, bytes that are no character. */
export function showInvisible(text: string, encoding: Encoding): string {
  const spaced = text.replace(/ +$/, (spaces) => '·'.repeat(spaces.length));
  return visible(spaced)
    .replace(/[\u00a0\u2000-\u200a\u202f\u205f\u3000]/g, (space) => `⟨${hexOf(space)}⟩`)
    .replace(LONE, (lone) => {
      const code = lone.charCodeAt(0);
      return `⟨${encoding === 'UTF-8' ? (code - ESCAPE).toString(16).padStart(2, '0') : hexOf(lone)}⟩`;
    });
}

const hexOf = (character: string): string => character.charCodeAt(0).toString(16).padStart(4, '0');

function rowsOf(text: string, encoding: Encoding, isContinued: boolean): TextPart {
  const rows: TextRow[] = [];
  let line = 0;
  let start = 0;
  const add = (content: string, ending: string, number: number | null): void => {
    for (let at = 0; at === 0 || at < content.length;) {
      const end = cutAt(content, at + ROW_CHARACTERS);
      const isLast = end >= content.length;
      const shown = showInvisible(content.slice(at, end), encoding) + (isLast ? ending : '');
      rows.push({ text: shown, line: at === 0 ? number : null });
      at = Math.max(end, at + 1);
    }
  };
  for (const found of text.matchAll(/\r\n|\n|\r/g)) {
    const ending = found[0] === '\r\n' ? '⟨cr⟩⏎' : found[0] === '\r' ? '⟨cr⟩' : '⏎';
    add(text.slice(start, found.index), ending, line === 0 && isContinued ? null : line);
    start = found.index + found[0].length;
    line++;
  }
  if (start < text.length) add(text.slice(start), '', line === 0 && isContinued ? null : line);
  return { rows, breaks: line, endsLine: start === text.length };
}

/** Not through a pair of surrogates. */
const cutAt = (text: string, at: number): number =>
  at < text.length && /[\udc00-\udfff]/.test(text.charAt(at)) && /[\ud800-\udbff]/.test(text.charAt(at - 1))
    ? at + 1
    : at;
