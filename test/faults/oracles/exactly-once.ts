import path from 'node:path';
import Database from 'better-sqlite3';
import { outcomeDifferences, outcomeOf, type Outcome } from '../../support/kill/outcome.ts';
import type { Source } from '../databases/source.ts';
import type { Engine, EngineRequest, Scene } from '../flows/flow.ts';
import { makeSandbox, placeFile } from '../sandbox.ts';
import { fingerprint, OTHER_TABLE } from './content.ts';
import { learnOwnFindings } from './whole-steps.ts';

/** What an upgrade comes to that nobody disturbed: value by value, so that nothing may be missing or done twice. */
const undisturbed = new Map<string, Outcome | string>();

/** Runs the upgrade once for each source, in a sandbox of its own, and remembers the result. */
export async function undisturbedOutcome(
  source: Source,
  engine: Engine,
  request: (scene: Pick<Scene, 'sandbox'>) => EngineRequest,
): Promise<void> {
  if (undisturbed.has(source.file)) return;
  const sandbox = makeSandbox(
    path.join(path.dirname(source.file), `undisturbed-${process.pid}-${source.name}`),
    source.file,
    source.fileName,
  );
  const ending = await engine.ask(request({ sandbox }));
  const isDone = ending.kind === 'answered' && ending.result.ok && (ending.result.value as { ok: boolean }).ok;
  if (!isDone)
    throw new Error(
      `${source.name} cannot be upgraded undisturbed: ${ending.kind} ${JSON.stringify(ending).slice(0, 600)}`,
    );
  undisturbed.set(source.file, outcomeIn(source, sandbox.file));
  learnOwnFindings(source, placeFile(source.file, `${sandbox.file}.source`), sandbox.file);
}

/** Exactly once: everything in which a finished file differs from the undisturbed one. */
export function outcomeProblems(source: Source, copy: string): string[] {
  const wanted = undisturbed.get(source.file);
  if (wanted === undefined) throw new Error(`${source.name} was never upgraded undisturbed`);
  const found = outcomeIn(source, copy);
  if (typeof wanted === 'string' || typeof found === 'string')
    return wanted === found ? [] : ['the result is not that of an undisturbed upgrade'];
  return outcomeDifferences(wanted, found);
}

function outcomeIn(source: Source, file: string): Outcome | string {
  if (source.family === 'kroma') {
    const outcome = outcomeOf(file);
    outcome.tables.delete(OTHER_TABLE);
    return outcome;
  }
  const db = new Database(file, { readonly: true });
  try {
    // Accounts and issue rows included; only runs, and the times of things, are another matter each time.
    return fingerprint(
      db,
      (table, column) =>
        /^(_phasewise_(runs|checkpoints)|sqlite_)/.test(table) || /_at$|_ms$|^run_id$|^schema_sha256$/.test(column),
    );
  } finally {
    db.close();
  }
}
