/** How much is tried: a sample with `npm test`, all of it, for hours, in a soak (`npm run faults -- --only inputs`). */
export const isSoak = process.env['PHASEWISE_SOAK'] === '1';
export const ONLY_IN_SOAK = 'skipped: only in a soak';
export const times = (usual: number, soak: number): number => (isSoak ? soak : usual);
