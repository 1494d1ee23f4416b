import type { IngestCounts } from '@engine/migration.ts';
import { ensureFile, ensureLink, isUnlinked } from './ingest-files.ts';
import type { Rows, Values } from './ingest-rows.ts';

/** What every part of taking one log in shares, and what it counts. */

export type Counts = { -readonly [K in keyof IngestCounts]: IngestCounts[K] };

/** What every part of one log shares. */
export interface Taking {
  readonly rows: Rows;
  readonly project: string;
  readonly run: string;
  readonly now: string;
  readonly counts: Counts;
}

/** Rows that were there count once, however much of them is new. */
export function change(
  { rows, counts }: Pick<Taking, 'rows' | 'counts'>,
  table: string,
  id: string,
  values: Values,
): void {
  if (Object.keys(values).length === 0) return;
  rows.update(table, id, values);
  counts.updated++;
}

type FileOf = Omit<Parameters<typeof ensureFile>[2], 'project' | 'run' | 'now'>;

export function file({ rows, project, run, now, counts }: Taking, path: string | null, of: FileOf): string | null {
  const { id, isNew } = ensureFile(rows, path, { project, run, now, ...of });
  if (isNew) counts.files++;
  return id;
}

/** @param isNew known before something was written that makes triggers link the two. */
export function link(
  { rows, project, now, counts }: Taking,
  id: string,
  parent: string | null,
  child: string | null,
  isNew = isUnlinked(rows, { parent, child }),
): void {
  if (!isNew) return;
  ensureLink(rows, { id, project, parent, child, now });
  counts.links++;
}
