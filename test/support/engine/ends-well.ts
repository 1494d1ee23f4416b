import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { createControl } from '@engine/control.ts';
import type { Pack } from '@engine/migration.ts';
import { assertPlan, makePlan } from '@engine/plan.ts';
import { runUpgrade, type RunDependencies } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { CodedError, type AppError } from '@shared/errors.ts';
import { inputFor } from './run-shop.ts';

/**
 * What becomes of a file when the app is asked to upgrade it: planned, run as the engine process runs it, looked at
 * again cold, and compared with a copy of what it was by this file's own means.
 */
export type Ending =
  /** `wrong` is empty when every promise was kept. */
  | { readonly kind: 'upgraded'; readonly wrong: readonly string[] }
  /** Before anything was changed; `wrong` names files that differ all the same. */
  | { readonly kind: 'refused'; readonly code: string; readonly message: string; readonly wrong: readonly string[] }
  /** After the backup: at a whole step, but never what an awkward file may lead to. */
  | { readonly kind: 'stopped'; readonly code: string; readonly message: string };

export interface Going {
  readonly toPhase: number;
  /** Meddles between plan and run. */
  readonly afterPlan?: () => void;
  readonly more?: Partial<RunDependencies>;
}

export const upgradedWhole = { kind: 'upgraded', wrong: [] } as const;
export const refusedWhole = (code: string) => ({ kind: 'refused', code, wrong: [] }) as const;

export async function endingOf(file: string, pack: Pack, { toPhase, afterPlan, more = {} }: Going): Promise<Ending> {
  const before = `${file}.before`;
  fs.copyFileSync(file, before);
  const bytes = bytesOf(file);
  const input = inputFor(file, { toPhase, isRemovalConfirmed: true, source: { kind: 'none' } });
  const refused = ({ code, message }: AppError): Ending => ({
    ...{ kind: 'refused', code, message },
    wrong: bytesOf(file) === bytes ? [] : ['a byte of the database was changed'],
  });
  let stands: AppError | null | undefined;
  let fingerprint: string | null = null;
  try {
    const plan = await makePlan({ ...input, source: { kind: 'none' } }, [pack]);
    stands = plan.preflight.find(({ state }) => state === 'blocking')?.error;
    fingerprint = plan.fingerprint;
  } catch (error) {
    return refused(coded(error));
  }
  afterPlan?.();
  try {
    const report = await runUpgrade(
      { ...input, fingerprint },
      {
        packs: [pack],
        emit: () => {},
        control: createControl(),
        lockWaitMs: 100,
        assertPlan: (lock, of, target, asked) => assertPlan(lock.db, of, target, asked),
        ...more,
      },
    );
    const { error } = report;
    if (error) return { kind: 'stopped', code: error.code, message: error.message };
    if (stands) return { kind: 'upgraded', wrong: [`the plan said ${stands.code}: ${stands.message}`] };
    const backupPath = report.backup?.path ?? null;
    const unmet = verifyResult({ path: file, toPhase, backupPath }, [pack]).checks.filter(
      ({ state }) => state !== 'met',
    );
    return {
      kind: 'upgraded',
      wrong: [
        ...unmet.map(({ title, summary }) => `${title}: ${summary}`),
        ...differences(before, file, pack, toPhase),
      ],
    };
  } catch (error) {
    return refused(coded(error));
  }
}

function coded(error: unknown): AppError {
  if (error instanceof CodedError) return error.appError;
  throw error;
}

const bytesOf = (file: string): string =>
  ['', '-wal', '-journal']
    .map((suffix) => (fs.existsSync(file + suffix) ? fs.readFileSync(file + suffix).toString('base64') : 'none'))
    .join('|');

/**
 * Settings, objects and rows of `before` that are not in `after` as they were. Tables and columns that the pack's
 * migrations may change or remove are its own matter.
 */
export function differences(before: string, after: string, pack: Pack, toPhase: number): string[] {
  const [old, now] = [before, after].map((file) => new Database(file, { readonly: true }));
  if (!old || !now) return ['there is nothing to compare'];
  try {
    return [
      ...settingsOf(old).filter((setting) => !settingsOf(now).includes(setting)),
      ...objectsOf(old).flatMap(([name, sql]) =>
        new Map(objectsOf(now)).get(name) === sql || isPacks(pack, name) ? [] : [`${name} was changed`],
      ),
      ...tablesOf(old).flatMap((table) => rowDifferences(old, now, table, pack, toPhase)),
    ];
  } finally {
    old.close();
    now.close();
  }
}

