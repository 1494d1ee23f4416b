import type { Pack } from '../migration.ts';
import { nameKey } from '../schema.ts';

/** The canonical table that a table is, or will become. */
export const canonicalOf = (table: string, pack: Pack | null): Pack['canonical'][number] | undefined =>
  pack?.canonical.find((each) => [each.name, each.legacyName].some((name) => name && nameKey(name) === nameKey(table)));
