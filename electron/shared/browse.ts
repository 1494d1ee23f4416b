import { z } from 'zod';
import { RowCount, TableState } from './status.ts';

/** The data browser: tables, pages of rows, values, references. Nothing here can change a database. */

/** Longest text and shortest look at a blob that a cell carries; the whole value comes in ranges. */
export const CELL_CHARACTERS = 256;
export const CELL_BYTES = 32;
export const MOST_ROWS = 500;

/**
 * One value as stored. Numbers are texts, because JavaScript cannot hold all of them. length: of the whole value, in bytes
 * as stored; of blobs, more than what stands in `hex` means that it was cut. Of texts, which take other numbers of bytes in
 * other encodings, isCut says so.
 */
export const CellValue = z.discriminatedUnion('type', [
  z.object({ type: z.literal('null') }),
  z.object({ type: z.literal('integer'), value: z.string() }),
  z.object({ type: z.literal('real'), value: z.string() }),
  z.object({ type: z.literal('text'), value: z.string(), length: z.number().int(), isCut: z.literal(true).optional() }),
  z.object({ type: z.literal('blob'), hex: z.string(), length: z.number().int() }),
  /** Stored as text, but not valid in the encoding of the file: shown as the bytes that are there. */
  z.object({ type: z.literal('broken-text'), hex: z.string(), length: z.number().int() }),
  /** Not shown until a person asks for this one. */
  z.object({
    type: z.literal('masked'),
    storage: z.enum(['integer', 'real', 'text', 'blob']),
    length: z.number().int(),
  }),
  /** Not stored but computed when it is read, and this does not work with what is in this row. */
  z.object({ type: z.literal('failed'), reason: z.string() }),
]);
export type CellValue = z.infer<typeof CellValue>;

/** Names a row of a table; made by the engine, opaque to everybody else. */
export const RowKey = z.string().max(100_000);

/** What is inside a row key, for those who make and read them: n(ull), i(nteger), r(eal), t(ext) and b(lob) as bytes. */
export const EncodedValue = z.union([
  z.tuple([z.literal('n')]),
  z.tuple([z.literal('i'), z.string().regex(/^-?\d{1,19}$/)]),
  z.tuple([z.literal('r'), z.string().max(40)]),
  z.tuple([z.enum(['t', 'b']), z.string().regex(/^([0-9a-f]{2})*$/)]),
]);
export type EncodedValue = z.infer<typeof EncodedValue>;
/** x: sealed, only the engine can read it. */
export const EncodedPlace = z.array(z.union([EncodedValue, z.tuple([z.literal('x'), z.string()])]));

export const BrowseColumn = z.object({
  name: z.string(),
  type: z.string(),
  isNullable: z.boolean(),
  /** 1-based place in the primary key, 0 = not part of it. */
  primaryKeyPosition: z.number().int(),
  isGenerated: z.boolean(),
  isSensitive: z.boolean(),
  /** Replaced by this canonical column, which the last phase leaves alone; null = no legacy column. */
  replacedBy: z.string().nullable(),
  isLegacy: z.boolean(),
  /** First column of an index that covers every row: sorting by it costs nothing. */
  isIndexed: z.boolean(),
});
export type BrowseColumn = z.infer<typeof BrowseColumn>;

/** A reference from one table to another; `to` are the columns of `toTable`, in the order of `from`. */
export const BrowseReference = z.object({
  fromTable: z.string(),
  from: z.array(z.string()),
  toTable: z.string(),
  to: z.array(z.string()),
  /** declared: a foreign key of the schema; known: the pack says so, the schema not (yet). */
  origin: z.enum(['declared', 'known']),
});
export type BrowseReference = z.infer<typeof BrowseReference>;

export const BrowseTable = z.object({
  name: z.string(),
  kind: z.enum(['table', 'view', 'virtual', 'shadow']),
  group: z.string(),
  state: TableState,
  /** rows of tables without any key are numbered, and can't be linked to. */
  keyKind: z.enum(['rowid', 'primary-key', 'none']),
  rows: RowCount.nullable(),
  sizeBytes: z.number().int().nullable(),
  columns: z.array(BrowseColumn),
  references: z.array(BrowseReference),
  referencedBy: z.array(BrowseReference),
});
export type BrowseTable = z.infer<typeof BrowseTable>;

export const SortColumn = z.strictObject({ column: z.string().max(10_000), isDescending: z.boolean() });
export type SortColumn = z.infer<typeof SortColumn>;

const Literal = z.string().max(10_000);
/** Values are what a person typed; they are compared with the column's own rules. */
export const Filter = z.discriminatedUnion('operator', [
  z.strictObject({
    operator: z.enum(['equals', 'differs', 'less', 'greater', 'contains', 'starts-with']),
    column: z.string().max(10_000),
    value: Literal,
  }),
  z.strictObject({ operator: z.literal('between'), column: z.string().max(10_000), from: Literal, to: Literal }),
  z.strictObject({ operator: z.enum(['is-null', 'is-not-null']), column: z.string().max(10_000) }),
  z.strictObject({
    operator: z.literal('in'),
    column: z.string().max(10_000),
    values: z.array(Literal).min(1).max(1_000),
  }),
  z.strictObject({
    operator: z.literal('json-equals'),
    column: z.string().max(10_000),
    path: z.string().max(1_000),
    value: Literal,
  }),
  /** The row that a reference leads to, or the rows that lead here: exact stored values, as the engine gave them. */
  z.strictObject({
    operator: z.literal('refers'),
    columns: z.array(z.string().max(10_000)).min(1).max(32),
    key: RowKey,
    /** A reference compares by the collations of the columns that it points to; without them: by the columns' own. */
    collations: z
      .array(z.enum(['BINARY', 'NOCASE', 'RTRIM']))
      .max(32)
      .optional(),
    /** And by their types: the text '05' refers to the number 5 where the column pointed to is one of numbers. */
    isNumeric: z.array(z.boolean()).max(32).optional(),
  }),
]);
export type Filter = z.infer<typeof Filter>;

