import type { BrowseQuery, BrowseTable } from '@shared/browse.ts';
import type { ShownRows } from '../../../stores/browse-rows.ts';

/** What there is to export: the rows of a table as they are shown. */
export interface ExportSubject {
  readonly handle: string;
  readonly table: BrowseTable;
  readonly query: BrowseQuery;
  /** Columns as they stand in the grid, the hidden ones left away. */
  readonly shownColumns: readonly string[];
  /** Rows of the query, as far as they are known. */
  readonly shownRows: ShownRows | null;
}
