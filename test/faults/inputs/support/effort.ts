/** How much is tried: `npm test` (quick), per change behind `npm run faults` (PHASEWISE_EFFORT=change), or for hours. */
const wanted = process.env['PHASEWISE_SOAK'] === '1' ? 'soak' : process.env['PHASEWISE_EFFORT'];

export const isSoak = wanted === 'soak';
/** For what takes seconds: only per change and in the soak. */
export const isQuick = wanted === undefined;
export const ONLY_PER_CHANGE = 'skipped: only with PHASEWISE_EFFORT=change';
export const times = (quick: number, change: number, soak: number): number =>
  isSoak ? soak : wanted === 'change' ? change : quick;
