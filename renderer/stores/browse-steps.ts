import type { Crumb } from './crumb.ts';

/**
 * What belongs to the steps of this window's history: the trail at each, and where one was in its rows. In memory only,
 * because filters may hold values that belong on no disk; after a reload the address alone tells which table it was.
 */
interface Step {
  readonly handle: string;
  readonly trail: readonly Crumb[];
  readonly place: RowsPlace | null;
}

/** Where one was in the rows of a step. */
export interface RowsPlace {
  /** Number of the first row in view. */
  readonly top: number;
  readonly active: { readonly row: number; readonly column: number };
  /** The row that was open beside them. */
  readonly openKey: string | null;
}

/** More than anybody goes back. */
const MOST_STEPS = 300;
const steps = new Map<string, Step>();

let made = 0;

/** Unique also across reloads, which keep the history but not the steps. */
export const newStep = (): string => `${performance.timeOrigin}-${++made}`;

export function rememberTrail(id: string, handle: string, trail: readonly Crumb[]): void {
  const place = steps.get(id)?.place ?? null;
  steps.delete(id);
  steps.set(id, { handle, trail, place });
  if (steps.size > MOST_STEPS) steps.delete(steps.keys().next().value ?? '');
}

export function rememberPlace(id: string, place: RowsPlace): void {
  const step = steps.get(id);
  if (step) steps.set(id, { ...step, place });
}

/** null = nothing is known of that step. */
export function trailAt(id: string | null, handle: string): readonly Crumb[] | null {
  const step = id === null ? undefined : steps.get(id);
  return step?.handle === handle ? step.trail : null;
}

export const placeAt = (id: string | null): RowsPlace | null => (id === null ? null : (steps.get(id)?.place ?? null));
