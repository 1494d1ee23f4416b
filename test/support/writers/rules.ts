import { assetRules } from './rules-assets.ts';
import { candidateRules } from './rules-candidates.ts';
import { laterRules } from './rules-later.ts';
import { pairRules } from './rules-pairs.ts';
import { storageRules } from './rules-storage.ts';
import { userRules } from './rules-users.ts';
import type { Rules } from './memory.ts';

/**
 * How old and new names are kept in step between the phases, said once more without SQL: whichever name a program
 * writes, the other follows; what it writes under both names stays as written; what is equal is left alone.
 */
const all: readonly Partial<Rules>[] = [userRules, storageRules, assetRules, pairRules, candidateRules, laterRules];

export const rules: Rules = {
  yields: (memory, table, row) => all.map((each) => each.yields?.(memory, table, row)).find((found) => found) ?? null,
  inserted: (memory, table, row, more) => all.forEach((each) => each.inserted?.(memory, table, row, more)),
  updated: (memory, table, before, after, replaced) =>
    all.forEach((each) => each.updated?.(memory, table, before, after, replaced)),
  deleted: (memory, table, row) => all.forEach((each) => each.deleted?.(memory, table, row)),
};