/** Which rows, and in which order. Without a sort: by key. */
export const BrowseQuery = z.strictObject({
  table: z.string().max(10_000),
  sort: z.array(SortColumn).max(8),
  filters: z.array(Filter).max(32),
  /** Anywhere in any column, as text. */
  find: z.string().max(1_000).nullable(),
});
export type BrowseQuery = z.infer<typeof BrowseQuery>;

export const Anchor = z.discriminatedUnion('at', [
  z.strictObject({ at: z.literal('start') }),
  z.strictObject({ at: z.literal('end') }),
  z.strictObject({ at: z.literal('after'), key: RowKey }),
  z.strictObject({ at: z.literal('before'), key: RowKey }),
  /** From this row on, it included. */
  z.strictObject({ at: z.literal('from'), key: RowKey }),
  /** 0-based row number in this query. */
  z.strictObject({ at: z.literal('position'), position: z.number().int().min(0) }),
]);
export type Anchor = z.infer<typeof Anchor>;

export const BrowseRow = z.object({ key: RowKey, cells: z.array(CellValue) });
export type BrowseRow = z.infer<typeof BrowseRow>;

export const BrowsePage = z.object({
  /** In the order of the table's columns. */
  rows: z.array(BrowseRow),
  /** 0-based number of the first row; null while nobody knows. */
  position: z.number().int().nullable(),
  /** False: estimated from the keys, until the position index has got there. */
  isPositionExact: z.boolean(),
  hasBefore: z.boolean(),
  hasAfter: z.boolean(),
  /** Changes when another program has written: then positions and counts are asked anew. */
  version: z.number().int(),
  /** A copy is shown, and the file has changed since it was made. */
  isOutdated: z.boolean(),
});
export type BrowsePage = z.infer<typeof BrowsePage>;

/** How the rows of a query are found; asked before a page where the query sorts or filters. */
export const BrowseCost = z.object({
  /** free: an index gives the order; sort: all rows must be read and sorted first; scan: rows are looked through. */
  kind: z.enum(['free', 'scan', 'sort']),
  rows: z.number().int(),
  /** Big enough that a person is asked first. */
  needsConsent: z.boolean(),
});
export type BrowseCost = z.infer<typeof BrowseCost>;

export const BrowseRows = z.object({ value: z.number().int(), isExact: z.boolean(), isFinal: z.boolean() });
export type BrowseRows = z.infer<typeof BrowseRows>;

export const CellRange = z.object({
  /** Of the range; hex for blobs and broken text, and for text that was asked for as its bytes. */
  value: z.string(),
  type: z.enum(['null', 'integer', 'real', 'text', 'blob', 'broken-text']),
  from: z.number().int(),
  length: z.number().int(),
  totalLength: z.number().int(),
  /** Of the file: how the bytes of its texts are read. */
  encoding: z.enum(['UTF-8', 'UTF-16le', 'UTF-16be']),
});
export type CellRange = z.infer<typeof CellRange>;

/** One row, whole: what it points to and what points to it. */
export const BrowseRecord = z.object({
  key: RowKey,
  cells: z.array(CellValue),
  references: z.array(
    z.object({
      reference: BrowseReference,
      /** Shows the row that is meant; null = the reference is empty. */
      filter: Filter.nullable(),
      /** false: it leads nowhere. */
      isThere: z.boolean(),
    }),
  ),
  referencedBy: z.array(
    z.object({ reference: BrowseReference, filter: Filter.nullable(), count: z.number().int(), isExact: z.boolean() }),
  ),
});
export type BrowseRecord = z.infer<typeof BrowseRecord>;

/** A migrated row beside the same row in a backup, column by column. */
export const BackupComparison = z.object({
  backupId: z.string(),
  /** The table's name there; null = the backup has no such table. */
  table: z.string().nullable(),
  /** False: the row is not in the backup. */
  isThere: z.boolean(),
  columns: z.array(
    z.object({
      column: z.string().nullable(),
      backupColumn: z.string().nullable(),
      now: CellValue.nullable(),
      backup: CellValue.nullable(),
      isSame: z.boolean(),
    }),
  ),
});
export type BackupComparison = z.infer<typeof BackupComparison>;

export const ExportFormat = z.enum(['csv', 'csv-exact', 'tsv', 'json', 'ndjson', 'sql', 'markdown']);
export type ExportFormat = z.infer<typeof ExportFormat>;

const LayoutName = z.string().max(10_000);
const LayoutNames = z.array(LayoutName).max(2_000);
/** How a person arranged the columns of a table, by name. Names that are gone are ignored; new columns come last. */
export const ColumnLayout = z.strictObject({
  order: LayoutNames,
  /** From the left edge on. */
  pinned: LayoutNames,
  hidden: LayoutNames,
  widths: z.array(z.strictObject({ column: LayoutName, px: z.number().int().min(40).max(2_000) })).max(2_000),
});
export type ColumnLayout = z.infer<typeof ColumnLayout>;
