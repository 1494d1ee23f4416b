import { realpathSync } from 'node:fs';
import path from 'node:path';
import { appError, assertNever, err, ok, type Result } from '@shared/errors.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { restoreBackup } from '@host/backups.ts';
import { type OpenEntry, resolveDatabasePath, unsupportedPath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { buildSampleAt, freeName } from '@host/samples.ts';
import { statsOf } from '@host/stats.ts';
import { type Command, HELP } from './arguments.ts';
import { ingest } from './ingest.ts';
import { issues } from './issues.ts';
import { keys } from './keys.ts';
import { migrate } from './migrate.ts';
import { endAtOnce, whileRunning } from './signals.ts';
import { canAsk, failure, isConfirmed, type Outcome, tell } from './terminal.ts';
import { backupText, localTime, planText, statusText } from './words.ts';

type Of<N extends Command['name']> = Extract<Command, { name: N }>;

/** Carries a command out. What a person can cause or cure ends as an Outcome; only bugs throw. */
export async function execute(host: Host, command: Command): Promise<Outcome> {
  if (command.name === 'migrate') return migrate(host, command);
  if (command.name === 'restore') return restore(host, command);
  if (command.name === 'ingest') return ingest(host, command);
  if (command.name === 'keys') return keys(host, command);
  if (command.name === 'issues' && command.retry) return issues(host, command);
  const stopListening = endAtOnce(() => host.close());
  try {
    return await look(host, command);
  } finally {
    stopListening();
  }
}

async function look(
  host: Host,
  command: Exclude<Command, { name: 'migrate' | 'restore' | 'ingest' | 'keys' }>,
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
  const database = resolveDatabasePath(file);
  if (!database.ok) return failure(database.error);
  // Not through the looks of the window: those remember what was seen, and this command leaves no trace at all.
  const input = { path: database.value, check: checkData ? 'data' : 'schema' } as const;
  const looked = await host.engines.askAlone(database.value, 'inspect', input).answer;
  if (!looked.ok) return failure(looked.error);
  return { exitCode: 0, json: statusDocument(looked.value), text: statusText(looked.value) };
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
  const options = { backupFolder: backupFolder ?? undefined, source };
  const planned = database.ok ? await host.looks.plan(database.value, to, options) : database;
  if (!planned.ok) return failure(planned.error);
  return { exitCode: 0, json: { ok: true, ...planned.value }, text: planText(planned.value) };
}

/** Also for a database that is gone: its backups are then what matters. */
async function backups(host: Host, { file }: Of<'backups'>): Promise<Outcome> {
  const database = openOrMissing(host, file);
  const listed = database.ok ? await host.backups.list(database.value) : database;
  if (!listed.ok) return failure(listed.error);
  const { folder, backups: found } = listed.value;
  if (found.length === 0 && !isFile(file))
    return failure(appError('E_NOT_FOUND', `There is no ${printable(file)}, and no backup of it.`));
  const text =
    found.length === 0 ? `No backups yet. They go to ${printable(folder)}.` : found.map(backupText).join('\n');
  return { exitCode: 0, json: { ok: true, folder, backups: found }, text };
}

async function verify(host: Host, { backup }: Of<'verify'>): Promise<Outcome> {
  const file = resolveDatabasePath(backup);
  if (!file.ok)
    return failure(file.error.code === 'E_NOT_FOUND' ? appError('E_BACKUP_GONE', file.error.message) : file.error);
  const checked = await host.engines.askAlone(file.value, 'verifyBackup', { backupPath: file.value }).answer;
  if (!checked.ok)
    return {
      ...failure(checked.error),
      exitCode: checked.error.code === 'E_BACKUP_CORRUPT' ? 1 : failure(checked.error).exitCode,
    };
  const record = checked.value;
  if (record.state === 'verified')
    return { exitCode: 0, json: { ok: true, backup: record }, text: `The backup is whole.\n${backupText(record)}` };
  const error =
    record.lastCheck?.error ?? appError('E_BACKUP_CORRUPT', `${printable(backup)} did not pass its checks.`);
  return { ...failure(error, { backup: record }), exitCode: 1 }; // the check was made, and the answer is no
}

async function restore(host: Host, { backup, file, yes }: Of<'restore'>): Promise<Outcome> {
  if (!yes && !canAsk())
    return failure(appError('E_USAGE', 'Nobody can be asked here, and --yes is missing. Nothing was started.'));
  const target = openOrMissing(host, file);
  if (!target.ok) return failure(target.error);
  const source = resolveDatabasePath(backup);
  if (!source.ok)
    return failure(
      source.error.code === 'E_NOT_FOUND' ? appError('E_BACKUP_GONE', source.error.message) : source.error,
    );
  if (!yes) {
    tell(
      `${printable(target.value.path)} will be replaced by the backup ${printable(source.value)}. What is there now is backed up first.`,
    );
    if (!(await isConfirmed(`Type ${printable(target.value.name)} to do it:`, target.value.name))) {
      return failure(appError('E_CONFIRMATION', 'The restore was not started.'));
    }
  }
  const work = restoreBackup(host, source.value, target.value.path);
  // A restore is one step; there is no earlier place to stop it than its end.
  const { value: restored } = await whileRunning(work, { gently: () => {}, atOnce: () => host.close() });
  if (!restored.ok) return failure(restored.error);
  const { before } = restored.value;
  const kept = before ? ` What was there is kept in ${printable(before.path)}.` : '';
  return {
    exitCode: 0,
    json: { ok: true, ...restored.value },
    text: `Restored: ${printable(target.value.path)} now holds the backup of ${localTime(restored.value.restored.createdAt)}.${kept}`,
  };
}

/** A folder as target gets a file of a free name; an existing file is refused by the engine. */
async function sample(host: Host, { target }: Of<'sample'>): Promise<Outcome> {
  const unsupported = unsupportedPath(target);
  if (unsupported) return failure(unsupported.error);
  const built = await buildSampleAt(host.engines, isFolder(target) ? freeName(target, 'northern-lights') : target);
  if (!built.ok) return failure(built.error);
  return {
    exitCode: 0,
    json: { ok: true, path: built.value.path },
    text: `Sample database: ${printable(built.value.path)}`,
  };
}

/** The database, or where one is missing: for its backups. Its folder must exist. */
function openOrMissing(host: Host, file: string): Result<OpenEntry> {
  const opened = host.databases.open(file);
  if (opened.ok || opened.error.code !== 'E_NOT_FOUND') return opened;
  const folder = path.dirname(file);
  if (!isFolder(folder)) {
    return err(appError('E_NOT_FOUND', `There is no folder ${printable(folder)}.`));
  }
  const real = realpathSync.native(folder);
  const name = path.basename(file);
  return ok({ handle: 'missing', path: path.join(real, name), name, folder: real });
}

const isFile = (file: string): boolean => statsOf(file)?.isFile() ?? false;
const isFolder = (file: string): boolean => statsOf(file)?.isDirectory() ?? false;
