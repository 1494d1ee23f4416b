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
 * One line per row, tabs between. What would break that is written as \t, \n, \r, and a backslash as \\ ; so \N can be
 * NULL, \x00ff a blob, \Xff text that is not valid, and nothing is mistaken for text.
 */
export function tsv({ columns }: FormattedTable): RowFormat {
  return {
    head: `${columns.map(escaped).join('\t')}\n`,
    rowStart: () => '',
    lead: (column) => (column === 0 ? '' : '\t'),
    value: valueOf,
    rowEnd: '\n',
    tail: () => '',
  };
}

function valueOf({ type, text }: ValueStart) {
  switch (type) {
    case 'null':
      return plain('\\N');
    case 'integer':
    case 'real':
      return plain(text);
    case 'text':
      return textBetween('', '', escaped);
    case 'blob':
      return hexBetween('\\x', '');
    case 'broken-text':
      return hexBetween('\\X', '');
    case 'masked':
      return plain(MASKED);
  }
}

const letters: Readonly<Record<string, string>> = { '\\': '\\\\', '\t': '\\t', '\n': '\\n', '\r': '\\r' };
const escaped = (text: string): string => text.replace(/[\\\t\n\r]/g, (character) => letters[character] ?? character);
