import { isPresent } from './bookkeeping-tables.ts';
import { createNewFile } from './browse/export-file.ts';
import { isExactObject, parseExactly, type ExactJson } from './exact-json.ts';
import { keyText } from './issues.ts';
import { lookAt } from './look.ts';
import type { Db, Pack, SqlValue } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { issueTitle } from './report.ts';

/** Issue rows as a file for whoever puts them right: where each is, why, in words, and the whole row. */

/** Stands for a value that the pack calls sensitive. */
const MASKED = '(not exported)';

/**
 * Writes every issue row to a new file, flushed to the disk: whole, or not there at all; the rows are never all in
 * memory. Nothing is overwritten. Sensitive columns are masked.
 * @throws CodedError as `inspect`; E_FILE_EXISTS, E_READONLY_DIR, E_NO_SPACE, E_PATH_UNSUPPORTED.
 */
export function exportIssues(
  { path: database, target, partial, format }: EngineRequests['exportIssues']['input'],
  packs: readonly Pack[],
): Promise<EngineRequests['exportIssues']['output']> {
  return lookAt(database, ({ db, file }) => {
    const { pack } = recogniseOrRefuse(db, packs);
    const shape = format === 'csv' ? csv : json;
    const written = createNewFile(file.path, target, partial);
    try {
      written.write(shape.head());
      let rows = 0;
      for (const issue of issuesOf(db, pack)) written.write(shape.row(issue, rows++));
      written.write(shape.tail(rows));
      written.finish();
      return { path: target, rows };
    } catch (error) {
      written.discard();
      throw error;
    }
  });
}

interface ExportedIssue {
  readonly id: number;
  readonly table: string;
  readonly key: string;
  readonly reason: string;
  readonly explanation: string;
  readonly detail: string;
  readonly isPlaced: boolean;
  readonly backfill: string;
  readonly recordedAt: string;
  /** null = the stored row could not be read, so its sensitive values could not be masked. */
  readonly row: ExactJson;
}

interface StoredIssue {
  id: number;
  sourceTable: string;
  sourceKey: SqlValue;
  reason: string;
  detail: string;
  isPlaced: number;
  backfillId: string;
  recordedAt: string;
  row: string;
}

function* issuesOf(db: Db, pack: Pack): Generator<ExportedIssue> {
  if (!isPresent(db, '_phasewise_quarantine')) return;
  const sensitive = sensitiveColumns(pack);
  const stored = db
    .prepare<[], StoredIssue>(
      `SELECT id, source_table AS sourceTable, CASE typeof(source_key) WHEN 'integer' THEN CAST(source_key AS TEXT) ELSE source_key END AS sourceKey,
         reason, detail, is_placed AS isPlaced, backfill_id AS backfillId, recorded_at AS recordedAt, row_json AS row
       FROM _phasewise_quarantine ORDER BY id`,
    )
    .iterate();
  for (const { sourceTable, sourceKey, reason, isPlaced, backfillId, row, ...rest } of stored) {
    yield {
      ...rest,
      table: sourceTable,
      key: keyText(sourceKey),
      reason,
      explanation: issueTitle(pack, reason),
      isPlaced: isPlaced === 1,
      backfill: backfillId,
      row: maskedRow(row, sensitive.get(sourceTable.toLowerCase())),
    };
  }
}

/** Names in lower case, by table, under the canonical and the legacy name of each. */
export function sensitiveColumns(pack: Pack): ReadonlyMap<string, ReadonlySet<string>> {
  const found = new Map<string, Set<string>>();
  for (const { name, legacyName, columns, sensitiveLegacyColumns = [] } of pack.canonical) {
    const marked = columns.filter(({ isSensitive }) => isSensitive);
    const names = [
      ...marked.flatMap((column) => [column.name, ...(column.legacyName === undefined ? [] : [column.legacyName])]),
      ...sensitiveLegacyColumns,
    ].map((column) => column.toLowerCase());
    for (const table of [name, ...(legacyName === undefined ? [] : [legacyName])]) {
      const known = found.get(table.toLowerCase()) ?? new Set();
      found.set(table.toLowerCase(), known.union(new Set(names)));
    }
  }
  return found;
}

export function maskedRow(text: string, sensitive: ReadonlySet<string> = new Set()): ExactJson {
  let row: ExactJson;
  try {
    row = parseExactly(text);
  } catch {
    return null;
  }
  if (!isExactObject(row)) return null;
  const masked = Object.entries(row).map(([column, value]): [string, ExactJson] => [
    column,
    value !== null && value !== '' && sensitive.has(column.toLowerCase()) ? MASKED : value,
  ]);
  return Object.fromEntries(masked);
}

interface Shape {
  head(): string;
  row(issue: ExportedIssue, place: number): string;
  tail(count: number): string;
}

const json: Shape = {
  head: () => '[',
  row: (issue, place) => `${place === 0 ? '\n' : ',\n'}${JSON.stringify(issue)}`,
  tail: (count) => (count === 0 ? ']\n' : '\n]\n'),
};

const csv: Shape = {
  head: () =>
    csvLine(['id', 'table', 'key', 'reason', 'explanation', 'detail', 'placed', 'backfill', 'recorded_at', 'row']),
  row: ({ id, table, key, reason, explanation, detail, isPlaced, backfill, recordedAt, row }) =>
    csvLine([
      ...[String(id), table, key, reason, explanation, detail, isPlaced ? 'yes' : 'no', backfill, recordedAt],
      row === null ? '' : JSON.stringify(row),
    ]),
  tail: () => '',
};

function csvLine(values: readonly string[]): string {
  return `${values.map(csvCell).join(',')}\r\n`;
}

/** Spreadsheets take a cell that begins like this for a formula, also behind blanks; an apostrophe tells them not to. */
const FORMULA = /^\s*[=+\-@|%\t\r\n]/;
const PLAIN_NUMBER = /^-?\d+(\.\d+)?$/;

export const csvCell = (text: string): string => {
  const safe = FORMULA.test(text) && !PLAIN_NUMBER.test(text) ? `'${text}` : text;
  return `"${safe.replaceAll('"', '""')}"`;
};
