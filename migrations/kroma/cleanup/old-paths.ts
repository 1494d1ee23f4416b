import { columnExists, quoteText, type Db } from '@engine/migration.ts';
import { cleaned } from '../rules/path-rule.ts';
import { heldInAnyLetters } from './carried-keyless.ts';
import { backfillOf } from './cut-over-rules.ts';
import { isOldPath } from './cut-over-values.ts';

/**
 * Condition over a file `f`: the path is, or was, its old one. The files' old column goes before the candidates' old
 * table, which is asked again when a cleanup goes on. From then on the file's issue row says it: there is one wherever
 * the old path was not the address. Without that, rows nobody touched would look as if somebody had written them since.
 * Part of the cut-over and as immutable as it is.
 */
export function wasOldPath(db: Db, path: string): string {
  if (columnExists(db, 'assets', 'rel_path')) return isOldPath(path);
  const accounts = accountsOf(db, backfillOf('assets')).map(quoteText).join(', ');
  return `EXISTS (SELECT 1 FROM main._phasewise_quarantine AS n WHERE n.backfill_id IN (${accounts}) AND n.source_key = f.id
      AND ${cleaned(heldInAnyLetters('n.row_json', 'rel_path'))} = ${cleaned(path)})`;
}

/** Of a walk that began anew, those of its earlier notes too: see `keepNotes`. By name, so that an index finds the rows. */
const accountsOf = (db: Db, walk: string): string[] =>
  db
    .prepare<[string, string], string>(
      `SELECT DISTINCT backfill_id FROM main._phasewise_quarantine WHERE backfill_id = ? OR backfill_id GLOB ? || '/*'`,
    )
    .pluck()
    .all(walk, walk);
