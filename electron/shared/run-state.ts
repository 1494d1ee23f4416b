// Apart from the schemas of run.ts, so that the window gets along without zod.

export const runStates = [
  'starting',
  'backing-up',
  'migrating',
  'pausing',
  'paused',
  'cancelling',
  'verifying',
  'completed',
  'failed',
  'cancelled',
] as const;

export const isFinal = (state: (typeof runStates)[number]): boolean =>
  ['completed', 'failed', 'cancelled'].includes(state);
