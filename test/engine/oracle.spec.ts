import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { upgradeAsOriginal } from '../support/oracle/original.ts';
import { readTables, rowsOf, type Tables } from '../support/oracle/rows.ts';
import { sharedFile } from '../support/shared-data.ts';

/** The oracle must be right before it may judge: its model of the original against counts taken from the original itself. */
const measured = [
  {
    file: 'legacy-small.db',
    newAssets: 20,
    candidates: 202,
    storage: 3,
    output: [6, 196],
    final: [32, 170],
    jobs: [80, 7],
    reports: 202,
    links: 56,
  },
  {
    file: 'legacy-medium.db',
    newAssets: 411,
    candidates: 19805,
    storage: 27,
    output: [215, 19590],
    final: [2388, 17417],
    jobs: [4670, 233],
    reports: 19805,
    links: 2877,
  },
  {
    file: 'baseline-wrong-columns.db',
    newAssets: 11,
    candidates: 222,
    storage: 4,
    output: [7, 215],
    final: [33, 189],
    jobs: [86, 11],
    reports: 229,
    links: 127,
  },
];

const load = (file: string): Tables => {
  const db = new Database(file, { readonly: true });
  const tables = readTables(db);
  db.close();
  return tables;
};

describe("the oracle's model of the original program", () => {
  for (const { file, ...counts } of measured) {
    const path = sharedFile('kroma', file);
    it.skipIf(path === null)(`gives the numbers measured on ${file} (needs ../shared/data)`, () => {
      const source = load(path ?? '');
      let ids = 0;
      const result = upgradeAsOriginal(source, {
        version: '2a0432d',
        now: '2026-02-22T10:00:00Z',
        newId: () => `new-${(ids += 1)}`,
      });
      const split = (table: string, column: string): number[] => {
        const rows = rowsOf(result, table);
        const empty = rows.filter((row) => row[column] === null).length;
        return [empty, rows.length - empty];
      };
      const runs = new Set(rowsOf(source, 'runs').map((row) => row['id']));
      const jobs = rowsOf(result, 'run_jobs').filter((row) => runs.has(row['run_id'] ?? null));
      expect({
        newAssets: rowsOf(result, 'assets').length - rowsOf(source, 'assets').length,
        candidates: rowsOf(result, 'run_candidates').length,
        storage: rowsOf(result, 'project_storage').length,
        output: split('run_candidates', 'output_asset_id'),
        final: split('run_candidates', 'final_asset_id'),
        jobs: [
          jobs.filter((row) => row['final_asset_id'] !== null).length,
          jobs.filter((row) => row['final_asset_id'] === null).length,
        ],
        reports: rowsOf(result, 'quality_reports').length,
        links: rowsOf(result, 'asset_links').length,
      }).toEqual(counts);
    });
  }
});
