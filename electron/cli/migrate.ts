import type { WholeReport } from '@shared/channels.ts';
import { type AppError, appError, safetyText, toAppError, untouchedText } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import { type BackupRecord, isFinal, type Plan, type RunReport, type RunSnapshot } from '@shared/run.ts';
import { sizeText } from '@shared/sizes.ts';
import type { FileRun } from '@shared/status.ts';
import type { EarlierBackup } from '@engine/protocol.ts';
import type { OpenEntry } from '@host/databases.ts';
import { earlierBackups, earlierParts } from '@host/continued.ts';
import { defaultBackupFolder } from '@host/databases.ts';
import { backupsBefore, isLastProven, type OpenRun, openRunsIn } from '@host/file-runs.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { namesKept } from '@host/run-stop.ts';
import { sourceOfPlan } from '@host/sources.ts';
import { disagreement } from '@host/verdict.ts';
import { requireReadableJournals } from '@host/works.ts';
import { isWrittenSince } from '@host/written-since.ts';
import type { Command } from './arguments.ts';
import { changedNothing, checkStopped } from './interruption.ts';
import { continuesText } from './recovery-words.ts';
import { endAtOnce, whileRunning } from './signals.ts';
import { waitForSpace } from './space-wait.ts';
import {
  canAsk,
  endInPlace,
  exitCodeOf,
  failure,
  isConfirmed,
  nobodyToAsk,
  type Outcome,
  tell,
  tellInPlace,
} from './terminal.ts';
import { backupsOf, keptLines, number, planText, reportText, some, sourceText, stepText } from './words.ts';

type Migrate = Extract<Command, { name: 'migrate' }>;

/** Fields that the document of `migrate` always has. */
const nothingDone = { fromPhase: null, toPhase: null, migrations: [], backfills: [], backup: null, verified: false };

/** `migrate`: plan, ask, run, verdict. Continues where an earlier run stopped. */
export async function migrate(host: Host, command: Migrate): Promise<Outcome> {
  if (!command.yes && !canAsk()) {
    return failure(nobodyToAsk(), nothingDone);
  }
  const database = host.databases.open(command.file);
  if (!database.ok) return failure(database.error, nothingDone);
  const backupFolder = command.backupFolder ?? defaultBackupFolder(database.value.path);
  const options = { backupFolder, source: command.source };
  const planned = await interruptible(host, host.looks.plan(database.value, command.to, options));
  if (!planned.ok) return failure(planned.error, nothingDone);
  const plan = planned.value;
  // No migration may be left and the phase still be open: its checkpoint is missing, or it consists of the backup alone.
  if (plan.steps.length === 0 && (plan.fromPhase ?? -1) >= plan.toPhase)
    return alreadyThere(host, database.value, plan, command.yes);
  const blocking = plan.preflight.find((finding) => finding.state === 'blocking');
  if (blocking)
    return failure(blocking.error ?? appError('E_PREFLIGHT_UNKNOWN_OBJECT', blocking.detail), {
      ...nothingDone,
      ...phasesOf(plan),
    });
  if (plan.removesAnything && !command.contract)
    return failure(appError('E_REMOVAL_UNCONFIRMED', `Phase ${plan.toPhase} removes what only older programs use.`), {
      ...nothingDone,
      ...phasesOf(plan),
    });
  if (!command.yes) {
    tell(`${planText(plan)}\n`);
    const { name } = database.value;
    const [question, expected] = plan.removesAnything
      ? [`Start? Type ${printable(name)} to start:`, name]
      : ['Start? Type "yes" to start:', 'yes'];
    if (!(await isConfirmed(question, expected))) {
      return failure(appError('E_CONFIRMATION', 'The upgrade was not started.'), { ...nothingDone, ...phasesOf(plan) });
    }
  } else if (plan.source) tell(sourceText(plan.source));
  return run(host, database.value, plan, await continued(host, database.value));
}

/** Says so where an interrupted run is gone on with. */
async function continued(host: Host, database: OpenEntry): Promise<Continued | null> {
  const recovery = await interruptible(host, host.recoveries.get(database, { isReadOnly: true, isBrief: true }));
  if (recovery?.kind !== 'upgrade') return null;
  tell(continuesText(recovery));
  const { runId, stepsDone, stepsTotal, where } = recovery;
  return { runId, stepsDone, stepsTotal, where };
}

type Continued = Pick<Recovery, 'runId' | 'stepsDone' | 'stepsTotal' | 'where'>;

/** Nothing is changed meanwhile: a signal ends it at once. */
function interruptible<T>(host: Host, looking: Promise<T>, errorOf = changedNothing): Promise<T> {
  return looking.finally(endAtOnce(() => host.close(), nothingDone, errorOf));
}

