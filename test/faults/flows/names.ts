import type { Random } from '../../../migrations/kroma/sample/random.ts';

/** Which flow is tried on which databases. Names only: the flows themselves need the packs, and run in the workers. */
const all = ['kroma', 'kroma-wal', 'kroma-dual', 'kroma-utf16', 'shop', 'shop-wal', 'shop-utf16'];
/** Large enough for chunks of the default size; slow, so it is upgraded only. */
const withChunks = [...all, 'kroma-chunks'];

export const databasesOf = {
  look: all,
  plan: all,
  backup: all,
  upgrade: withChunks,
  resume: withChunks,
  'restore-in-place': all,
  'restore-in-place again': all,
  'restore-by-file': all,
  'restore-by-file again': all,
} as const;

/** Flows that change nothing, whatever happens. */
export const isLooking = (flow: string): boolean => flow === 'look' || flow === 'plan';

/** Flows whose request was killed before, at one of so many places; the last one is its end. */
export const isCarryingOn = (flow: string): boolean => flow === 'resume' || flow.endsWith(' again');
export const PLACES = 9;

export const flowNames = Object.keys(databasesOf);
export const pairs = Object.entries(databasesOf).flatMap(([flow, databases]) =>
  databases.map((database) => ({ flow, database })),
);

/**
 * Each flow on the three cheap databases and on two of the others, which another seed chooses otherwise; only the upgrade
 * itself on the largest. A soak tries them all.
 */
export function somePairs(random: Random): typeof pairs {
  return Object.keys(databasesOf).flatMap((flow) => {
    const ofFlow = pairs.filter((pair) => pair.flow === flow);
    const costly = ofFlow.filter(({ database }) => database.startsWith('kroma') && database !== 'kroma-chunks');
    const chosen = costly
      .map((pair) => ({ pair, key: random.next() }))
      .toSorted((a, b) => a.key - b.key)
      .slice(0, 2)
      .map(({ pair }) => pair);
    const isChosen = (pair: (typeof pairs)[number]): boolean =>
      !pair.database.startsWith('kroma') ||
      chosen.includes(pair) ||
      (pair.database === 'kroma-chunks' && flow === 'upgrade');
    return ofFlow.filter(isChosen);
  });
}
