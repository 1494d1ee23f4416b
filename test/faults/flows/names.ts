import type { Random } from '../../../migrations/kroma/sample/random.ts';

/** Which flow is tried on which databases. Names only: the flows themselves need the packs, and run in the workers. */
const all = ['kroma', 'kroma-wal', 'kroma-dual', 'kroma-utf16', 'shop', 'shop-wal', 'shop-utf16'];
/** Large enough for chunks of the default size; slow, so it is upgraded only. */
const withChunks = [...all, 'kroma-chunks'];
/** Restored by file where the file was gone or empty, they leave nothing to be put back. */
const withContent = all.filter((name) => name !== 'shop' && name !== 'shop-wal');

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
  'restore-over-damage': all,
  'restore-over-damage again': all,
  'put-back': withContent,
  'backup beside damage': all,
  'upgrade beside damage': all,
  'restore-in-place beside damage': all,
  'restore-by-file beside damage': all,
  'restore-in-place in use again': all,
  'restore-by-file in use again': all,
  'restore-over-damage in use again': all,
  'put-back in use again': withContent,
} as const satisfies Record<string, readonly string[]>;

/** @throws Error for a flow that has none. */
export function databasesFor(flow: string): readonly string[] {
  const names: Readonly<Record<string, readonly string[]>> = databasesOf;
  const found = names[flow];
  if (found === undefined) throw new Error(`${flow} has no databases`);
  return found;
}

/** Flows that change nothing, whatever happens. */
export const isLooking = (flow: string): boolean => flow === 'look' || flow === 'plan';

/** Of flows whose request was killed before: the places at which; the last one is its end. */
export const PLACES = 9;
/** Kinds of damage, of a log and of a journal alike. */
export const DAMAGES = 3;

/** How many scenes a flow has on each database. */
export function scenesOf(flow: string): number {
  if (flow === 'resume' || flow.endsWith(' again')) return PLACES;
  return flow.endsWith(' beside damage') ? DAMAGES : 1;
}

/** Another program has the database open: nobody may look at it before that one has left. */
export const isInUse = (flow: string): boolean => flow.endsWith(' in use again');

/** Flows that vary others, and are tried less often than those in a run of usual length. */
const isVariant = (flow: string): boolean => / beside damage$| in use again$|^put-back$/.test(flow);
/** How often a flow is tried beside the others. */
export const shareOf = (flow: string): number => (isLooking(flow) ? 0.3 : isVariant(flow) ? 0.5 : 1);

export const flowNames = Object.keys(databasesOf);
export const pairs = Object.entries(databasesOf).flatMap(([flow, databases]) =>
  databases.map((database) => ({ flow, database })),
);

/**
 * Each flow on the three cheap databases and on two of the others, which another seed chooses otherwise; one that varies
 * another on one of each; only the upgrade itself on the largest. A soak tries them all.
 */
export function somePairs(random: Random): typeof pairs {
  return Object.keys(databasesOf).flatMap((flow) => {
    const ofFlow = pairs.filter((pair) => pair.flow === flow);
    const some = (of: typeof pairs, count: number): typeof pairs =>
      of
        .map((pair) => ({ pair, key: random.next() }))
        .toSorted((a, b) => a.key - b.key)
        .slice(0, count)
        .map(({ pair }) => pair);
    const costly = ofFlow.filter(({ database }) => database.startsWith('kroma') && database !== 'kroma-chunks');
    const cheap = ofFlow.filter(({ database }) => !database.startsWith('kroma'));
    const chosen = isVariant(flow) ? [...some(cheap, 1), ...some(costly, 1)] : [...cheap, ...some(costly, 2)];
    return ofFlow.filter((pair) => chosen.includes(pair) || (pair.database === 'kroma-chunks' && flow === 'upgrade'));
  });
}
