import type { ExportFormat } from '../browse.ts';
import { csv } from './csv.ts';
import type { FormattedTable, RowFormat } from './format.ts';
import { json } from './json.ts';
import { markdown } from './markdown.ts';
import { sql } from './sql.ts';
import { tsv } from './tsv.ts';

export const extensions: Readonly<Record<ExportFormat, string>> = {
  csv: 'csv',
  'csv-exact': 'csv',
  tsv: 'tsv',
  json: 'json',
  ndjson: 'ndjson',
  sql: 'sql',
  markdown: 'md',
};

/** @param hasMark only of CSV: begins with a byte order mark. */
export function formatOf(format: ExportFormat, table: FormattedTable, hasMark = false): RowFormat {
  switch (format) {
    case 'csv':
      return csv(table, true, hasMark);
    case 'csv-exact':
      return csv(table, false, hasMark);
    case 'tsv':
      return tsv(table);
    case 'json':
      return json(table, false);
    case 'ndjson':
      return json(table, true);
    case 'sql':
      return sql(table);
    case 'markdown':
      return markdown(table);
  }
}
