import { ok, type Result } from '@shared/errors.ts';
import type { Plan, RunReport, SourceCoverage } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import type { BegunWay } from './begun-way.ts';
import type { Busy } from './busy.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';
import { withVerdictHealth } from './verdict-health.ts';

/** Looking at databases: never changes them, never waits for a run. */
export interface Looks {
  /**
   * While something is running on the file: the last status there is, else E_RUN_ACTIVE; the content is not read then, so
   * a look at that is E_RUN_ACTIVE always. Where a look at the schema leaves
   * the content out, what the verdict on the last upgrade found is told, unless a look has found otherwise since.
   */
  status(database: OpenEntry, check: 'schema' | 'data'): Promise<Result<DatabaseStatus>>;
  /** What was seen last, if anything. */
  last(database: OpenEntry): DatabaseStatus | null;
  /** Where the backup of an upgrade that is begun now goes. */
  backupFolderFor(database: OpenEntry): Promise<string>;
  plan(database: OpenEntry, toPhase: number | null, more?: PlanOptions): Promise<Result<Plan>>;
  /** The plan made last, when it is the one meant. */
  planFor(database: OpenEntry, toPhase: number, fingerprint: string): Plan | null;
  /** The plan made last goes on with these files. */
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
  readonly saidOf: (database: OpenEntry) => SourceChoice | null;
  readonly wayOf: (
    database: OpenEntry,
    last: DatabaseStatus | null,
    look: () => Promise<DatabaseStatus | null>,
  ) => Promise<BegunWay>;
  readonly reportsOf: (database: OpenEntry) => RunReport[];
  readonly onStatus: (database: OpenEntry, status: DatabaseStatus) => void;
}

export function createLooks({ engines, busy, saidOf, wayOf, reportsOf, onStatus }: LooksContext): Looks {
  const lastStatus = new Map<string, DatabaseStatus>();
  /** Files in which a look over all the data has met trouble. */
  const doubted = new Set<string>();
  const lastPlan = new Map<string, Plan>();
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
    backupFolderFor: async (database) => backupFolderIn(await wayFor(database), database),
    async status(database, check) {
      const { path } = database;
      const refused = busy.refusal(path);
      // What is kept is what was seen: a question about an interruption has to tell the two apart.
      const told = (seen: DatabaseStatus): Result<DatabaseStatus> =>
        ok(doubted.has(path) ? seen : withVerdictHealth(seen, path, () => reportsOf(database)[0]));
      const known = lastStatus.get(path);
      if (refused) return known && check === 'schema' ? told(known) : refused;
      const input = { path, check };
      // A look over all the data may take long; the process for short looks stays free for them.
      const looked = await (check === 'data'
        ? engines.askAlone(path, 'inspect', input).answer
        : engines.ask(path, 'inspect', input));
      if (check === 'data') {
        if (looked.ok && looked.value.health.state === 'healthy') doubted.delete(path);
        else doubted.add(path);
      }
      if (!looked.ok) return looked;
      lastStatus.set(path, looked.value);
      onStatus(database, looked.value);
      return told(looked.value);
    },
    last: ({ path }) => lastStatus.get(path) ?? null,
    async plan(database, toPhase, more = {}) {
      const refused = busy.refusal(database.path);
      if (refused) return refused;
      const isAllSaid = more.backupFolder !== undefined && more.source !== undefined;
      const way = isAllSaid ? null : await wayFor(database);
      const { backupFolder = backupFolderIn(way, database) } = more;
      const source = more.source ?? saidOf(database) ?? way?.source ?? { kind: 'guess' };
      const input = { path: database.path, toPhase, backupFolder, source };
      const planned = await engines.ask(database.path, 'plan', input);
      if (planned.ok) lastPlan.set(database.path, planned.value);
      return planned;
    },
    planFor(database, toPhase, fingerprint) {
      const plan = lastPlan.get(database.path);
      return plan?.toPhase === toPhase && plan.fingerprint === fingerprint ? plan : null;
    },
    sourceChosen(database, source) {
      const plan = lastPlan.get(database.path);
      if (plan && plan.source !== null) lastPlan.set(database.path, { ...plan, source });
    },
    forget(database) {
      lastStatus.delete(database.path);
      lastPlan.delete(database.path);
    },
  };
}
