import { lowerFirst } from './text.ts';

/** What the engine calls a file that Phasewise itself has worked on; how far it came says more. */
const OURS = /upgraded by phasewise/i;

/** "legacy version", "upgraded to phase 1" */
export function variantWords(title: string, phaseReached: number | null): string {
  if (!OURS.test(title)) return lowerFirst(title);
  return phaseReached === null ? 'upgrade begun by Phasewise' : `upgraded to phase ${phaseReached}`;
}
