import { hexBetween, MASKED, plain, textBetween, type RowFormat, type ValueStart } from './format.ts';

/**
 * What spreadsheets take from the clipboard as cells: tabs between, quotes only around what needs them. NULL is an empty
 * cell. For reading values back exactly there are JSON and SQL.
 */
export function clipboard(): RowFormat {
  return {
    head: '',
    rowStart: (place) => (place === 0 ? '' : '\n'),
    lead: (column) => (column === 0 ? '' : '\t'),
    value: valueOf,
    rowEnd: '',
    tail: () => '',
  };
}

/** Looks at the beginning of a text only, so it is for values that are handed over whole. */
function valueOf({ type, text }: ValueStart) {
  switch (type) {
    case 'null':
      return plain('');
    case 'integer':
    case 'real':
      return plain(text);
    case 'text':
      return /["\t\n\r]/.test(text)
        ? textBetween('"', '"', (part) => part.replaceAll('"', '""'))
        : textBetween('', '', (part) => part);
    case 'blob':
      return hexBetween(`x'`, `'`);
    case 'broken-text':
      return hexBetween(`CAST(x'`, `' AS TEXT)`);
    case 'masked':
      return plain(MASKED);
  }
}
