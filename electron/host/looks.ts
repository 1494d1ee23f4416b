import type { Result } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import type { Busy } from './busy.ts';
import { defaultBackupFolder, type OpenEntry } from './databases.ts';
import type { Engines } from './engines.ts';

/** Looking at databases: never changes them, never waits for a run. */
export interface Looks {
  /** While something is running on the file: the last status there is, else E_RUN_ACTIVE. */
  status(database: OpenEntry, check: 'schema' | 'data'): Promise<Result<DatabaseStatus>>;
  plan(database: OpenEntry, toPhase: number | null, backupFolder?: string): Promise<Result<Plan>>;
  /** The plan made last, when it is the one meant. */
  planFor(database: OpenEntry, toPhase: number, fingerprint: string): Plan | null;
  forget(database: OpenEntry): void;
}

export interface LooksContext {
  readonly engines: Engines;
  readonly busy: Busy;
  readonly onStatus: (database: OpenEntry, status: DatabaseStatus) => void;
}

export function createLooks({ engines, busy, onStatus }: LooksContext): Looks {
  const lastStatus = new Map<string, DatabaseStatus>();
  const lastPlan = new Map<string, Plan>();
  return {
    async status(database, check) {
      const { path } = database;
      const refused = busy.refusal(path);
      const known = lastStatus.get(path);
      if (refused) return known ? { ok: true, value: known } : refused;
      const input = { path, check };
      // A look over all the data may take long; the process for short looks stays free for them.
      const looked = await (check === 'data'
        ? engines.askAlone(path, 'inspect', input).answer
        : engines.ask(path, 'inspect', input));
      if (!looked.ok) return looked;
      lastStatus.set(path, looked.value);
      onStatus(database, looked.value);
      return looked;
    },
    async plan(database, toPhase, backupFolder = defaultBackupFolder(database.path)) {
      const refused = busy.refusal(database.path);
      if (refused) return refused;
      const planned = await engines.ask(database.path, 'plan', { path: database.path, toPhase, backupFolder });
      if (planned.ok) lastPlan.set(database.path, planned.value);
      return planned;
    },
    planFor(database, toPhase, fingerprint) {
      const plan = lastPlan.get(database.path);
      return plan?.toPhase === toPhase && plan.fingerprint === fingerprint ? plan : null;
    },
    forget(database) {
      lastStatus.delete(database.path);
      lastPlan.delete(database.path);
    },
  };
}
