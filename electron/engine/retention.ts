import type { BackupRecord } from '@shared/run.ts';

/**
 * Which backups may go, and why the others stay. Decides only; nothing is ever deleted by itself. "Good" means that the
 * whole backup was read again just now: an older promise is not enough to delete another one for it.
 */
export interface Stock {
  /** Newest first, see `newestFirst`. */
  readonly backups: readonly BackupRecord[];
  /** Paths of those that were read again just now and are whole. */
  readonly good: ReadonlySet<string>;
  /** Paths of those that something unfinished needs, and what. */
  readonly needed: ReadonlyMap<string, string>;
  /** Absent: all are backups of the file at this very place. Those of another place may be all that is left of it. */
  readonly databasePath?: string;
  /** The file, or the note of a restore beside it, could not be asked what it needs. */
  readonly isUnsure?: boolean;
  /** There is such a note, and it does not tell which backup is being put back: it may be any of them. */
  readonly isUnreadableIntent?: boolean;
  /** Paths of those that a person was shown as going; absent: nobody was shown any. */
  readonly shown?: ReadonlySet<string>;
}

export interface Decision {
  readonly remove: BackupRecord[];
  readonly keep: { backup: BackupRecord; why: string }[];
}

export const WHY = {
  newest: 'It is the newest backup that is good.',
  noGood: 'No backup is good: even a broken one may hold what you need.',
  original: 'It is the oldest good one: the nearest to your database as it was before the first upgrade.',
  earliest: 'It is not good, but the oldest: damaged, it is still all there is of that time.',
  missing: 'Its file is not there. Should it come back, it is a backup again only while what describes it is there.',
  newer: 'It is newer than the newest one that could be read just now.',
  newestThere: 'It is the newest good one in its folder.',
  elsewhere: 'It was made of a file at another place, which may have no other backup.',
  unsure: 'The database could not be asked whether it needs it.',
  notShown: 'It was not among those that were shown as going.',
  recent: (keep: number) => (keep === 1 ? 'It is the newest good one.' : `It is one of the newest ${keep} good ones.`),
} as const;

/** @param keep how many good ones to keep, at least 1. */
export function decideRetention(stock: Stock, keep: number): Decision {
  const good = stock.backups.filter((backup) => stock.good.has(backup.path));
  const recent = new Set(good.slice(0, Math.max(1, keep)));
  const earliest = stock.backups.findLast((backup) => isOriginal(backup) && backup.state !== 'missing');
  const original = good.findLast(isOriginal);
  const newestThere = new Set(
    [...Map.groupBy(good, ({ folder }) => folder).values()].flatMap((each) => each.slice(0, 1)),
  );
  const newestGood = good[0] === undefined ? -1 : stock.backups.indexOf(good[0]);
  const decision: Decision = { remove: [], keep: [] };
  for (const [at, backup] of stock.backups.entries()) {
    const why =
      whyNeeded(stock, backup) ??
      (backup.state === 'missing' ? WHY.missing : null) ??
      (at < newestGood ? WHY.newer : null) ??
      (recent.has(backup) ? (backup === good[0] ? WHY.newest : WHY.recent(keep)) : null) ??
      (newestThere.has(backup) ? WHY.newestThere : null) ??
      (backup === original ? WHY.original : null) ??
      (backup === earliest ? WHY.earliest : null) ??
      (stock.shown?.has(backup.path) === false ? WHY.notShown : null);
    if (why === null) decision.remove.push(backup);
    else decision.keep.push({ backup, why });
  }
  return decision;
}

/** Why one that a person names may not go; null = it may. The original may: that was confirmed by typing. */
export function whyNotRemove(stock: Stock, backup: BackupRecord): string | null {
  const newestGood = stock.backups.find(({ path }) => stock.good.has(path));
  return whyNeeded(stock, backup) ?? (backup.path === newestGood?.path ? WHY.newest : null);
}

function whyNeeded(
  { backups, good, needed, databasePath, isUnsure = false, isUnreadableIntent = false }: Stock,
  backup: BackupRecord,
): string | null {
  const hasGood = backups.some(({ path }) => good.has(path));
  const isElsewhere = databasePath !== undefined && backup.databasePath !== databasePath;
  const mayBeNeeded = isUnreadableIntent || (isUnsure && (backup.runId !== null || backup.reason === 'before restore'));
  const whyAnyway = needed.get(backup.path) ?? (mayBeNeeded ? WHY.unsure : null);
  if (backup.state === 'missing') return whyAnyway; // only its entry would go
  return whyAnyway ?? (isElsewhere ? WHY.elsewhere : null) ?? (hasGood ? null : WHY.noGood);
}

/** It was made before an upgrade changed anything. */
export const isOriginal = ({ reason }: BackupRecord): boolean => /^before phase \d+$/.test(reason);

/**
 * In the order in which they were made: within a folder by its count, since clocks go back; folders are merged by their
 * clocks.
 */
export function newestFirst(backups: readonly BackupRecord[]): BackupRecord[] {
  const folders = [...Map.groupBy(backups, ({ folder }) => folder).values()].map((each) =>
    each.toSorted((a, b) => (b.sequence ?? 0) - (a.sequence ?? 0) || byClock(a, b)),
  );
  const merged: BackupRecord[] = [];
  for (;;) {
    const next = folders.filter((each) => each.length > 0).toSorted(([a], [b]) => (a && b ? byClock(a, b) : 0))[0];
    const first = next?.shift();
    if (first === undefined) return merged;
    merged.push(first);
  }
}

const byClock = (a: BackupRecord, b: BackupRecord): number =>
  b.createdAt.localeCompare(a.createdAt) || b.id.localeCompare(a.id);
