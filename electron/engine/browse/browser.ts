import type {
  Anchor,
  BrowseCost,
  BrowsePage,
  BrowseQuery,
  BrowseRecord,
  BrowseRows,
  CellRange,
} from '@shared/browse.ts';
import { coded } from '@shared/errors.ts';
import type { Pack, Schema } from '../migration.ts';
import { recogniseOrRefuse } from '../recognise.ts';
import { readSchema } from '../schema.ts';
import { fromSqlite } from '../sqlite-error.ts';
import { readCellRange, type RangeRequest } from './cell-range.ts';
import { mayReadApart, readingError } from './readable.ts';
import { readRecord } from './record.ts';
import { breathe, openBrowseSession, type BrowseSession } from './session.ts';
import { subjectOf, virtualColumns, type Subject } from './subject.ts';
import { readCatalogue, type Catalogue } from './tables.ts';
import type { View } from './view-of-rows.ts';
import { costOf, openView } from './view.ts';

/** One database that is open for browsing in this process. */
export interface Browser {
  readonly path: string;
  tables(): { tables: Catalogue['tables']; via: BrowseSession['via']; version: number };
  cost(query: BrowseQuery): BrowseCost;
  page(query: BrowseQuery, anchor: Anchor, limit: number, hasConsent: boolean): BrowsePage;
  /** What is known of the number of rows by now; counting goes on in the background. */
  count(query: BrowseQuery): BrowseRows;
  record(table: string, key: string): BrowseRecord;
  /** @param mayLoad false: null instead of loading more than 4 MB. */
  cell(table: string, request: RangeRequest, mayLoad: boolean): CellRange | null;
  /** For what reads beside the pages: exports, comparisons. */
  readonly session: BrowseSession;
  readonly packId: string | null;
  /** False: the file has been replaced or written to since. */
  isCurrent(): boolean;
  subject(table: string): Subject;
  isMasked(table: string, column: string): boolean;
  maskedIn(table: string): ReadonlySet<string>;
  close(): void;
}

interface Known {
  readonly schema: Schema;
  readonly catalogue: Catalogue;
  readonly packId: string | null;
}

/** Queries whose position index is kept. */
const KEPT_VIEWS = 8;
/** One burst of work in the background, ms: a request that arrives meanwhile waits no longer. */
const BURST_MS = 6;

/** @throws CodedError of the gate, E_DB_BUSY, E_CORRUPT. */
export async function openBrowser(path: string, packs: readonly Pack[]): Promise<Browser> {
  const session = await openBrowseSession(path);
  const { db } = session;
  let version = session.version();
  let known: Known | undefined;
  const views = new Map<string, View>();
  /** Tables with a column that could not be computed. */
  const apart = new Set<string>();
  let isClosed = false;
  let isWorking = false;

  const [begin, end] = [db.prepare('BEGIN'), db.prepare('COMMIT')];
  /** One question is answered from one state of the file, whoever writes meanwhile. */
  const atOnce = <T>(use: () => T): T => {
    if (db.inTransaction) return use();
    begin.run();
    try {
      return use();
    } finally {
      if (db.inTransaction) end.run();
    }
  };
  /** Whatever was learnt is forgotten when another program has written. */
  const fresh = <T>(use: (known: Known) => T): T => {
    try {
      return atOnce(() => {
        const now = session.version();
        if (now !== version) {
          version = now;
          known = undefined;
          views.clear();
          apart.clear();
        }
        known ??= learn();
        return use(known);
      });
    } catch (error) {
      throw fromSqlite(error, 'reading rows', 'untouched');
    }
  };
  const learn = () => {
    const schema = readSchema(db);
    const pack = packOf(packs);
    return { schema, packId: pack?.id ?? null, catalogue: readCatalogue(db, schema, pack) };
  };
  const packOf = (all: readonly Pack[]): Pack | null => {
    try {
      return recogniseOrRefuse(db, all).pack;
    } catch {
      return null; // a database nobody here knows can be looked through all the same
    }
  };
  const subject = (table: string): Subject =>
    fresh(({ schema, catalogue }) => {
      const plain = subjectOf(db, schema, table, catalogue.masked(table));
      return apart.has(table) ? { ...plain, apart: new Set(virtualColumns(plain)) } : plain;
    });
  const rowsOf = (table: string): number =>
    fresh(({ catalogue }) => catalogue.tables.find(({ name }) => name === table)?.rows?.value ?? 0);
  const viewOf = (query: BrowseQuery, hasConsent: boolean): View => {
    const id = JSON.stringify(query);
    const kept = views.get(id);
    views.delete(id);
    if (!kept && costOf(db, subject(query.table), query, rowsOf(query.table)).kind === 'sort')
      for (const [other, { isLarge }] of views) if (isLarge) views.delete(other);
    const view = kept ?? openView(db, subject(query.table), query, rowsOf(query.table), hasConsent);
    views.set(id, view);
    if (views.size > KEPT_VIEWS) views.delete(views.keys().next().value ?? '');
    void work();
    return view;
  };
  /** What the table itself makes impossible to read is said of it by its name. */
  const reading = <T>(table: string, use: (known: Known) => T): T =>
    fresh((now) => {
      try {
        return use(now);
      } catch (error) {
        if (!mayReadApart(error, subject(table))) throw readingError(error, subject(table));
      }
      apart.add(table);
      views.clear(); // they read all columns together
      try {
        return use(now);
      } catch (error) {
        throw readingError(error, subject(table));
      }
    });
  const work = async (): Promise<void> => {
    if (isWorking) return;
    isWorking = true;
    try {
      for (;;) {
        await breathe();
        const last = [...views.values()].at(-1);
        if (isClosed || !last?.work(BURST_MS)) return;
      }
    } catch {
      // e.g. busy: the next request meets it, and says so
    } finally {
      isWorking = false;
    }
  };

  return {
    path,
    session,
    get packId() {
      return fresh(({ packId }) => packId);
    },
    isCurrent: session.isCurrent,
    subject,
    isMasked: (table, column) => fresh(({ catalogue }) => catalogue.masked(table).has(column.toLowerCase())),
    maskedIn: (table) => fresh(({ catalogue }) => catalogue.masked(table)),
    tables: () => fresh(({ catalogue }) => ({ tables: catalogue.tables, via: session.via, version })),
    cost: (query) => reading(query.table, () => costOf(db, subject(query.table), query, rowsOf(query.table))),
    page: (query, anchor, limit, hasConsent) =>
      reading(query.table, () => ({
        ...viewOf(query, hasConsent).page(anchor, limit),
        version,
        isOutdated: !session.isCurrent(),
      })),
    count: (query) =>
      reading(query.table, () => {
        const counted = viewOf(query, false).count();
        if (counted.isExact || query.filters.length > 0 || query.find !== null) return counted;
        return { ...counted, value: Math.max(counted.value, rowsOf(query.table)) };
      }),
    record: (name, key) =>
      reading(name, ({ schema, catalogue }) => {
        const table = catalogue.tables.find((each) => each.name === name);
        if (!table) throw coded('E_BAD_REQUEST', 'There is no such table.');
        return readRecord({ db, schema, subject: subject(name), table, masked: catalogue.masked }, key);
      }),
    cell: (table, request, mayLoad) => reading(table, () => readCellRange(db, subject(table), request, mayLoad)),
    close() {
      isClosed = true;
      session.close();
    },
  };
}
