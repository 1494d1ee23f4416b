import { hexBetween, plain, textBetween, type FormattedTable, type RowFormat, type ValueStart } from './format.ts';

/**
 * Objects with the columns as names. Numbers keep every digit, beyond what JavaScript can hold too; a real has a point
 * or an exponent, infinity is 9e999. What JSON has no value for is an object: {"$blob": hex}, {"$brokenText": hex} for
 * text that is not valid, {"$masked": bytes}.
 * @param isLines one object per line (NDJSON) instead of one list.
 */
export function json({ columns }: FormattedTable, isLines: boolean): RowFormat {
  const leads = columns.map((name, at) => `${at === 0 ? '' : ','}${JSON.stringify(name)}:`);
  return {
    head: isLines ? '' : '[',
    rowStart: (place) => (isLines ? '{' : place === 0 ? '\n{' : ',\n{'),
    lead: (column) => leads[column] ?? '',
    value: valueOf,
    rowEnd: isLines ? '}\n' : '}',
    tail: (rows) => (isLines ? '' : rows === 0 ? ']\n' : '\n]\n'),
  };
}

function valueOf({ type, text, sizeBytes }: ValueStart) {
  switch (type) {
    case 'null':
      return plain('null');
    case 'integer':
    case 'real':
      return plain(text);
    case 'text':
      return textBetween('"', '"', (part) => JSON.stringify(part).slice(1, -1));
    case 'blob':
      return hexBetween('{"$blob":"', '"}');
    case 'broken-text':
      return hexBetween('{"$brokenText":"', '"}');
    case 'masked':
      return plain(`{"$masked":${sizeBytes}}`);
  }
}
