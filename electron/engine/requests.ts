import { type AppError, appError, err, ok, type Result, safetyText, toAppError } from '@shared/errors.ts';
import { backupDatabase, listBackups, verifyBackup } from './backups.ts';
import { createControl, type RunControl } from './control.ts';
import { ingestFiles } from './ingest.ts';
import { inspect } from './inspect.ts';
import { exportIssues } from './issues-export.ts';
import { listIssues } from './issues.ts';
import type { Pack } from './migration.ts';
import { assertPlan, makePlan } from './plan.ts';
import type { EngineControl, EngineRequestName, EngineRequests, FromEngine, ToEngine } from './protocol.ts';
import { restoreBackup } from './restore.ts';
import { clearPlainSecrets, listPlainSecrets } from './plain-secrets.ts';
import { retryIssues } from './retry.ts';
import { runUpgrade } from './run.ts';
import { buildSample } from './sample.ts';
import { lookAtSource } from './source-coverage.ts';
import { fromSqlite } from './sqlite-error.ts';
import { verifyResult } from './verify.ts';

type Answers = {
  readonly [K in EngineRequestName]: (
    input: EngineRequests[K]['input'],
  ) => EngineRequests[K]['output'] | Promise<EngineRequests[K]['output']>;
};

/** Answers what a host asks, one request at a time. */
export interface RequestServer {
  receive(message: ToEngine): void;
  /** Nobody listens any more: an active run stops at the next safe boundary. @returns when nothing is active. */
  leave(): Promise<void>;
}

/**
 * One request at a time, because a process must not look at a file through fs while it has it open through SQLite.
 * A second one meanwhile is answered E_RUN_ACTIVE.
 * @param send hands a message to the host; may fail silently when the host is gone.
 */
export function serveRequests(packs: readonly Pack[], send: (message: FromEngine) => void): RequestServer {
  let control: RunControl | undefined;
  let active: Promise<void> | undefined;
  const answers = answersWith(packs, send, (started) => (control = started));

  async function answer(id: number, name: EngineRequestName, input: unknown): Promise<void> {
    const result = await resultOf(answers, name, input);
    control = undefined;
    active = undefined;
    send({ type: 'answer', id, result });
  }

  return {
    receive(message) {
      if (message.type === 'control') return requestControl(control, message.control);
      const { id, name, input } = message;
      if (active)
        return send({
          type: 'answer',
          id,
          result: err(appError('E_RUN_ACTIVE', 'The engine is still busy with another request.')),
        });
      active = answer(id, name, input);
    },
    async leave() {
      requestControl(control, 'cancel');
      await active;
    },
  };
}

const requestControl = (control: RunControl | undefined, wish: EngineControl): void => control?.request(wish);

function answersWith(
  packs: readonly Pack[],
  send: (message: FromEngine) => void,
  onControl: (control: RunControl) => void,
): Answers {
  return {
    inspect: ({ path, check }) => inspect(path, check, packs),
    plan: (input) => makePlan(input, packs),
    run: (input) => {
      const control = createControl();
      onControl(control);
      return runUpgrade(input, {
        packs,
        control,
        emit: (event) => send({ type: 'run', event }),
        assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
      });
    },
    verify: (input) => verifyResult(input, packs),
    backup: (input) => backupDatabase(input, packs),
    verifyBackup,
    listBackups,
    restore: (input) => restoreBackup(input, { packs }),
    sample: (input) => buildSample(input, packs),
    listIssues: (input) => listIssues(input, packs),
    source: (input) => lookAtSource(input, packs),
    ingest: (input) => ingestFiles(input, packs),
    retryIssues: (input) => retryIssues(input, packs),
    listPlainSecrets: ({ path }) => listPlainSecrets(path, packs),
    clearPlainSecrets: (input) => clearPlainSecrets(input, packs),
    exportIssues: (input) => exportIssues(input, packs),
  };
}

/** Never throws: what a person can cause or cure has its code, everything else is E_INTERNAL. */
async function resultOf(answers: Answers, name: EngineRequestName, input: unknown): Promise<Result<unknown>> {
  try {
    // Both ends are of one build: the name decides the input's type, which a lookup cannot tell the compiler.
    const handle = answers[name] as ((input: unknown) => unknown) | undefined;
    if (!handle) return err(appError('E_BAD_REQUEST', `The engine has no request "${String(name)}".`));
    return ok(await handle(input));
  } catch (error) {
    const wrapped = toAppError(fromSqlite(error, `answering ${name}`));
    return err(CHANGES_THE_FILE.has(name) ? wrapped : onlyLooked(wrapped));
  }
}

const CHANGES_THE_FILE: ReadonlySet<EngineRequestName> = new Set([
  'run',
  'restore',
  'ingest',
  'retryIssues',
  'clearPlainSecrets',
]);
const SPEAKS_OF_A_RUN: readonly string[] = [safetyText.unknown, safetyText['whole-step']];

/** A request that never writes to the database leaves nothing half done, whatever went wrong in it. */
const onlyLooked = (error: AppError): AppError =>
  SPEAKS_OF_A_RUN.includes(error.safety) ? { ...error, safety: safetyText.untouched } : error;
