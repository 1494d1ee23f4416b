import fs from 'node:fs';
import path from 'node:path';
import { errorCode } from '@shared/error-code.ts';
import { coded } from '@shared/errors.ts';
import { isPresent } from './bookkeeping-tables.ts';
import { isExactObject, parseExactly, type ExactJson } from './exact-json.ts';
import { fsyncFolder, removeIfPossible } from './fsync.ts';
import { keyText } from './issues.ts';
import { lookAt } from './look.ts';
import type { Db, Pack, SqlValue } from './migration.ts';
import type { EngineRequests } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { issueTitle } from './report.ts';

/** Issue rows as a file for whoever puts them right: where each is, why, in words, and the whole row. */

/** Written at a time; the rows are never all in memory. */
const BUFFER_CHARACTERS = 1 << 18;
/** Stands for a value that the pack calls sensitive. */
const MASKED = '(not exported)';
/** Names that would make SQLite take the file for a part of the database. */
const SIDECARS = ['', '-wal', '-shm', '-journal'];

/**
 * Writes every issue row to a new file, flushed to the disk. Nothing is overwritten; what was begun is removed when it
 * fails. Sensitive columns are masked.
 * @throws CodedError as `inspect`; E_FILE_EXISTS, E_READONLY_DIR, E_NO_SPACE, E_PATH_UNSUPPORTED.
 */
export function exportIssues(
  { path: database, target, format }: EngineRequests['exportIssues']['input'],
  packs: readonly Pack[],
): Promise<EngineRequests['exportIssues']['output']> {
  return lookAt(database, ({ db, file }) => {
    const { pack } = recogniseOrRefuse(db, packs);
    if (SIDECARS.some((suffix) => path.resolve(target) === file.path + suffix))
      throw coded('E_PATH_UNSUPPORTED', `${path.basename(target)} is a name that belongs to the database itself.`);
    const rows = writeNew(target, (write) => {
      const shape = format === 'csv' ? csv : json;
      write(shape.head());
      let count = 0;
      for (const issue of issuesOf(db, pack)) write(shape.row(issue, count++));
      write(shape.tail(count));
      return count;
    });
    return { path: target, rows };
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

/** @param produce is handed a writer; what it wrote is on the disk when this returns. */
function writeNew<T>(target: string, produce: (write: (text: string) => void) => T): T {
  let descriptor: number | undefined;
  try {
    descriptor = fs.openSync(target, 'wx', 0o600);
    let buffer = '';
    const flush = (to: number): void => {
      fs.writeFileSync(to, buffer);
      buffer = '';
    };
    const opened = descriptor;
    const result = produce((text) => {
      buffer += text;
      if (buffer.length > BUFFER_CHARACTERS) flush(opened);
    });
    flush(opened);
    fs.fsyncSync(opened);
    fs.closeSync(opened);
    fsyncFolder(path.dirname(target));
    return result;
  } catch (error) {
    if (descriptor !== undefined) discard(descriptor, target);
    throw writeError(error, target);
  }
}

function discard(descriptor: number, target: string): void {
  try {
    fs.closeSync(descriptor);
  } catch {
    // closed already
  }
  removeIfPossible(target);
}

function writeError(error: unknown, target: string): unknown {
  const name = path.basename(target);
  const folder = path.dirname(target);
  switch (errorCode(error)) {
    case 'EEXIST':
      return coded('E_FILE_EXISTS', `${name} exists already.`);
    case 'ENOSPC':
    case 'EDQUOT':
      return coded('E_NO_SPACE', `There is no room for ${name} in ${folder}.`);
    case 'EACCES':
    case 'EPERM':
    case 'EROFS':
      return coded('E_READONLY_DIR', `${folder} may not be written to.`);
    case 'ENAMETOOLONG':
      return coded('E_PATH_UNSUPPORTED', `The name ${name} is too long.`);
    case 'ENOENT':
    case 'ENOTDIR':
      return coded('E_NOT_FOUND', `There is no folder ${folder}.`);
    default:
      return error;
  }
}
