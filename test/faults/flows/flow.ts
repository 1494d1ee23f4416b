import type { Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests, EngineRunEvent } from '@engine/protocol.ts';
import type { Source } from '../databases/source.ts';
import type { Visit } from '../faults/program.ts';
import type { Sandbox, Tree } from '../sandbox.ts';

/** What a person asks for, and what must be true of it whatever happens meanwhile. */
export interface Flow {
  readonly name: string;
  /** Names of the databases it is tried on. */
  readonly databases: readonly string[];
  /**
   * Puts everything in place that the request needs, below `folder`, which is emptied first.
   * @param engine undisturbed; makes backups where the flow begins with one.
   * @param place which of its scenes, where a flow has several: of places that the request was killed at, for those that
   * carry on, see recovery.ts; of kinds of damage, see beside-damage.ts.
   */
  prepare(folder: string, source: Source, engine: Engine, place?: number): Promise<Scene>;
  request(scene: Scene): EngineRequest;
  /** Where another program is at work on the database: it leaves, before anything is judged. */
  leave?(): Promise<Visit>;
  /**
   * Right after the disturbed request, whatever its ending: everything that contradicts the promise; empty = kept.
   * Nobody may have the files open. Changes nothing below `scene.sandbox.folder`: files are looked at in a copy.
   */
  judge(scene: Scene, ending: Ending): string[];
  /** Carries on undisturbed, as the person would. @returns what contradicts "carrying on always ends well". */
  resume(scene: Scene, engine: Engine): Promise<string[]>;
  /** After `resume`: everything that contradicts "the same result as if nothing had happened". */
  judgeEnd(scene: Scene): string[];
}

export interface Scene {
  readonly sandbox: Sandbox;
  readonly source: Source;
  /** Of what is put back, a backup or a folder of replaced files; null in flows that begin without one. */
  readonly backupPath: string | null;
  /** Migrations that any process said were applied; what was said must be there. */
  readonly acknowledged: string[];
  /** The database as the disturbed request found it. */
  readonly before: BeforeState;
  /** The database as it was before anything began; differs from `before` where the request carries on after a kill. */
  readonly old: BeforeState;
  /** Everything in the sandbox as the request found it. */
  readonly tree: Tree;
  /** SHA-256 of what another program has taken away or written over by now, of the database and its sidecars. */
  readonly taken?: readonly string[];
}

export interface BeforeState {
  /** Of the main file; null = it was not there. */
  readonly sha256: string | null;
  /** Content fingerprint; null = SQLite cannot read it. */
  readonly content: string | null;
  /** Of a file that SQLite cannot read: SHA-256 of all but what SQLite sets in its header by itself. */
  readonly body?: string | null;
  /** Of such a file: fingerprint of what can still be read, but for rows of another program. */
  readonly remains?: string | null;
  /** SHA-256 of its sidecars, by suffix. */
  readonly sidecars: Readonly<Record<string, string>>;
}

export type EngineRequest = {
  [K in EngineRequestName]: { readonly name: K; readonly input: EngineRequests[K]['input'] };
}[EngineRequestName];

/** How one request ended. killed: by a fault, before it answered. died: by itself. */
export type Ending = { readonly events: readonly EngineRunEvent[] } & (
  | { readonly kind: 'answered'; readonly result: Result<unknown> }
  | { readonly kind: 'killed' }
  | { readonly kind: 'died'; readonly reason: string }
);

/** An engine process of the bundle under test. */
export interface Engine {
  ask(request: EngineRequest): Promise<Ending>;
}
