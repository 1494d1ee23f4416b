import { ok, type Result } from '@shared/errors.ts';
import type { Plan, RunReport, SourceCoverage } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import type { BegunWay } from './begun-way.ts';
import type { Busy } from './busy.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { silentAmong } from './on-drives.ts';
import { withVerdictHealth } from './verdict-health.ts';

/** Looking at databases: never changes them, never waits for a run. */
export interface Looks {
  /**
   * While something is running on the file: the last status there is, else E_RUN_ACTIVE; the content is not read then, so
   * a look at that is E_RUN_ACTIVE always. Where a look at the schema leaves
   * the content out, what the verdict on the last upgrade found is told, unless a look has found otherwise since.
   * @param signal gives a look at the content up (E_CANCELLED): what was known stays known.
   */
  status(database: OpenEntry, check: 'schema' | 'data', signal?: AbortSignal): Promise<Result<DatabaseStatus>>;
  /** What the last look saw; null where there was none, or where it met an error: what was seen before it is out of date. */
  last(database: OpenEntry): DatabaseStatus | null;
  /** Where the backup of an upgrade that is begun now goes. Error: as `plan`. */
  backupFolderFor(database: OpenEntry): Promise<Result<string>>;
  /** Error: those of the engine; E_TIMEOUT where a folder that the person chose is on a drive that does not answer. */
  plan(database: OpenEntry, toPhase: number | null, more?: PlanOptions): Promise<Result<Plan>>;
  /** The one meant, among those that windows and tabs may still show; null = none of them. */
  planFor(database: OpenEntry, toPhase: number, fingerprint: string): Plan | null;
  /** They are said of the database: every plan of it goes on with these files. */
  sourceChosen(database: OpenEntry, source: SourceCoverage | null): void;
  forget(database: OpenEntry): void;
}

export interface PlanOptions {
  /** Without it where an unfinished upgrade had its own, else the folder beside the database. */
  readonly backupFolder?: string | undefined;
  /** Without it what the person said before, to us or to an unfinished upgrade. */
  readonly source?: SourceChoice | undefined;
}

export interface LooksContext {
  readonly engines: Engines;
  readonly busy: Busy;
  /** What the person said to us; null = nothing. */
  readonly saidOf: (database: OpenEntry) => Promise<SourceChoice | null>;
  readonly wayOf: (
    database: OpenEntry,
    last: DatabaseStatus | null,
    look: () => Promise<DatabaseStatus | null>,
  ) => Promise<BegunWay>;
  /** Newest first. */
  readonly reportsOf: (database: OpenEntry) => Iterable<RunReport>;
  readonly onStatus: (database: OpenEntry, status: DatabaseStatus) => void;
}

/** Each tab shows one, and few people have as many open. */
const PLANS_KEPT = 8;

const folderOf = (source: SourceChoice): string | null => (source.kind === 'folder' ? source.folder : null);

const lastOf = ([newest]: Iterable<RunReport>): RunReport | undefined => newest;

const isSame = (a: Pick<Plan, 'toPhase' | 'fingerprint'>, b: Pick<Plan, 'toPhase' | 'fingerprint'>): boolean =>
  a.toPhase === b.toPhase && a.fingerprint === b.fingerprint;

