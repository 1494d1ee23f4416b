import type { Fault } from './faults/fault.ts';
import type { TrialResult } from './trial.ts';

/** What the runner and its workers say to each other. */
export interface Job {
  readonly flow: string;
  readonly database: string;
  readonly fault: Fault;
  /** Of flows that have several scenes on a database: which of them. */
  readonly place?: number;
}

export interface Profile {
  readonly flow: string;
  readonly database: string;
  readonly usualMs: number;
  readonly events: number;
  readonly fileBytes: number;
  /** For each call: which of its occurrences can be disturbed (1-based). */
  readonly points: Readonly<Record<string, readonly number[]>>;
}

export type ToWorker =
  | { type: 'profile'; flow: string; database: string }
  /** So that nobody has to find out again what another has. */
  | { type: 'profiles'; profiles: readonly Profile[] }
  | { type: 'trial'; job: Job }
  | { type: 'end' };
export type FromWorker =
  | { type: 'ready' }
  | { type: 'profile'; profile: Profile }
  | { type: 'result'; job: Job; result: TrialResult }
  | { type: 'failed'; what: string; reason: string };
