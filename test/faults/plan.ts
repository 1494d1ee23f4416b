import type { Random } from '../../migrations/kroma/sample/random.ts';
import { canPersist, columnOf, effectsOf, type Call, type Effect, type Fault } from './faults/fault.ts';
import { isInUse, scenesOf, shareOf } from './flows/names.ts';
import type { Job, Profile } from './protocol.ts';

/** All trials that could be made of one kind, and how many of them are. */
interface Group {
  readonly profile: Profile;
  readonly call: Call;
  readonly effect: Effect;
  readonly isPersistent: boolean;
  readonly points: readonly number[];
}

export interface PlanOptions {
  /** About so many trials; Infinity = every point there is. */
  readonly trials: number;
  readonly random: Random;
  /** Which columns to try; empty = all. */
  readonly only: readonly string[];
  readonly canTrace: boolean;
  /** Carries on after every place where it was killed; some engines are stopped for a minute. */
  readonly isLong: boolean;
}

/**
 * Points spread over the whole of every run: each group gets its share, and its points are drawn one from each of as many
 * equal stretches.
 */
export function planTrials(
  profiles: readonly Profile[],
  { trials, random, only, canTrace, isLong }: PlanOptions,
): Job[] {
  const others = profiles.flatMap((profile) =>
    otherFaults(profile, random, {
      scale: Number.isFinite(trials) ? trials / 3_600 : 8,
      canTrace,
      isLong,
    }).map((fault) => jobOf(profile, fault)),
  );
  const groups = profiles.flatMap(groupsOf);
  const left = Math.max(0, trials - others.length);
  const scale = Number.isFinite(trials) ? scaleFor(groups, left) : Infinity;
  const all = [...groups.flatMap((group) => pick(group, quota(group, scale), random)), ...others];
  const wanted = all.filter(({ fault }) => only.length === 0 || only.some((name) => isOf(fault, name)));
  if (wanted.length === 0) throw new Error(`no fault is called ${only.join(', ')}`);
  return shuffle(
    wanted.map((job) => (scenesOf(job.flow) > 1 ? { ...job, place: placeFor(job, random, isLong) } : job)),
    random,
  );
}

/** Each scene has to be prepared, so that a run of usual length has a few for each database: others with another seed. */
function placeFor({ flow, database }: Job, random: Random, isLong: boolean): number {
  const last = scenesOf(flow) - 1;
  if (isLong) return random.int(0, last);
  const known = places.get(random) ?? new Map<string, number[]>();
  places.set(random, known);
  const name = `${flow} ${database}`;
  const chosen = known.get(name) ?? Array.from({ length: 3 }, () => random.int(0, last));
  known.set(name, chosen);
  return random.pick(chosen);
}
const places = new WeakMap<Random, Map<string, number[]>>();

function groupsOf(profile: Profile): Group[] {
  return Object.entries(effectsOf).flatMap(([name, effects]) => {
    const call = name as Call;
    const points = profile.points[call] ?? [];
    if (points.length === 0) return [];
    return effects.flatMap((effect) => [
      { profile, call, effect, isPersistent: false, points },
      ...(canPersist(call, effect) ? [{ profile, call, effect, isPersistent: true, points }] : []),
    ]);
  });
}

/** Kills say most, looks least; a run of 60 ms can be tried more often than one of 600. */
const weightOf = ({ profile, effect, points }: Group): number =>
  points.length ** 0.3 * (effect === 'KILL' ? 3 : 1) * shareOf(profile.flow) * (100 / (100 + profile.usualMs)) ** 2;

/** Less than one: by chance, so that every seed tries others. */
const quota = (group: Group, scale: number): number => Math.min(group.points.length, scale * weightOf(group));

/** By halving: the number of trials grows with the scale. */
function scaleFor(groups: readonly Group[], trials: number): number {
  let [low, high] = [0, 100];
  for (let step = 0; step < 30; step += 1) {
    const middle = (low + high) / 2;
    const total = groups.reduce((sum, group) => sum + quota(group, middle), 0);
    if (total > trials) high = middle;
    else low = middle;
  }
  return low;
}

