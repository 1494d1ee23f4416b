import { MASKED, plain, type FormattedTable, type RowFormat, type ValueStart } from './format.ts';

/** A table for people to read, with long text cut: not for reading back. Nothing in it becomes markup. */
export function markdown({ columns }: FormattedTable): RowFormat {
  return {
    head: `|${columns.map((name) => ` ${inCell(name)} |`).join('')}\n|${columns.map(() => ' --- |').join('')}\n`,
    rowStart: () => '|',
    lead: () => ' ',
    value: (start) => plain(`${valueOf(start)} |`),
    rowEnd: '\n',
    tail: () => '',
  };
}

/** Longer texts end in an ellipsis, characters. */
export const LONGEST = 200;

function valueOf({ type, text, sizeBytes }: ValueStart): string {
  switch (type) {
    case 'null':
      return '*NULL*';
    case 'integer':
    case 'real':
      return text;
    case 'text':
      return text === '' ? '*empty text*' : inCell(text);
    case 'blob':
      return `*blob, ${sizeBytes} bytes*`;
    case 'broken-text':
      return `*broken text, ${sizeBytes} bytes*`;
    case 'masked':
      return `*${MASKED}*`;
  }
}

function inCell(text: string): string {
  const characters = [...text.slice(0, 2 * LONGEST)];
  const isCut = characters.length > LONGEST || text.length > 2 * LONGEST;
  const shown = isCut ? `${characters.slice(0, LONGEST).join('')}…` : text;
  return (
    shown
      // oxlint-disable-next-line no-control-regex -- control characters are what is meant
      .replace(/[\u0000-\u0008\u000b\u000c\u000e-\u001f\u007f]/g, '\uFFFD')
      // What begins a list or a heading is none in a cell; these are what trackers turn into links and mentions, too.
      .replace(/[\\`*[\]|~#@$]|(?<![\p{L}\p{N}])_|_(?![\p{L}\p{N}])|:(?=\/\/)|\.(?<=www\.)/giu, '\\$&')
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replace(/\r\n|[\n\r\u2028\u2029]/g, '<br>')
      .replaceAll('\t', '&#9;')
      .replace(/^ +| +$/g, (blanks) => '&#32;'.repeat(blanks.length))
  );
}
