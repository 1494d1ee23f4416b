import type { CellValue } from '@shared/browse.ts';
import type { ShownRows } from '../../stores/browse-rows.ts';
import { bytes, counted } from '../../words/numbers.ts';

/** How a value looks in one line, and what a screen reader says of it. */
export interface CellText {
  readonly text: string;
  /** Told apart by more than colour: the words of a tag are set in another face. */
  readonly kind: 'value' | 'number' | 'tag';
  readonly isCut: boolean;
}

const LINE_BREAKS = /\r\n|[\n\r\u2028\u2029]/g;
/** Characters that would be invisible, or turn the text of the cell around. */
// oxlint-disable-next-line no-control-regex -- control characters are what is meant
const INVISIBLE = /[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f-\u009f\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff]/g;

export function cellText(cell: CellValue): CellText {
  switch (cell.type) {
    case 'null':
      return { text: 'NULL', kind: 'tag', isCut: false };
    case 'integer':
    case 'real':
      return { text: cell.value, kind: 'number', isCut: false };
    case 'text':
      return textOf(cell.value, cell.length, cell.isCut ?? false);
    case 'blob':
      return {
        text: cell.length === 0 ? 'empty blob' : `blob, ${bytes(cell.length)}`,
        kind: 'tag',
        isCut: cell.length > 0,
      };
    case 'broken-text':
      return { text: `broken text, ${bytes(cell.length)}`, kind: 'tag', isCut: true };
    case 'masked':
      return { text: `hidden, ${bytes(cell.length)}`, kind: 'tag', isCut: false };
    case 'failed':
      return { text: `cannot be computed: ${visible(cell.reason)}`, kind: 'tag', isCut: false };
  }
}

function textOf(value: string, length: number, isCut: boolean): CellText {
  if (length === 0) return { text: 'empty text', kind: 'tag', isCut: false };
  if (value === '') return { text: `text, ${bytes(length)}`, kind: 'tag', isCut: true };
  return { text: visible(value), kind: 'value', isCut };
}

/** One line, with nothing hidden in it. */
export const visible = (text: string): string =>
  text
    .replace(LINE_BREAKS, '⏎')
    .replace(/\t/g, '⇥')
    .replace(INVISIBLE, (character) => `⟨${(character.codePointAt(0) ?? 0).toString(16).padStart(4, '0')}⟩`);

/**
 * "1,201–1,260 of 19,835 rows"; "of about 200,000 rows" where the number was estimated, "of at least 1,300 rows" where
 * counting has got that far.
 */
export function placeWords(first: number, last: number, total: Omit<ShownRows, 'isFinal'>): string {
  if (total.value === 0) return total.isExact ? 'No rows' : 'Looking for rows…';
  const roughly = total.isExact ? '' : total.isAtLeast ? 'at least ' : 'about ';
  const of = `${roughly}${counted(total.value, 'row')}`;
  return `${(first + 1).toLocaleString('en-US')}–${Math.min(last + 1, total.value).toLocaleString('en-US')} of ${of}`;
}
