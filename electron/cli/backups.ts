import path from 'node:path';
import type { Output } from '@shared/channels.ts';
import { appError, type AppError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { sizeText } from '@shared/sizes.ts';
import { liesAmongBackups } from '@host/backup-place.ts';
import { resolveDatabasePath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import { statsOf } from '@host/stats.ts';
import type { Command } from './arguments.ts';
import { commandLine, windowLine } from './suggested.ts';
import { failure, type Outcome, tell } from './terminal.ts';
import { backupText, some } from './words.ts';

type Of<N extends Command['name']> = Extract<Command, { name: N }>;

/** Also for a database that is gone: its backups are then what matters. */
export async function backups(host: Host, { file, keep, yes }: Of<'backups'>): Promise<Outcome> {
  const database = host.databases.openOrMissing(file);
  const listed = database.ok ? await host.backups.list(database.value) : database;
  if (!listed.ok || !database.ok) return failure(listed.ok ? appError('E_NOT_FOUND', 'It is gone.') : listed.error);
  const { folder, backups: found, unusable, replaced, beforeRecovery } = listed.value;
  if (found.length === 0 && unusable.length === 0 && !(statsOf(file)?.isFile() ?? false))
    return failure(appError('E_NOT_FOUND', `There is no ${printable(file)}, and no backup of it.`));
  if (keep !== null) return tidy(host, database.value, listed.value, { keep, yes });
  const own = found.filter(({ madeOfGone }) => !madeOfGone);
  const lines = own.map(backupText);
  if (own.length === 0)
    lines.push(`No backups${unusable.length === 0 ? ' yet' : ''}. They go to ${printable(folder)}.`);
  lines.push(...found.filter((backup) => !own.includes(backup)).map(backupText));
  lines.push(...unusableText(unusable));
  if (replaced)
    lines.push(`${replaced.isOfUndo ? AFTER_UNDO : 'The last restore set files aside'}: ${printable(replaced.folder)}`);
  for (const copy of beforeRecovery)
    lines.push(`File, journal and log as found by Phasewise: ${printable(copy.folder)}`);
  return { exitCode: 0, json: { ok: true, ...listed.value }, text: lines.join('\n') };
}

const AFTER_UNDO = 'Undoing the last restore set aside what was there until then';

type Unusable = Output<'backup:list'>['unusable'];

const NAMED = 5;

/** A folder that nobody could look into was not found to hold none. */
const isUnseen = ({ why }: Unusable[number]): boolean => why?.code === 'E_TIMEOUT' || why?.code === 'E_BACKUP_FOLDER';

const unusableText = (files: Unusable): string[] => [
  ...listedText('Could not be looked into:', files.filter(isUnseen)),
  ...listedText(
    'Found, but not usable as a backup of this database:',
    files.filter((each) => !isUnseen(each)),
  ),
];

function listedText(title: string, files: Unusable): string[] {
  if (files.length === 0) return [];
  const more = files.length - NAMED;
  return [
    title,
    ...files.slice(0, NAMED).flatMap(({ path: file, why }) => {
      const name = `  ${printable(file)}`;
      return why === null ? [name] : [name, `    ${printable(`${why.message} ${why.nextStep}`)}`];
    }),
    ...(more > 0 ? [`  and ${some(more, 'more file')}. “verify” says of each why.`] : []),
  ];
}

async function tidy(
  host: Host,
  database: Parameters<Host['backups']['tidy']>[0],
  { backups: { length: count }, unusable }: Output<'backup:list'>,
  { keep, yes }: { readonly keep: number; readonly yes: boolean },
): Promise<Outcome> {
  if (count > 0) tell(`Reading ${some(count, 'backup')} again, so that only what is not needed may go …`);
  const tidied = await host.backups.tidy(database, keep, !yes);
  if (!tidied.ok) return failure(tidied.error);
  const { removed, kept, freedBytes } = tidied.value;
  const went = `${some(removed.length, 'backup')} (${sizeText(freedBytes)})`;
  const trial = [
    `Could go: ${went}. Nothing was deleted. To delete them for good:`,
    `  ${commandLine('backups', database.path, '--keep', `${keep}`, '--yes')}`,
  ];
  const none = unusable.length === 0 ? 'There are no backups yet' : 'There is no backup that can be used';
  const nothing = count === 0 ? `${none}, so there is nothing to tidy up.` : 'All backups stay.';
  const lines = [
    ...(removed.length === 0 ? [nothing] : yes ? [`Deleted: ${went}.`] : trial),
    ...removed.map(backupText),
    ...(kept.length > 0 ? ['', 'Kept:'] : []),
    ...kept.map(({ backup, why }) => `${backupText(backup)}\n  ${why}`),
    ...unusableText(unusable),
  ];
  return { exitCode: 0, json: { ok: true, isTrial: !yes, ...tidied.value }, text: lines.join('\n') };
}

export async function verify(host: Host, command: Of<'verify'>): Promise<Outcome> {
  if (command.isAll) return verifyAll(host, command.backup);
  const { backup } = command;
  const file = resolveDatabasePath(backup);
  if (!file.ok)
    return failure(file.error.code === 'E_NOT_FOUND' ? appError('E_BACKUP_GONE', file.error.message) : file.error);
  tell(`Reading ${printable(path.basename(file.value))} again …`);
  const checked = await host.engines.askAlone(file.value, 'verifyBackup', { backupPath: file.value }).answer;
  if (!checked.ok) {
    const failed = failure(withoutManifest(checked.error, file.value));
    return { ...failed, exitCode: checked.error.code === 'E_BACKUP_CORRUPT' ? 1 : failed.exitCode };
  }
  const record = checked.value;
  if (record.state === 'verified')
    return { exitCode: 0, json: { ok: true, backup: record }, text: `The backup is whole.\n${backupText(record)}` };
  return { ...failure(whyBroken(record), { backup: record }), exitCode: 1 }; // the check was made, and the answer is no
}

/** What has no manifest is often the database itself, but not among backups; advice.ts adds the command. */
const withoutManifest = (error: AppError, file: string): AppError =>
  error.code === 'E_BACKUP_FOREIGN' && !liesAmongBackups(file)
    ? { ...error, nextStep: 'Name a backup. If this is the database itself, read all its backups again.' }
    : error;

async function verifyAll(host: Host, file: string): Promise<Outcome> {
  const database = host.databases.openOrMissing(file);
  const listed = database.ok ? await host.backups.list(database.value) : database;
  if (!listed.ok || !database.ok) return failure(listed.ok ? appError('E_NOT_FOUND', 'It is gone.') : listed.error);
  const { backups: all, unusable } = listed.value;
  if (all.length === 0) {
    const isNone = unusable.every(({ why }) => why?.details?.['madeOf'] !== undefined);
    const none = isNone ? noneYet(file) : noneUsable(file, unusable);
    const failed = withVerdict(failure(none, { backups: [], unusable }), none);
    return isNone ? { ...failed, text: [failed.text, ...unusableText(unusable)].join('\n') } : failed;
  }
  const checked: BackupRecord[] = [];
  const unread: { path: string; error: AppError }[] = [];
  for (const [index, { path: backupPath, sizeBytes, madeOfGone }] of all.entries()) {
    tell(
      `Reading backup ${index + 1} of ${all.length}: ${printable(path.basename(backupPath))} (${sizeText(sizeBytes)})`,
    );
    const answer = await host.engines.askAlone(backupPath, 'verifyBackup', { backupPath }).answer;
    if (answer.ok) checked.push({ ...answer.value, ...(madeOfGone ? { madeOfGone } : {}) });
    else unread.push({ path: backupPath, error: answer.error });
  }
  const good = checked.filter(({ state }) => state === 'verified').length;
  const text = [
    ...checked.map(backupText),
    ...unread.flatMap(({ path: backup, error }) => [
      `${printable(backup)}: ${printable(error.message)}  ${error.code}`,
    ]),
    '',
    `${some(good, 'backup')} of ${all.length} whole.`,
    ...unusableText(unusable),
  ].join('\n');
  const told = { backups: checked, unread, unusable };
  const error = firstProblem(checked, told.unread, unusable);
  if (error === null) return { exitCode: 0, json: { ok: true, ...told }, text };
  const failed = failure(error, told);
  return { ...withVerdict(failed, error), text: `${text}\n\n${failed.text}` };
}

/** Of those that are not whole before those that could not be read; null = all is well. */
function firstProblem(
  checked: readonly BackupRecord[],
  unread: readonly { readonly error: AppError }[],
  unusable: Unusable,
): AppError | null {
  const broken = checked.find(({ state }) => state !== 'verified');
  const errors = [...(broken ? [whyBroken(broken)] : []), ...unread.map(({ error }) => error)];
  // A file of anybody's among the backups is no backup that went bad.
  const lost = unusable.flatMap(({ why }) => (why === null || why.code === 'E_BACKUP_FOREIGN' ? [] : [why]));
  return errors.find(isVerdict) ?? errors[0] ?? lost[0] ?? null;
}

/** It was checked, and is not good: exit code 1. Everything else was refused. */
const isVerdict = ({ code }: AppError): boolean => code === 'E_BACKUP_CORRUPT' || code === 'E_BACKUP_GONE';
const withVerdict = (failed: Outcome, error: AppError): Outcome =>
  isVerdict(error) ? { ...failed, exitCode: 1 } : failed;

/** What cannot be used is no absence: somebody may have renamed it, or the disk has lost what describes it. */
function noneUsable(file: string, unusable: Unusable): AppError {
  const folder = unusable.find(isUnseen)?.why;
  if (folder) return folder;
  const message = `There is no backup of ${printable(file)} that could be read.`;
  return appError('E_BACKUP_CORRUPT', message, undefined, { nextStep: unusableText(unusable).join('\n') });
}

/** Nothing was checked, so nothing is called whole. */
const noneYet = (file: string): AppError =>
  statsOf(file) === undefined
    ? appError('E_NOT_FOUND', `There is no ${printable(file)}, and no backup of it.`)
    : appError('E_NOTHING_TO_DO', `There is no backup of ${printable(file)} yet, so nothing was checked.`, undefined, {
        nextStep: `Every upgrade makes one before it changes anything. The window makes one whenever you like: ${windowLine(file)}`,
      });

const whyBroken = ({ lastCheck, path: file }: BackupRecord): AppError =>
  lastCheck?.error ?? appError('E_BACKUP_CORRUPT', `${printable(file)} did not pass its checks.`);
