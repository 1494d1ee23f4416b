import { coded } from '@shared/errors.ts';
import { formatOf } from '@shared/formats/index.ts';
import type { RowFormat } from '@shared/formats/format.ts';
import type { EngineRequests } from '../protocol.ts';
import { fromSqlite } from '../sqlite-error.ts';
import type { Browser } from './browser.ts';
import { createNewFile, type NewFile } from './export-file.ts';
import { walkRows } from './export-rows.ts';
import type { StoredValue } from './export-values.ts';
import { readingError, requireReadable } from './readable.ts';
import { breathe } from './session.ts';

/** Messages are heard this often, ms. */
const BURST_MS = 40;
const PROGRESS_EVERY_MS = 150;

/**
 * Writes the rows of a query, in its order, to a new file: whole and flushed to the disk, or not there at all. Memory does
 * not grow with the rows, and of large values one piece is held at a time. Masked columns stay masked unless they are
 * named in `revealed`.
 * @throws CodedError as `createNewFile`; E_BAD_REQUEST; E_STATE_CHANGED when another program wrote meanwhile, because
 * the file would hold rows of two moments.
 */
export async function exportRows(
  browser: Browser,
  input: EngineRequests['browseExport']['input'],
  onProgress: (rows: number, bytes: number) => void,
): Promise<EngineRequests['browseExport']['output']> {
  const { db } = browser.session;
  const version = browser.session.version();
  const subject = browser.subject(input.query.table);
  requireReadable(db, subject);
  const columns = [...new Set(input.columns ?? subject.columns)];
  if (columns.length === 0) throw coded('E_BAD_REQUEST', 'Choose at least one column.');
  const { name } = subject.table;
  const definition = db
    .prepare<[string], string | null>('SELECT sql FROM main.sqlite_schema WHERE name = ?')
    .pluck()
    .get(name);
  const format = formatOf(
    input.format,
    { name, columns, definition: definition ?? null, encoding: subject.encoding },
    input.hasMark,
  );
  const walk = walkRows(db, subject, { ...input, columns });
  const file = createNewFile(browser.path, input.target, input.partial);
  let rows = 0;
  try {
    file.write(format.head);
    let toldAt = performance.now();
    const take = (values: readonly StoredValue[]): void => writeRow(file, format, rows++, values);
    for (let isMore = true; isMore;) {
      isMore = walk.go(performance.now() + BURST_MS, take);
      if (!walk.isOneStatement && hasChanged(browser, version)) throw changed();
      if (performance.now() - toldAt > PROGRESS_EVERY_MS) {
        toldAt = performance.now();
        onProgress(rows, file.sizeBytes);
      }
      await breathe();
    }
    file.write(format.tail(rows));
    file.finish();
    return { path: input.target, rows, bytes: file.sizeBytes };
  } catch (error) {
    file.discard();
    throw fromSqlite(readingError(error, subject), 'writing the rows out', 'untouched');
  } finally {
    walk.end();
  }
}

function writeRow(file: NewFile, format: RowFormat, place: number, values: readonly StoredValue[]): void {
  file.write(format.rowStart(place));
  for (const [column, { start, pieces }] of values.entries()) {
    const { before, feed, piece, after } = format.value(start);
    file.write(format.lead(column) + before);
    if (feed !== 'nothing') for (const part of pieces(feed === 'hex')) file.write(piece(part));
    file.write(after);
  }
  file.write(format.rowEnd);
}

/** A copy stays as it is. */
const hasChanged = ({ session }: Browser, version: number): boolean =>
  session.version() !== version || (session.via === 'in-place' && !session.isCurrent());

const changed = (): Error =>
  coded(
    'E_STATE_CHANGED',
    'Another program wrote to the database while its rows were being written out, so the file would have held rows of two moments. Nothing was kept.',
    undefined,
    { nextStep: 'Try again while no other program writes, or export from a backup.' },
  );
