import { type AppError, appError, assertNever, err, type Result } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { type BegunWay, begunWay } from '@host/begun-way.ts';
import { defaultBackupFolder, resolveDatabasePath, unsupportedPath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { wasLeft } from '@host/open-work.ts';
import { printable } from '@host/printable.ts';
import { goneOnElsewhere } from '@host/recovery-overtaken.ts';
import { buildSampleAt, freeName } from '@host/samples.ts';
import { statsOf } from '@host/stats.ts';
import { withVerdictHealth } from '@host/verdict-health.ts';
import { findWork, readWorks } from '@host/works.ts';
import type { Command } from './arguments.ts';
import { backups, verify } from './backups.ts';
import { exportTable } from './export.ts';
import { HELP } from './help.ts';
import { ingest } from './ingest.ts';
import { interruptionOf } from './interruption.ts';
import { issues } from './issues.ts';
import { withKeptBackup } from './kept-backup.ts';
import { keys } from './keys.ts';
import { migrate } from './migrate.ts';
import { withOfferedPhases } from './offered-phases.ts';
import { restore } from './restore.ts';
import { endAtOnce, whileRunning } from './signals.ts';
import { endInPlace, errorText, failure, type Outcome, tell, tellInPlace } from './terminal.ts';
import { recoveryText } from './recovery-words.ts';
import { unfinishedRestore, unknownWorks } from './unfinished.ts';
import { planText, statusText, withRecovery } from './words.ts';

type Of<N extends Command['name']> = Extract<Command, { name: N }>;

/** Carries a command out. What a person can cause or cure ends as an Outcome; only bugs throw. */
export async function execute(host: Host, command: Command): Promise<Outcome> {
  const warning = warningBefore(host, command);
  if (warning !== null) tell(`${errorText(warning)}\n`);
  const carried = await withOfferedPhases(host, command, await carryOut(host, command));
  const outcome = await withKeptBackup(host, command, carried);
  return warning === null ? outcome : { ...outcome, json: { ...outcome.json, warning } };
}

/** What is to be known before the answer is believed; null = nothing. */
function warningBefore(host: Host, command: Command): AppError | null {
  if (isReading(command)) return unfinishedRestore(host, command.file);
  return command.name === 'status' ? unknownWorks(host, command.file) : null;
}

/** Answers from the rows of a database, without writing to it. */
const isReading = (command: Command): command is Of<'issues' | 'export' | 'keys'> =>
  command.name === 'export' ||
  (command.name === 'issues' && !command.retry) ||
  (command.name === 'keys' && !command.clear);

async function carryOut(host: Host, command: Command): Promise<Outcome> {
  if (command.name === 'migrate') return migrate(host, command);
  if (command.name === 'restore') return restore(host, command);
  if (command.name === 'ingest' && !command.isTrial) return ingest(host, command);
  if (command.name === 'export') return exportTable(host, command);
  if (command.name === 'stay') return stay(host, command);
  if (command.name === 'keys' && command.clear) return keys(host, command);
  if (command.name === 'issues' && (command.retry || command.exportTo !== null)) return issues(host, command);
  const stopListening = endAtOnce(
    () => host.close(),
    {},
    () => interruptionOf(command),
  );
  try {
    return await look(host, command);
  } finally {
    stopListening();
  }
}

async function look(
  host: Host,
  command: Exclude<Command, { name: 'migrate' | 'restore' | 'export' | 'stay' }>,
): Promise<Outcome> {
  switch (command.name) {
    case 'help':
      return { exitCode: 0, json: { ok: true, help: HELP }, text: HELP };
    case 'version':
      return { exitCode: 0, json: { ok: true, version: host.appVersion }, text: host.appVersion };
    case 'status':
      return status(host, command);
    case 'plan':
      return plan(host, command);
    case 'issues':
      return issues(host, command);
    case 'keys':
      return keys(host, command);
    case 'ingest':
      return ingest(host, command);
    case 'backups':
      return backups(host, command);
    case 'verify':
      return verify(host, command);
    case 'sample':
      return sample(host, command);
    default:
      return assertNever(command);
  }
}

async function status(host: Host, { file, checkData }: Of<'status'>): Promise<Outcome> {
  const database = host.databases.openOrMissing(file);
  if (!database.ok) return failure(database.error);
  const { path: found } = database.value;
  // Not through the looks of the window: those remember what was seen, and this command leaves no trace at all.
  const input = { path: found, check: checkData ? 'data' : 'schema' } as const;
  const looked = isFile(found) ? await host.engines.askAlone(found, 'inspect', input).answer : missing(file);
  const onLook = (now: string): void => tellInPlace(`${now}…`);
  const recovery = await host.recoveries.get(database.value, { known: looked, isReadOnly: true, onLook });
  endInPlace();
  if (!looked.ok) {
    const refused = failure(looked.error, { recovery });
    if (recovery === null) return refused;
    return { ...refused, text: withRecovery(refused.text, recovery, recoveryText(recovery, found)) };
  }
  const told = await withVerdictHealth(looked.value, found, () => host.runs.history(database.value)[0]);
  return {
    exitCode: 0,
    json: { ...statusDocument(told), recovery },
    text: statusText(told, recovery, await wayOfRun(host, told)),
  };
}

function wayOfRun(host: Host, status: DatabaseStatus): Promise<BegunWay> {
  const work = status.unfinishedRun && findWork(host.dataFolder, status.unfinishedRun.runId);
  return begunWay(work ? [work] : [], status);
}

/** Leaves what was interrupted as it is; from then on `status` has one line about it. */
async function stay(host: Host, { file }: Of<'stay'>): Promise<Outcome> {
  const database = host.databases.openOrMissing(file);
  if (!database.ok) return failure(database.error);
  const looking = host.recoveries.get(database.value, { isReadOnly: true, isBrief: true });
  const recovery = await looking.finally(endAtOnce(() => host.close()));
  if (recovery === null) {
    const unknown = unknownWorks(host, file) ?? goneOnElsewhere(host.dataFolder, database.value.path);
    if (unknown !== null) return failure(unknown);
    const isLeft = wasLeft(readWorks(host.dataFolder, database.value.path));
    const message = isLeft ? 'It was already left as it is.' : 'Nothing is unfinished in this database.';
    return failure(appError('E_NOTHING_TO_DO', message, undefined, isLeft ? LEFT : NOTHING_OPEN));
  }
  if (recovery.choices.every(({ id }) => id !== 'stay')) {
    const details = recovery.backup === null ? undefined : { backup: recovery.backup.path };
    return failure(appError('E_RESTORE_UNFINISHED', 'An interrupted restore cannot be left at that.', details));
  }
  // A line in a journal: over before it could be stopped.
  const noting = host.recoveries.stay(database.value, recovery.runId);
  const { value: stayed } = await whileRunning(noting, { gently: () => {}, atOnce: () => host.close() });
  if (!stayed.ok) return failure(stayed.error);
  const text = 'Everything stays as it is. You can go on or put a backup back whenever you like.';
  return { exitCode: 0, json: { ok: true, runId: recovery.runId }, text };
}

const LEFT = { nextStep: 'You can go on or put a backup back whenever you like.' };
const NOTHING_OPEN = { nextStep: 'Nothing has to be left or gone on with.' };

/** A link that leads nowhere is told as one. */
function missing(file: string): Result<never> {
  const found = resolveDatabasePath(file);
  return found.ok ? err(appError('E_NOT_FOUND', `There is no ${printable(file)}.`)) : found;
}

/** Ids as plain strings and the lists that scripts ask for, then everything else there is to know. */
function statusDocument(status: DatabaseStatus): object {
  const { pack, variant, phases, tables, ...rest } = status;
  return {
    ok: true,
    pack: pack.id,
    packTitle: pack.title,
    variant: variant.id,
    variantTitle: variant.title,
    phases: phases.map(({ number, name, state, removesAnything, migrations, exitCriteria }) => ({
      number,
      name,
      state,
      removesAnything,
      migrations: migrations.map(({ id, state: migrationState }) => ({ id, state: migrationState })),
      exitCriteria: exitCriteria.map(({ id, state: criterionState, summary }) => ({
        id,
        state: criterionState,
        summary,
      })),
    })),
    tables: tables.map(({ columns, objects, ...table }) => ({
      ...table,
      columns: columns.filter((column) => column.gap !== 'none').map(({ name, gap, note }) => ({ name, gap, note })),
      objects: objects
        .filter((object) => object.gap !== 'none')
        .map(({ kind, description, gap }) => ({ kind, description, gap })),
    })),
    ...rest,
  };
}

async function plan(host: Host, { file, to, backupFolder, source }: Of<'plan'>): Promise<Outcome> {
  const database = host.databases.open(file);
  // As migrate takes it: a command does what it says, whatever an earlier one said.
  const optionsFor = (found: string) => ({ backupFolder: backupFolder ?? defaultBackupFolder(found), source });
  const planned = database.ok ? await host.looks.plan(database.value, to, optionsFor(database.value.path)) : database;
  if (!planned.ok) return failure(planned.error);
  return { exitCode: 0, json: { ok: true, ...planned.value }, text: planText(planned.value) };
}

/** A folder as target gets a file of a free name; an existing file is refused by the engine. */
async function sample(host: Host, { target }: Of<'sample'>): Promise<Outcome> {
  const unsupported = unsupportedPath(target);
  if (unsupported) return failure(unsupported.error);
  const place = isFolder(target) ? await freeName(target, 'northern-lights') : target;
  const built = await buildSampleAt(host.engines, place);
  if (!built.ok) return failure(built.error);
  return {
    exitCode: 0,
    json: { ok: true, path: built.value.path },
    text: `Sample database: ${printable(built.value.path)}`,
  };
}

const isFile = (file: string): boolean => statsOf(file)?.isFile() ?? false;
const isFolder = (file: string): boolean => statsOf(file)?.isDirectory() ?? false;