export function createLooks({ engines, busy, saidOf, wayOf, reportsOf, onStatus }: LooksContext): Looks {
  const lastStatus = new Map<string, DatabaseStatus>();
  /** Files that the last look could not see. */
  const unseen = new Set<string>();
  /** Files in which a look over all the data has met trouble. */
  const doubted = new Set<string>();
  /** Of a path, the latest first. */
  const plans = new Map<string, readonly Plan[]>();
  const wayFor = (database: OpenEntry): Promise<BegunWay> => {
    const { path } = database;
    return wayOf(database, lastStatus.get(path) ?? null, async () => {
      const looked = await engines.ask(path, 'inspect', { path, check: 'schema' });
      return looked.ok ? looked.value : null;
    });
  };
  const backupFolderIn = (way: BegunWay | null, { path }: OpenEntry): string =>
    way?.backupFolder ?? defaultBackupFolder(path);
  return {
    async backupFolderFor(database) {
      const way = await wayFor(database);
      return silentAmong([way.backupFolder]) ?? ok(backupFolderIn(way, database));
    },
    async status(database, check, signal) {
      const { path } = database;
      const refused = busy.refusal(path);
      // What is kept is what was seen: a question about an interruption has to tell the two apart.
      const told = async (seen: DatabaseStatus): Promise<Result<DatabaseStatus>> => {
        if (doubted.has(path)) return ok(seen);
        const withHealth = await withVerdictHealth(seen, path, () => lastOf(reportsOf(database)));
        return ok(doubted.has(path) ? seen : withHealth); // a look over all the data may have ended meanwhile
      };
      const orKnown = async (refusal: Result<never>): Promise<Result<DatabaseStatus>> => {
        const known = lastStatus.get(path);
        return known && check === 'schema' ? told(known) : refusal;
      };
      if (refused) return orKnown(refused);
      const begun = busy.begun(path);
      const input = { path, check };
      // A look over all the data may take long; the process for short looks stays free for them.
      const looked = await (check === 'data'
        ? engines.askAlone(path, 'inspect', input, { signal }).answer
        : engines.ask(path, 'inspect', input));
      if (!looked.ok && signal?.aborted === true) return looked;
      // Ended by what writes, which may be over by now, or refused as another Phasewise does: that says nothing of the file.
      const isInTheWay = !looked.ok && looked.error.code === 'E_RUN_ACTIVE';
      if (isInTheWay && (busy.refusal(path) || busy.begun(path) !== begun)) return orKnown(looked);
      if (check === 'data') {
        if (looked.ok && looked.value.health.state === 'healthy') doubted.delete(path);
        else if (!isInTheWay) doubted.add(path);
      }
      if (!looked.ok) {
        unseen.add(path);
        return looked;
      }
      unseen.delete(path);
      lastStatus.set(path, looked.value);
      onStatus(database, looked.value);
      return told(looked.value);
    },
    last: ({ path }) => (unseen.has(path) ? null : (lastStatus.get(path) ?? null)),
    async plan(database, toPhase, more = {}) {
      const refused = busy.refusal(database.path);
      if (refused) return refused;
      const isAllSaid = more.backupFolder !== undefined && more.source !== undefined;
      const way = isAllSaid ? null : await wayFor(database);
      const source = more.source ?? (await saidOf(database)) ?? way?.source ?? { kind: 'guess' };
      const refusedNow = busy.refusal(database.path);
      if (refusedNow) return refusedNow;
      const { backupFolder = backupFolderIn(way, database) } = more;
      const chosen = more.backupFolder === undefined ? (way?.backupFolder ?? null) : null;
      const silent = silentAmong([chosen, more.source === undefined ? folderOf(source) : null]);
      if (silent) return silent; // another folder is not what the person wants, and the engine would wait in it
      const input = { path: database.path, toPhase, backupFolder, source };
      const planned = await engines.ask(database.path, 'plan', input);
      if (planned.ok) {
        const others = (plans.get(database.path) ?? []).filter((plan) => !isSame(plan, planned.value));
        plans.set(database.path, [planned.value, ...others].slice(0, PLANS_KEPT));
      }
      return planned;
    },
    planFor(database, toPhase, fingerprint) {
      return plans.get(database.path)?.find((plan) => isSame(plan, { toPhase, fingerprint })) ?? null;
    },
    sourceChosen(database, source) {
      const goingOn = (plan: Plan): Plan => (plan.source === null ? plan : { ...plan, source });
      plans.set(database.path, (plans.get(database.path) ?? []).map(goingOn));
    },
    forget(database) {
      lastStatus.delete(database.path);
      unseen.delete(database.path);
      plans.delete(database.path);
    },
  };
}
