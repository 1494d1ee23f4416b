import type { BrowseQuery, RowKey } from '@shared/browse.ts';
import type { z } from 'zod';

/** One place on the way through the references: which rows were looked at, and where one was going from. */
export interface Crumb {
  readonly query: BrowseQuery;
  /** The row from which a reference was followed; null = none yet. */
  readonly from: z.infer<typeof RowKey> | null;
  /** What was followed, in words: "candidates of run 12". */
  readonly label: string;
}
