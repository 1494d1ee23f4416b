/** How much is tried: a sample with `npm test`, all of it, for hours, in a soak (`npm run faults -- --only inputs`). */
export const isSoak = process.env['PHASEWISE_SOAK'] === '1';
export const ONLY_IN_SOAK = 'skipped: only in a soak';
export const times = (usual: number, soak: number): number => (isSoak ? soak : usual);
/** For what a soak does so often that it outlasts the limit of a test. */
export const LIMIT_MS = times(60_000, 3_600_000);
