import {
  type AppError,
  appError,
  err,
  ok,
  type Result,
  type Safety,
  safetyText,
  untouchedText,
} from '@shared/errors.ts';
import { safetyOfUnended } from '@shared/request-safety.ts';
import { patiently } from './app-lock-wait.ts';
import { bounded } from './bounded.ts';
import { backupDatabase, listAllBackups, verifyBackup } from './backups.ts';
import { browseAnswers } from './browse/answers.ts';
import { createControl, type RunControl } from './control.ts';
import { createPassage, type Passage } from './passage.ts';
import { ingestFiles } from './ingest.ts';
import { inspect } from './inspect.ts';
import { knownPack } from './known-pack.ts';
import { exportIssues } from './issues-export.ts';
import { listIssues } from './issues.ts';
import type { Pack } from './migration.ts';
import { assertPlan, makePlan } from './plan.ts';
import type { EngineControl, EngineRequestName, EngineRequests, EngineWork, FromEngine, ToEngine } from './protocol.ts';
import { putBackReplaced } from './put-back.ts';
import { finishRestore, restoreBackup } from './restore.ts';
import { restoredFrom } from './restored-from.ts';
import { clearPlainSecrets, listPlainSecrets } from './plain-secrets.ts';
import { retryIssues } from './retry.ts';
import { runUpgrade } from './run.ts';
import { buildSample } from './sample.ts';
import type { RunTuning } from './session.ts';
import { settle } from './settle.ts';
import { removeBackup, tidyBackups } from './tidy.ts';
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
 * @param tuning only tests have their own.
 */
export function serveRequests(
  packs: readonly Pack[],
  send: (message: FromEngine) => void,
  tuning: Partial<RunTuning> = {},
): RequestServer {
  let control: RunControl | undefined;
  let active: Promise<void> | undefined;
  let isBrowsing = false;
  const passage = createPassage(send);
  const answers = answersWith(packs, send, { onControl: (started) => (control = started), passage }, tuning);

  async function answer(id: number, name: EngineRequestName, input: unknown): Promise<void> {
    const found = await resultOf(answers, name, input);
    // Rows and the names they are asked by are exact, with limits of their own; the window shows what is hidden in them.
    const result = found.ok && name.startsWith('browse') ? found : bounded(found);
    control = undefined;
    active = undefined;
    send({ type: 'answer', id, result });
  }

  return {
    receive(message) {
      if (message.type === 'control') return requestControl(control, message.control);
      if (message.type === 'proceed') return passage.open();
      const { id, name, input } = message;
      if (active)
        return send({
          type: 'answer',
          id,
          result: err(appError('E_RUN_ACTIVE', 'The engine is still busy with another request.')),
        });
      isBrowsing = name.startsWith('browse');
      active = answer(id, name, input);
    },
    async leave() {
      requestControl(control, 'cancel');
      passage.close();
      // Rows that nobody waits for: an export removes what it had written when its process ends.
      if (!isBrowsing) await active;
    },
  };
}

const requestControl = (control: RunControl | undefined, wish: EngineControl): void => control?.request(wish);

function answersWith(
  packs: readonly Pack[],
  send: (message: FromEngine) => void,
  { onControl, passage }: { readonly onControl: (control: RunControl) => void; readonly passage: Passage },
  tuning: Partial<RunTuning>,
): Answers {
  const onWork = (work: EngineWork): void => send({ type: 'work', work });
  const onWait = (): void => onWork({ stage: 'waiting', fraction: null, canCancel: true });
  const asking = ({ asksToProceed }: { asksToProceed?: boolean }) =>
    asksToProceed ? { beforeReplacing: passage.pass } : {};
  const passageOf = ({ asksToProceed }: { asksToProceed?: boolean }) => (asksToProceed ? passage.pass : undefined);
  return {
    ...browseAnswers(packs, send),
    inspect: ({ path, check, lockFolder }) => inspect(path, check, packs, lockFolder),
    plan: (input) => makePlan(input, packs),
    run: (input) => {
      const control = createControl();
      onControl(control);
      const beforeChange = passageOf(input);
      return runUpgrade(input, {
        ...(beforeChange === undefined ? {} : { beforeChange }),
        onSign: () => send({ type: 'sign' }),
        packs,
        control,
        tuning,
        emit: (event) => send({ type: 'run', event }),
        assertPlan: (lock, pack, target, asked) => assertPlan(lock.db, pack, target, asked),
      });
    },
    verify: (input) => verifyResult(input, packs),
    backup: (input) => backupDatabase(input, packs, onWork),
    verifyBackup,
    listBackups: (input) => listAllBackups(input, packs),
    removeBackup: (input) => removeBackup(input, packs),
    tidyBackups: (input) => tidyBackups(input, packs),
    restore: (input) => patiently(() => restoreBackup(input, { packs, onWork, ...asking(input) }), { onWait }),
    finishRestore: (input) => patiently(() => finishRestore(input, { packs, onWork, ...asking(input) }), { onWait }),
    putBack: (input) => patiently(() => putBackReplaced(input, { onWork, ...asking(input) }), { onWait }),
    restoredFrom: (input) => restoredFrom(input, packs),
    sample: (input) => buildSample(input, packs),
    packs: () => packs.map(knownPack),
    settle: (input) => settle(input, packs),
    listIssues: (input) => listIssues(input, packs),
    source: (input) => lookAtSource(input, packs),
    ingest: (input) => ingestFiles(input, packs, onWork, passageOf(input)),
    retryIssues: (input) => retryIssues(input, packs, onWork, passageOf(input)),
    listPlainSecrets: ({ path }) => listPlainSecrets(path, packs),
    clearPlainSecrets: (input) => clearPlainSecrets(input, packs, onWork, passageOf(input)),
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
    // Words of safety are for whoever threw knowing the state; an error that comes as the system made it knows nothing.
    // Of a run it is what was refused: what goes wrong once it has changed anything is in its report.
    const safety = safetyOfUnended(name);
    return err(atMost(safety, fromSqlite(error, `answering ${name}`, safety).appError));
  }
}

const SPEAKS_OF_A_RUN: readonly string[] = [safetyText.unknown, safetyText['whole-step'], safetyText['moved-away']];

/**
 * A request that never writes to the database leaves nothing of it half done, whatever went wrong in it; only what lay
 * beside it may be gone from there.
 */
function atMost(safety: Safety, error: AppError): AppError {
  if (safety === 'unknown' || !SPEAKS_OF_A_RUN.includes(error.safety)) return error;
  if (error.details?.['keptIn'] !== undefined) return { ...error, safety: safetyText.kept };
  return { ...error, safety: safety === 'untouched' ? untouchedText(error.code) : safetyText[safety] };
}
