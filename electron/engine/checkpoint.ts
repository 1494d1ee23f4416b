import { coded } from '@shared/errors.ts';
import type { CheckResult } from '@shared/status.ts';
import { putCheckpoint, readCheckpoints } from './bookkeeping.ts';
import { countRows } from './compare.ts';
import type { Db, ExitCriterion, Pack, Phase, Proof, Schema } from './migration.ts';
import { readSchema } from './schema.ts';
import { inTransaction, requireTransaction, type RunSession } from './session.ts';
import { isReadFailure } from './sqlite-error.ts';

/**
 * Evaluates criteria over schema and data. One that throws is unmet, with the reason as its summary.
 * @throws SqliteError when the file could not be read: that says nothing about the data.
 */
export function evaluateCriteria(
  db: Db,
  criteria: readonly ExitCriterion[],
  schema: Schema = readSchema(db),
  proof?: Proof,
): CheckResult[] {
  return criteria.map((criterion) => evaluate(db, schema, criterion, proof));
}

/**
 * The end of a phase: its exit criteria are evaluated and the evidence is stored in the database.
 * @throws CodedError E_VERIFY_FAILED when one is not met; the database then stays in the phase before.
 */
export function reachCheckpoint(session: RunSession, phase: Phase): void {
  inTransaction(session, `the checkpoint of phase ${phase.number}`, () => {
    const wasReached = readCheckpoints(session.db).some((row) => row.phase === phase.number);
    const evidence = evaluateCriteria(session.db, phase.exitCriteria, undefined, { mayBeEdited: wasReached });
    const unmet = evidence.filter(({ state }) => state !== 'met');
    if (unmet.length > 0) {
      const text = unmet.map(({ title, summary }) => `${title}: ${summary}`).join(' ');
      throw coded('E_VERIFY_FAILED', `Phase ${phase.number} (${phase.name}) is not complete. ${text}`, {
        phase: phase.number,
        unmet: unmet.map(({ id }) => id).join(', '),
      });
    }
    if (!wasReached) noteInAudit(session, phase);
    putCheckpoint(session.db, { phase: phase.number, reachedAt: session.now, runId: session.runId, evidence });
    session.probe('checkpoint', String(phase.number));
  });
}

/** The first time only, and only where the database's own list of events has its final shape by now. */
function noteInAudit(session: RunSession, { number, name }: Phase): void {
  const { db, now } = session;
  const { audit } = session.pack;
  if (!audit?.isReady(db)) return;
  audit.record(db, {
    id: `phasewise:phase-${number}`,
    code: 'phasewise.phase_reached',
    projectId: null,
    payload: { phase: number, name },
    createdAt: now,
  });
  requireTransaction(db);
  const rows = new Map(session.census.rows);
  session.census = { ...session.census, rows: rows.set(audit.table, countRows(db, 'main', audit.table)) };
}

/** The phases up to and including `toPhase`, in order. */
export const phasesUpTo = (pack: Pack, toPhase: number): Phase[] =>
  pack.phases.filter(({ number }) => number <= toPhase).toSorted((a, b) => a.number - b.number);

function evaluate(db: Db, schema: Schema, { id, title, check }: ExitCriterion, proof?: Proof): CheckResult {
  try {
    const { met, summary, evidence } = check(db, schema, proof);
    return { id, title, state: met ? 'met' : 'unmet', summary, evidence };
  } catch (error) {
    if (isReadFailure(error)) throw error;
    return {
      id,
      title,
      state: 'unmet',
      summary: `It could not be checked: ${error instanceof Error ? error.message : String(error)}`,
      evidence: [],
    };
  }
}
