import {
  hexBetween,
  MASKED,
  plain,
  textBetween,
  type FormattedTable,
  type RowFormat,
  type ValueStart,
} from './format.ts';

/**
 * RFC 4180. Text is always quoted and nothing else is, so that a strict reader can tell everything apart: NULL is
 * nothing at all, '' is "", a blob is x'00ff', text that is not valid is CAST(x'ff' AS TEXT).
 * @param isNeutral text that a spreadsheet would take for a formula gets an apostrophe in front.
 * @param hasMark begins with a byte order mark, by which Excel knows UTF-8.
 */
export function csv({ columns }: FormattedTable, isNeutral: boolean, hasMark: boolean): RowFormat {
  const names = columns.map((name) => `${opening(name, isNeutral)}${doubled(name)}"`);
  return {
    head: `${hasMark ? '\uFEFF' : ''}${names.join(',')}\r\n`,
    rowStart: () => '',
    lead: (column) => (column === 0 ? '' : ','),
    value: (start) => valueOf(start, isNeutral),
    rowEnd: '\r\n',
    tail: () => '',
  };
}

function valueOf({ type, text }: ValueStart, isNeutral: boolean) {
  switch (type) {
    case 'null':
      return plain('');
    case 'integer':
    case 'real':
      return plain(text);
    case 'text':
      return textBetween(opening(text, isNeutral), '"', doubled);
    case 'blob':
      return hexBetween(`x'`, `'`);
    case 'broken-text':
      return hexBetween(`CAST(x'`, `' AS TEXT)`);
    case 'masked':
      return plain(MASKED);
  }
}

/** Also behind blanks, which spreadsheets leave away, and in the wide forms that some of them take for the same. */
const FORMULA = /^(?:[\t\r\n]|\s*[=+\-@＝＋－＠])/;
const opening = (text: string, isNeutral: boolean): string => (isNeutral && FORMULA.test(text) ? `"'` : '"');
const doubled = (text: string): string => text.replaceAll('"', '""');
