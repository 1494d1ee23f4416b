import Database from 'better-sqlite3';
import { setTimeout as sleep } from 'node:timers/promises';
import type { EngineProcess } from '../engine/engine-process.ts';
import type { EngineRequest } from '../flows/flow.ts';
import { OTHER_TABLE } from '../oracles/content.ts';
import { sha256IfThere } from '../sandbox.ts';
import type { Fault, OtherDoes } from './fault.ts';
import type { Disturbed } from './inject.ts';

/**
 * The harness is another process than the engine, so its connections are those of another program. Rows that it was
 * told are committed must not be lost, whatever the engine does.
 */
let rows = 0;

/** What the other program did to the file. */
export interface Meddled {
  /** Rows that SQLite told it are committed. */
  readonly acknowledged: readonly number[];
  /**
   * SHA-256 of what was no more after it had opened or closed the file: SQLite removes a log that it cannot use, and plays
   * a journal into a file that it cannot work with either.
   */
  readonly removed: readonly string[];
}

/** @returns SHA-256 of the file and its sidecars, as far as `act` has removed or written over them. */
function removedBy(file: string, act: () => void): string[] {
  const before = hashesOf(file);
  act();
  const after = hashesOf(file);
  return before.filter((sha256) => !after.includes(sha256));
}

function hashesOf(file: string): string[] {
  return ['', '-wal', '-journal'].flatMap((suffix) => {
    try {
      return sha256IfThere(file + suffix) ?? [];
    } catch {
      return []; // the engine has just removed it
    }
  });
}

/** Tries to write one row. Nobody else may be at work on the file meanwhile. */
export function meddle(file: string): Meddled {
  let row: number | null = null;
  const removed = removedBy(file, () => (row = tryToWrite(file)));
  return { acknowledged: row === null ? [] : [row], removed };
}

/** @returns the committed row; null = refused by a lock, or the file cannot be opened. */
function tryToWrite(file: string): number | null {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { fileMustExist: true, timeout: 0 });
    db.pragma('synchronous = FULL');
    const row = (rows += 1);
    db.exec(
      `BEGIN IMMEDIATE; CREATE TABLE IF NOT EXISTS ${OTHER_TABLE} (id INTEGER PRIMARY KEY); INSERT INTO ${OTHER_TABLE} (id) VALUES (${row}); COMMIT`,
    );
    return row;
  } catch {
    return null;
  } finally {
    db?.close();
  }
}

const HOLD_MS = 250;

/** Takes the file for a while, or writes to it, at each event of the run from one on; event 0 is before the request. */
export async function besideOther(
  engine: EngineProcess,
  request: EngineRequest,
  fault: Extract<Fault, { kind: 'other' }>,
  file: string,
): Promise<Disturbed & Meddled> {
  const acknowledged: number[] = [];
  const removed: string[] = [];
  const held: Promise<string[]>[] = [];
  let event = 0;
  let isHit = false;
  const act = (): void => {
    if (event < fault.fromEvent) return;
    isHit = true;
    if (fault.does !== 'write') {
      const { does } = fault;
      // What cannot be opened is closed before this returns.
      if (event === fault.fromEvent) removed.push(...removedBy(file, () => held.push(hold(file, does))));
      return;
    }
    const done = meddle(file);
    acknowledged.push(...done.acknowledged);
    removed.push(...done.removed);
  };
  act();
  const ending = await engine.ask(request, () => {
    event += 1;
    act();
  });
  removed.push(...(await Promise.all(held)).flat());
  return { ending, isHit, problems: [], acknowledged, removed };
}

const doing: Readonly<Record<Exclude<OtherDoes, 'write'>, string>> = {
  read: 'BEGIN; SELECT count(*) FROM sqlite_schema',
  lock: 'BEGIN EXCLUSIVE',
};

/** @returns as `removedBy`, of its end. */
async function hold(file: string, does: Exclude<OtherDoes, 'write'>): Promise<string[]> {
  let db: Database.Database | undefined;
  try {
    db = new Database(file, { fileMustExist: true, timeout: 0 });
    db.exec(doing[does]);
    await sleep(HOLD_MS);
  } catch {
    // the engine was first
  }
  return removedBy(file, () => db?.close());
}