function pick({ profile, call, effect, isPersistent, points }: Group, wanted: number, random: Random): Job[] {
  const count = Math.floor(wanted) + (random.chance(wanted % 1) ? 1 : 0);
  const chosen = Array.from(
    { length: count },
    (_, index) => points[Math.floor(((index + random.next()) / count) * points.length)],
  );
  return [...new Set(chosen)].flatMap((at) =>
    at === undefined ? [] : [jobOf(profile, { kind: 'call', call, effect, at, isPersistent })],
  );
}

/** Faults that are not about one call. @param scale 1 = as many as in a run of usual length. @param isLong some are also stopped for a minute. */
function otherFaults(
  profile: Profile,
  random: Random,
  { scale, canTrace, isLong }: { scale: number; canTrace: boolean; isLong: boolean },
): Fault[] {
  const times = <T>(count: number, make: (share: number) => T): T[] => {
    const wanted = count * scale * shareOf(profile.flow) * (profile.usualMs > 300 ? 0.5 : 1);
    const total = Math.floor(wanted) + (random.chance(wanted % 1) ? 1 : 0);
    return Array.from({ length: total }, (_, index) => make((index + random.next()) / total));
  };
  const point = (call: Call, share: number): number =>
    profile.points[call]?.[Math.floor(share * (profile.points[call]?.length ?? 0))] ?? 1;
  const pauses = canTrace
    ? times(2, (share): Fault => ({ kind: 'pause', call: 'pwrite64', at: point('pwrite64', share), ms: 60 }))
    : [];
  const longPause: Fault = { kind: 'pause', call: 'pwrite64', at: point('pwrite64', random.next()), ms: 60_000 };
  return [
    ...pauses,
    ...(canTrace && isLong && random.chance(0.25) ? [longPause] : []),
    ...times(4, (share): Fault => ({ kind: 'kill-at', share })),
    // What each of these kills has left is judged at once.
    ...times(isInUse(profile.flow) ? 0 : 1, (): Fault => ({
      kind: 'kill-chain',
      shares: Array.from({ length: 4 }, () => 0.15 + random.next() * 0.8),
    })),
    ...times(3, (share): Fault => ({ kind: 'memory', moreBytes: Math.round(share ** 2 * 24 * 1024 * 1024) })),
    ...times(1, (): Fault => ({ kind: 'heap', megabytes: random.int(4, 14) })),
    ...times(3, (share): Fault => ({ kind: 'file-size', bytes: Math.round(share * 1.6 * profile.fileBytes) })),
    // A starved upgrade of many tables takes minutes.
    ...(profile.usualMs < 150 ? times(0.5, (): Fault => ({ kind: 'starve' })) : []),
    // Beside a third program, the second of two may find its writes in what it compares: refused then, and told as failed.
    ...times(isInUse(profile.flow) ? 0 : 2, (share): Fault => ({
      kind: 'race',
      isLockFolderShared: random.chance(0.5),
      delayMs: Math.round(share * 1.2 * profile.usualMs),
    })),
    ...times(3, (share): Fault => ({
      kind: 'other',
      does: random.pick(['read', 'write', 'lock']),
      fromEvent: Math.floor(share * (Math.min(profile.events, 12) + 1)),
    })),
  ];
}

const jobOf = ({ flow, database }: Profile, fault: Fault): Job => ({ flow, database, fault });

/** Names that --only understands. */
function isOf(fault: Fault, name: string): boolean {
  if (columnOf(fault).replace('+', '').toLowerCase() === name) return true;
  if (fault.kind !== 'call') return fault.kind === name || (name === 'kill' && fault.kind.startsWith('kill'));
  return fault.effect.toLowerCase() === name || fault.call === name;
}

function shuffle<T>(items: readonly T[], random: Random): T[] {
  const keyed = items.map((item) => ({ item, key: random.next() }));
  return keyed.toSorted((a, b) => a.key - b.key).map(({ item }) => item);
}
