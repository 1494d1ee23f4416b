import type { Bundles } from '../engine/bundle-files.ts';

/** What the runner of the power cuts and its workers say to each other. */
export interface PowerJob {
  readonly kind: 'flow' | 'journal' | 'torn' | 'lies';
  /** A flow's name; '' for the host's journal. */
  readonly flow: string;
  readonly database: string;
  readonly seed: number;
  readonly images: number;
  readonly judged: number;
  readonly resumed: number;
  readonly again: number;
}

export interface PowerResult {
  readonly kind: PowerJob['kind'];
  readonly flow: string;
  readonly database: string;
  readonly seed: number;
  operations: number;
  /** Power cuts tried; how many of them left different files; how many different sets of database files were recovered. */
  images: number;
  different: number;
  recovered: number;
  /** Different states that the database was found in. */
  states: number;
  /** Images that the flow's own oracle judged; that an engine carried on with. */
  judged: number;
  resumed: number;
  seconds: number;
  readonly violations: string[];
}

export interface Place {
  readonly bundles: Bundles;
  /** Only one worker works below it; in memory, if possible. */
  readonly folder: string;
}

export const emptyResult = ({ kind, flow, database, seed }: PowerJob): PowerResult => ({
  ...{ kind, flow, database, seed, seconds: 0, violations: [] },
  ...{ operations: 0, images: 0, different: 0, recovered: 0, states: 0, judged: 0, resumed: 0 },
});

const MOST_NOTED = 200;
export function note(result: PowerResult, where: string, problems: readonly string[]): void {
  for (const problem of problems)
    if (result.violations.length < MOST_NOTED) result.violations.push(where === '' ? problem : `${where}: ${problem}`);
}