async function run(host: Host, database: OpenEntry, plan: Plan, continues: Continued | null = null): Promise<Outcome> {
  const { toPhase, fingerprint, backupFolder } = plan;
  const stopTelling = host.events.on(progressTeller());
  const waiting = waitForSpace(host, database.handle);
  // Without --contract a plan that removes something does not get here.
  const request = { source: sourceOfPlan(plan), isRemovalConfirmed: plan.removesAnything };
  const started = host.runs.start(database, { toPhase, fingerprint, plan, backupFolder, ...request });
  if (!started.ok) return failure(started.error, { ...nothingDone, ...phasesOf(plan) });
  const stop = { gently: () => host.runs.control(database.handle, 'cancel'), atOnce: () => host.close() };
  const { value, signalCode } = await whileRunning(started.value.done, stop);
  stopTelling();
  const gaveUp = waiting.end();
  endInPlace();
  // Somebody else's upgrade was waited for, and has done what was asked.
  if (value.error?.code === 'E_NOTHING_TO_DO') return alreadyThere(host, database, plan);
  const ended = outcomeOf(gaveUp && value.state === 'cancelled' ? { ...value, error: gaveUp } : value, signalCode);
  return continues ? { ...ended, json: { ...ended.json, continues } } : ended;
}

function outcomeOf(run: RunSnapshot, signalCode: 130 | 143 | null): Outcome {
  const report: WholeReport | null = run.report;
  if (report && run.state === 'completed')
    return { exitCode: 0, json: { ok: true, ...document(report) }, text: reportText(report) };
  const error = run.error ?? appError('E_INTERNAL', 'The run ended without a report.');
  const told = failure(error, report ? document(report) : nothingDone);
  const kept = [...(report?.earlierKeptIn ?? []), report?.keptIn].filter((each) => !namesKept(error, each ?? ''));
  const ended = { ...told, text: [told.text, ...kept.flatMap(keptLines)].join('\n') };
  // With a backup the run had begun: whatever the code, "refused, nothing touched" would be untrue then.
  return { ...ended, exitCode: signalCode ?? (run.backup ? 1 : exitCodeOf(error)) };
}

/** The issue's contract for `migrate --json`; more fields may follow, these stay. */
function document(report: WholeReport): object {
  const { runId, fromPhase, toPhase, startedAt, finishedAt, verified, issues, checks } = report;
  const backups = backupsOf(report).map(({ path, sha256, verified: isProven }) => ({
    path,
    sha256,
    verified: isProven,
  }));
  return {
    runId,
    fromPhase,
    toPhase,
    migrations: report.migrations.map(({ id, ms }) => ({ id, ms })),
    backfills: report.backfills.map(({ title: _title, ...counts }) => counts),
    backup: backups[0] ?? null,
    ...(backups.length > 1 ? { backups } : {}),
    verified,
    issues,
    checks: checks.map(({ id, title, state, summary }) => ({ id, title, state, summary })),
    startedAt,
    finishedAt,
    ...(report.keptIn === undefined ? {} : { keptIn: report.keptIn }),
    ...(report.earlierKeptIn === undefined ? {} : { earlierKeptIn: report.earlierKeptIn }),
  };
}

/**
 * At the target already: said only after a fresh process has looked whether it is true, and called verified only where
 * the verdict on the last run is known here: nobody can compare what was upgraded on another computer.
 * @param mayRepair what was damaged since may be done again, behind a backup, as on the way to a later phase. Not
 *   where rows may be missing or a run never got its verdict: a new backup would let that question drop.
 */
async function alreadyThere(host: Host, database: OpenEntry, plan: Plan, mayRepair = false): Promise<Outcome> {
  const common = { ...nothingDone, ...phasesOf(plan) };
  try {
    requireReadableJournals(host.dataFolder, database.path);
  } catch (thrown) {
    return failure(onlyLooked(toAppError(thrown)), common);
  }
  const looking = host.engines.ask(database.path, 'inspect', { path: database.path, check: 'schema' });
  const looked = await interruptible(host, looking);
  if (!looked.ok) return failure(onlyLooked(looked.error), common);
  const { runs } = looked.value;
  const { leftAs, inFile, wasTo, ...comparing } = await unproven(host, database, plan, runs);
  const input = { path: database.path, toPhase: plan.toPhase, ...comparing };
  const asked = host.engines.askAlone(database.path, 'verify', input);
  const verdict = await interruptible(host, asked.answer, checkStopped);
  const error = verdict.ok
    ? disagreement(verdict.value.checks, await isWrittenSince(database.path, leftAs))
    : verdict.error;
  if (error && mayRepair && isRepairable(error) && input.backupPath === null) return run(host, database, plan);
  // Without a comparison, or where it was to go further, the question stays open.
  const isAnswer = input.backupPath !== null && wasTo <= plan.toPhase;
  if (verdict.ok && isAnswer)
    host.recoveries.noteVerdict(database, { toPhase: plan.toPhase, checks: verdict.value.checks, error }, inFile);
  if (error) return failure(onlyLooked(error), common);
  const verified = isAnswer || isLastProven(host.dataFolder, runs);
  const holds = verified ? 'and verified' : 'and its checks hold';
  return {
    exitCode: 0,
    json: { ok: true, ...common, verified, message: 'There is nothing to do.' },
    text:
      !isAnswer || input.backupPath === null
        ? `There is nothing to do: phase ${plan.toPhase} is reached ${holds}.`
        : `The check that was missing was made, and holds: phase ${plan.toPhase} is reached and verified.\n` +
          `The backup from before: ${printable(input.backupPath)}`,
  };
}

