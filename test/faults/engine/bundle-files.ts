import path from 'node:path';
import type { Source } from '../databases/source.ts';

/** Bundles of the engine, one for each family of databases. */
export type Bundles = Readonly<Record<Source['family'], string>>;

export const bundlesIn = (folder: string): Bundles => ({
  kroma: path.join(folder, 'engine.cjs'),
  shop: path.join(folder, 'engine-shop.cjs'),
});