type Db = Database.Database;
const settingsOf = (db: Db): string[] =>
  ['encoding', 'page_size', 'auto_vacuum', 'journal_mode', 'user_version', 'application_id'].map(
    (name) => `${name} = ${String(db.pragma(name, { simple: true }))}`,
  );

const objectsOf = (db: Db): [string, string][] =>
  db
    .prepare<[], [string, string]>(
      `SELECT type || ' ' || name, sql FROM sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE '!_phasewise!_%' ESCAPE '!'`,
    )
    .raw()
    .all();

/** A table that steps write to gets columns, an index that a step removes goes. */
function isPacks(pack: Pack, object: string): boolean {
  const [kind, ...rest] = object.split(' ');
  const name = rest.join(' ').toLowerCase();
  const effects = pack.migrations.map(({ effect }) => effect);
  const names =
    kind === 'table'
      ? [
          ...pack.legacyTables,
          ...pack.canonical.map((table) => table.name),
          ...effects.flatMap((effect) => Object.keys(effect.changes)),
        ]
      : kind === 'index'
        ? effects.flatMap(({ removesIndexes = [] }) => removesIndexes)
        : [];
  return names.some((each) => each.toLowerCase() === name);
}

const tablesOf = (db: Db): string[] =>
  db
    .prepare<[], string>(
      `SELECT name FROM sqlite_schema WHERE type = 'table' AND sql NOT LIKE 'create virtual%'
       AND name NOT LIKE '!_phasewise!_%' ESCAPE '!' AND name NOT LIKE 'sqlite!_%' ESCAPE '!'`,
    )
    .pluck()
    .all();

const quoted = (name: string): string => `"${name.replaceAll('"', '""')}"`;

const lastPhase = (pack: Pack): number => Math.max(...pack.phases.map(({ number }) => number));

function rowDifferences(old: Db, now: Db, table: string, pack: Pack, toPhase: number): string[] {
  const effects = pack.migrations.map(({ effect }) => effect);
  const isSame = (name: string) => name.toLowerCase() === table.toLowerCase();
  // Rows that leave their tables are the verdict's and other specs' matter.
  if (effects.some(({ setsAside = [] }) => setsAside.some(isSame)) && toPhase >= lastPhase(pack)) return [];
  const mayGo = pack.legacyTables.some((name) => name.toLowerCase() === table.toLowerCase());
  if (!tablesOf(now).includes(table)) return mayGo ? [] : [`table ${table} is gone`];
  const columns = (db: Db): string[] =>
    db.prepare<[string], string>('SELECT name FROM pragma_table_xinfo(?) WHERE hidden IN (0, 2, 3)').pluck().all(table);
  const written = effects
    .flatMap(({ changes, removesColumns = {} }) => [...Object.entries(changes), ...Object.entries(removesColumns)])
    .flatMap(([name, columns]) => (isSame(name) ? columns.map((column) => column.toLowerCase()) : []));
  const asked = columns(old).filter((name) => !written.includes(name.toLowerCase()));
  if (written.includes('*')) return [];
  const gone = asked.filter((name) => !columns(now).includes(name));
  if (gone.length > 0) return [`${table} has lost ${gone.join(', ')}`];
  const left = rowsOf(now, table, asked);
  for (const [row, count] of rowsOf(old, table, asked)) left.set(row, (left.get(row) ?? 0) - count);
  const missing = [...left.values()].filter((count) => count < 0).length;
  return missing === 0 ? [] : [`${missing} rows of ${table} differ`];
}

/** Bytes, not values: -0.0 and 0, text that is no text, 1 and 1.0 are told apart. */
function rowsOf(db: Db, table: string, columns: readonly string[]): Map<string, number> {
  const cells = columns.map((name) => {
    const cell = quoted(name);
    return `typeof(${cell}) || CASE typeof(${cell}) WHEN 'real' THEN printf('%!.26g', ${cell}) ELSE hex(CAST(${cell} AS BLOB)) END`;
  });
  const rows = new Map<string, number>();
  for (const row of db
    .prepare<[], unknown[]>(`SELECT ${cells.join(', ')} FROM ${quoted(table)}`)
    .raw()
    .iterate()) {
    const key = row.join();
    rows.set(key, (rows.get(key) ?? 0) + 1);
  }
  return rows;
}

/** A path in a new folder of its own below `parent`. */
export const newPlace = (parent: string, name = 'project.db'): string =>
  path.join(fs.mkdtempSync(path.join(fs.realpathSync(parent), 'odd-')), name);
