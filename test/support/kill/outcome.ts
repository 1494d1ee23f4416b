import { compareTables, describeDifferences } from '../oracle/compare.ts';
import { copyTables, type Row, type Tables } from '../oracle/rows.ts';
import { readUpgraded, withDatabase, type Upgraded } from '../kroma/upgrade.ts';

/** A finished upgrade without what may differ between two of them: the times of their runs. */
export interface Outcome {
  readonly upgraded: Upgraded;
  readonly tables: Tables;
}

export function outcomeOf(file: string): Outcome {
  const upgraded = readUpgraded(file);
  const starts = withDatabase(file, (db) =>
    db.prepare<[], string>(`SELECT started_at FROM _phasewise_runs`).pluck().all(),
  );
  return {
    upgraded,
    tables: withoutTimes(upgraded.tables, new Set(starts.map((time) => time.replace(/\.\d+Z$/, 'Z')))),
  };
}

/** What two outcomes differ in: rows with their generated ids, issue rows, accounts. Empty = the same. */
export function outcomeDifferences(expected: Outcome, actual: Outcome): string[] {
  const tables = [...new Set([...expected.tables.keys(), ...actual.tables.keys()])].filter(
    (name) => name !== 'schema_migrations',
  );
  const rows = describeDifferences(compareTables(expected.tables, actual.tables, tables));
  const lists = [issueLines, accountLines].flatMap((lines) => {
    const [wanted, found] = [new Set(lines(expected.upgraded)), new Set(lines(actual.upgraded))];
    return [
      ...[...wanted.difference(found)].map((line) => `missing: ${line}`),
      ...[...found.difference(wanted)].map((line) => `not expected: ${line}`),
    ];
  });
  return [...rows, ...lists];
}

const issueLines = ({ issues }: Upgraded): string[] =>
  issues.map(({ table, key, reason, isPlaced }) => `issue ${table} ${String(key)} ${reason} ${isPlaced}`);

const accountLines = ({ accounts }: Upgraded): string[] => accounts.map((account) => `account ${countsOf(account)}`);
const countsOf = (account: Row): string =>
  ['id', 'state', 'expected', 'moved', 'already_right', 'issue_rows']
    .map((column) => String(account[column]))
    .join(' ');

function withoutTimes(tables: Tables, times: ReadonlySet<string>): Tables {
  const copy = copyTables(tables);
  for (const row of [...copy.values()].flat()) {
    for (const column of ['created_at', 'updated_at']) if (times.has(String(row[column]))) row[column] = '<run>';
  }
  return copy;
}