/**
 * The backup of the last run that changed the file, where that run never got its verdict: it was killed meanwhile, or
 * the comparison said no. To say "verified" now without comparing again would let the question drop; so would it where
 * that backup is gone, until a person leaves it at that. The file's own runs are asked first, then what was noted of its path.
 */
async function unproven(
  host: Host,
  database: OpenEntry,
  { backupFolder }: Plan,
  runs: readonly FileRun[],
): Promise<Unproven> {
  const { dataFolder, engines } = host;
  const open = openRunsIn(dataFolder, database.path, runs);
  const inFile = open.at(-1);
  if (inFile !== undefined) {
    const { work } = inFile;
    const earlier = await backupsBefore(engines, open, { databasePath: database.path, folders: [backupFolder] });
    const leftAs = (work?.report ?? work?.migrated)?.leftAs;
    return { backupPath: earlier.at(-1)?.backupPath ?? null, earlier, leftAs, inFile, wasTo: inFile.run.toPhase };
  }
  const none = { backupPath: null, earlier: [], leftAs: undefined, wasTo: 0 };
  const history = host.runs.history(database);
  if (history[0] === undefined || history[0].verified) return none;
  const { leftAs, toPhase: wasTo } = history[0];
  const earlier = await earlierBackups(earlierParts(dataFolder, database.path));
  const listed = await host.backups.list(database);
  const found = listed.ok ? backupOfLast(history, listed.value.backups) : null;
  return { backupPath: found ?? earlier.at(-1)?.backupPath ?? null, earlier, leftAs, wasTo };
}

function backupOfLast(history: readonly RunReport[], backups: readonly BackupRecord[]): string | null {
  for (const { runId, verified } of history) {
    if (verified) return null;
    const backup = backups.find((record) => record.runId === runId);
    if (backup) return backup.path;
  }
  return null;
}

interface Unproven {
  readonly backupPath: string | null;
  readonly earlier: readonly EarlierBackup[];
  /** The file as that run left it. */
  readonly leftAs: RunReport['leftAs'];
  /** The phase it was to reach. */
  readonly wasTo: number;
  /** That run, where the file itself names it. */
  readonly inFile?: OpenRun;
}

const isRepairable = ({ code, safety }: AppError): boolean =>
  code === 'E_VERIFY_FAILED' && safety !== safetyText.unknown;

/** Nothing was begun: no sentence about completed steps and their backup belongs here. */
const onlyLooked = (error: AppError): AppError =>
  error.safety === safetyText.unknown ? error : { ...error, safety: untouchedText(error.code) };

const phasesOf = ({ fromPhase, toPhase }: Plan) => ({ fromPhase, toPhase });

/** Tells what changed since the last snapshot, as lines. */
function progressTeller(): (name: string, payload: unknown) => void {
  let before: RunSnapshot | null = null;
  return (name, payload) => {
    if (name !== 'run:changed') return;
    const now = payload as RunSnapshot;
    for (const line of newLines(before, now)) {
      endInPlace();
      tell(line);
    }
    const { progress } = now;
    if (progress) {
      const rate =
        progress.rowsPerSecond === null ? '' : `, ${Math.round(progress.rowsPerSecond).toLocaleString('en-US')} rows/s`;
      tellInPlace(`  ${now.now}: ${number(progress.rowsDone)} of ${some(progress.rowsTotal, 'row')}${rate}`);
    }
    before = now;
  };
}

function newLines(before: RunSnapshot | null, now: RunSnapshot): string[] {
  const lines: string[] = [];
  if (now.backup && !before?.backup)
    lines.push(`  backup: ${printable(now.backup.path)} (${sizeText(now.backup.sizeBytes)})`);
  for (const [at, step] of now.steps.entries()) {
    const earlier = before?.steps[at]?.state; // none: the list of steps is new, and begins with those of earlier runs
    if (step.state === 'applied' && earlier !== undefined && earlier !== 'applied')
      lines.push(stepText(step.title, step.ms ?? 0));
  }
  // Its end is told by the outcome, and a lack of space by who waits for it; a wish to stop changes no words.
  const isToldElsewhere = isFinal(now.state) || now.attention !== null || before?.now === now.now;
  if (before?.state !== now.state && !isToldElsewhere) lines.push(printable(now.now));
  return lines;
}
