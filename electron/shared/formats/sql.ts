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
 * Statements that make the rows again, each value with the storage class it had. The table is made without types, which
 * would change values on their way in; how it was defined stands above, as a comment, because what a database calls a
 * definition may be anything. Only plain literals are ever run.
 */
export function sql({ name, columns, definition, encoding }: FormattedTable): RowFormat {
  // SQLite lets nobody make tables of its own names.
  const table = quoted(/^sqlite_/i.test(name) ? `copy_of_${name}` : name);
  const list = columns.map(quoted).join(', ');
  const insert = `INSERT INTO ${table} (${list}) VALUES (`;
  const head = [
    comment(`Rows of ${name}. The columns have no types here, so that every value stays as it was stored.`),
    ...(definition === null ? [] : [comment(`There it is defined as:\n${definition}`)]),
    // Counts in a new database only; text that is not plain stands as bytes in this encoding.
    ...(encoding === 'UTF-8' ? [] : [`PRAGMA encoding = '${encoding}';`]),
    'BEGIN;',
    `CREATE TABLE IF NOT EXISTS ${table} (${list});`,
  ];
  return {
    head: `${head.join('\n')}\n`,
    rowStart: () => insert,
    lead: (column) => (column === 0 ? '' : ', '),
    value: valueOf,
    rowEnd: ');\n',
    tail: () => 'COMMIT;\n',
  };
}

function valueOf({ type, text, hasNul }: ValueStart) {
  switch (type) {
    case 'null':
      return plain('NULL');
    case 'integer':
    case 'real':
      return plain(text);
    case 'text':
      // A character 0 ends a statement for many programs.
      return hasNul ? asText : textBetween(`'`, `'`, (part) => part.replaceAll(`'`, `''`));
    case 'blob':
      return hexBetween(`x'`, `'`);
    case 'broken-text':
      return asText;
    case 'masked':
      return plain(`'${MASKED}'`);
  }
}

const asText = hexBetween(`CAST(x'`, `' AS TEXT)`);
const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;
/** Whatever begins a new line for some program is a comment again. */
const comment = (text: string): string =>
  text
    .split(/\r\n|[\n\r\v\f\u0085\u2028\u2029]/)
    .map((line) => `-- ${line.replaceAll('\0', ' ')}`)
    .join('\n');
