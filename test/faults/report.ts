import { columnOf, faultText, parseFault } from './faults/fault.ts';
import type { Job } from './protocol.ts';
import type { TrialResult } from './trial.ts';

/** What became of all trials. */
export interface Tally {
  /** Faults that came to pass, by flow and column. */
  readonly cells: Map<string, Map<string, Cell>>;
  readonly violations: Violation[];
  /** Trials whose fault never came: the run was over before. */
  missed: number;
  /** How the disturbed requests ended. */
  readonly endings: Map<string, number>;
  readonly databases: Set<string>;
}
interface Cell {
  faults: number;
  violations: number;
}
export interface Violation {
  readonly flow: string;
  readonly database: string;
  readonly fault: string;
  /** What --repeat takes. */
  readonly line: string;
  readonly problems: readonly string[];
}

export const newTally = (): Tally => ({
  cells: new Map(),
  violations: [],
  missed: 0,
  endings: new Map(),
  databases: new Set(),
});

export function count(tally: Tally, job: Job, { isHit, problems, ended }: TrialResult): void {
  const { flow, database, fault } = job;
  tally.databases.add(database);
  if (!isHit) tally.missed += 1;
  const row = tally.cells.get(flow) ?? new Map<string, Cell>();
  tally.cells.set(flow, row);
  const cell = row.get(columnOf(fault)) ?? { faults: 0, violations: 0 };
  row.set(columnOf(fault), cell);
  if (isHit) cell.faults += 1;
  tally.endings.set(ended, (tally.endings.get(ended) ?? 0) + 1);
  if (problems.length === 0) return;
  cell.violations += 1;
  tally.violations.push({ flow, database, fault: faultText(fault), line: lineOf(job), problems });
}

/** One line that repeats it. */
export const lineOf = ({ flow, database, fault, place }: Job): string =>
  `${flow} ${database} ${faultText(fault)}${place === undefined ? '' : ` from ${place}`}`;

/** The same, from what `lineOf` gave. @throws Error for other lines. */
export function parseLine(line: string): Job {
  const [, flow = '', database = '', fault = '', place] = /^(.*) (\S+) (\{.*\})(?: from (\d+))?$/.exec(line) ?? [];
  if (fault === '') throw new Error('--repeat wants a line as a violation shows it: FLOW DATABASE {FAULT}');
  return { flow, database, fault: parseFault(fault), ...(place === undefined ? {} : { place: Number(place) }) };
}

export const faultsIn = (tally: Tally): number =>
  [...tally.cells.values()].flatMap((row) => [...row.values()]).reduce((sum, { faults }) => sum + faults, 0);

/** Flow by fault: how many came to pass, and after a slash how many broke the promise. */
export function tableOf(tally: Tally): string {
  const columns = [...new Set([...tally.cells.values()].flatMap((row) => [...row.keys()]))].toSorted();
  const first = Math.max(...[...tally.cells.keys()].map((name) => name.length), 4);
  const cellText = (cell: Cell | undefined): string =>
    cell === undefined ? '-' : cell.violations > 0 ? `${cell.faults}/${cell.violations}` : String(cell.faults);
  const lines = [...tally.cells].map(([flow, row]) =>
    [flow.padEnd(first), ...columns.map((name) => cellText(row.get(name)).padStart(Math.max(name.length, 5)))].join(
      '  ',
    ),
  );
  return [[' '.repeat(first), ...columns.map((name) => name.padStart(5))].join('  '), ...lines].join('\n');
}

/** For machines: test-results/faults.json. */
export interface Figures {
  readonly seed: number;
  readonly seconds: number;
  readonly isTraced: boolean;
  readonly faults: number;
  readonly missed: number;
  readonly databases: readonly string[];
  readonly cells: Readonly<Record<string, Record<string, Cell>>>;
  readonly endings: Readonly<Record<string, number>>;
  readonly violations: readonly Violation[];
}

export const figuresOf = (tally: Tally): Omit<Figures, 'seed' | 'seconds' | 'isTraced'> => ({
  faults: faultsIn(tally),
  missed: tally.missed,
  databases: [...tally.databases].toSorted(),
  cells: Object.fromEntries([...tally.cells].map(([flow, row]) => [flow, Object.fromEntries(row)])),
  endings: Object.fromEntries([...tally.endings].toSorted((a, b) => b[1] - a[1])),
  violations: tally.violations,
});
