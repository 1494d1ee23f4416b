import path from 'node:path';
import { isReplacedFolder } from '@shared/beside.ts';
import { appError, type Result } from '@shared/errors.ts';
import { aboutOrigin } from '@shared/origin-words.ts';
import type { BackupRecord } from '@shared/run.ts';
import { placeOf } from '@host/backup-place.ts';
import { beginPutBack, beginRestore } from '@host/restore-begun.ts';
import { askPutBack, askRestore } from '@host/restores.ts';
import { defaultBackupFolder, type OpenEntry, resolveDatabasePath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { isWhole } from '@host/kept-files.ts';
import { printable } from '@host/printable.ts';
import { statsOf } from '@host/stats.ts';
import type { Command } from './arguments.ts';
import { stopOf, stopped, whileRunning } from './signals.ts';
import { commandLine } from './suggested.ts';
import { canAsk, failure, isConfirmed, nobodyToAsk, type Outcome, tell } from './terminal.ts';
import { tellWork, tellWorks } from './work-teller.ts';
import { localTime } from './words.ts';

type Restore = Extract<Command, { name: 'restore' }>;

/** Puts a backup back, carries an interrupted restore through, or undoes one that set files aside. */
export async function restore(host: Host, command: Restore): Promise<Outcome> {
  const { file, yes } = command;
  if (!yes && !canAsk()) return failure(nobodyToAsk());
  const target = host.databases.openOrMissing(file);
  if (!target.ok) return failure(target.error);
  const source = sourceOf(command);
  if (!source.ok) return failure(source.error);
  if (!yes && !(await isWanted(host, command, source.value, target.value)))
    return failure(appError('E_CONFIRMATION', 'The restore was not started.'));
  if (command.how === 'put-back') return putBack(host, source.value, target.value);
  return command.how === 'finish' ? finish(host, target.value) : putIn(host, source.value, target.value);
}

function sourceOf({ how, source }: Restore): Result<string> {
  if (how !== 'backup') return { ok: true, value: source };
  const file = resolveDatabasePath(source);
  if (file.ok || file.error.code !== 'E_NOT_FOUND') return file;
  return { ok: false, error: appError('E_BACKUP_GONE', file.error.message) };
}

async function isWanted(host: Host, { how }: Restore, source: string, target: OpenEntry): Promise<boolean> {
  const { path, name } = target;
  const origin = how === 'backup' ? originOf(await recordAt(host, source), target) : '';
  const what = {
    backup: `will be replaced by the backup ${printable(source)}${origin}. What is there now is backed up first or, where it is too damaged for that, kept byte for byte beside it.`,
    'put-back': `will be replaced by what lies in ${printable(source)}. What is there now is set aside in the same way.`,
    finish: 'will be what the interrupted restore was to make it. What is there now is kept.',
  }[how];
  tell(`${printable(path)} ${what}`);
  return isConfirmed(`Type ${printable(name)} to do it:`, name);
}

/** null: it cannot be looked at, which the restore itself will say. */
async function recordAt(host: Host, backup: string): Promise<BackupRecord | null> {
  const input = { folders: [path.dirname(backup)], databasePath: null };
  const listed = await host.engines.askAlone(backup, 'listBackups', input).answer;
  return (listed.ok && listed.value.find((record) => record.path === placeOf(backup))) || null;
}

/** ", made of another file": said of a backup that bears another name or lies elsewhere than those of this database. */
function originOf(backup: BackupRecord | null, target: OpenEntry): string {
  if (backup === null || backup.databasePath === target.path) return '';
  const { databasePath: madeOf, databaseName, folder } = backup;
  if (databaseName === target.name && folder === placeOf(defaultBackupFolder(target.path))) return '';
  return `, ${printable(statsOf(madeOf) ? `made of ${madeOf}, which is another file` : aboutOrigin(madeOf))}`;
}

async function putIn(host: Host, backup: string, target: OpenEntry): Promise<Outcome> {
  const begun = beginRestore(host.dataFolder, target.path, backup);
  const free = host.busy.take(target.path, 'restore', begun);
  if (!free.ok) return failure(free.error);
  const telling = tellWork(host, target, 'restore');
  const asked = askRestore(host, begun, target.path, telling.listeners);
  // Until it begins to replace, a restore can be stopped without a trace; then only its end is a safe place.
  const stop = { gently: () => void asked.child.cancel(0), atOnce: () => host.close() };
  const { value: restored, signalCode } = await whileRunning(asked.answer, stop);
  telling.end();
  free.value(restored.ok);
  if (!restored.ok) return stopped(failure(restored.error), signalCode);
  return await done(target, restored.value, 'Restored');
}

async function finish(host: Host, target: OpenEntry): Promise<Outcome> {
  const endTelling = tellWorks(host);
  const work = host.recoveries.finish(target);
  const { value: finished, signalCode } = await whileRunning(work, stopOf(host, target));
  endTelling();
  return finished.ok ? await done(target, finished.value, 'Finished') : stopped(failure(finished.error), signalCode);
}

type Restored = Extract<Awaited<ReturnType<Host['recoveries']['finish']>>, { ok: true }>['value'];

async function done(target: OpenEntry, restored: Restored, word: string): Promise<Outcome> {
  const { before, replacedFolder } = restored;
  const lines = [
    `${word}: ${printable(target.path)} ${heldBy(target, restored.restored)}.`,
    ...keptLines(before?.path ?? null, ['restore'], target),
    ...(replacedFolder === null || (await isWhole(target.path, replacedFolder))
      ? keptLines(replacedFolder, ['restore', '--put-back'], target)
      : [`No database was there, only what lies beside one: that is kept in ${printable(replacedFolder)}.`]),
  ];
  return { exitCode: 0, json: { ok: true, ...restored }, text: lines.join('\n') };
}

/** An undoing that was carried through has put old files back, and no backup: what is told of is their folder. */
function heldBy(target: OpenEntry, restored: BackupRecord): string {
  if (isReplacedFolder(target.name, path.basename(restored.path)))
    return `is again what was set aside in ${printable(restored.path)}`;
  return `now holds ${nameOf(restored)}${originOf(restored, target)}`;
}

/** When one was made that is away by now, only its name can tell. */
const nameOf = ({ state, path: place, createdAt }: Restored['restored']): string =>
  state === 'missing' ? `the backup ${printable(place)}` : `the backup of ${localTime(createdAt)}`;

/** Where what was there is, and how to have it back. */
const keptLines = (kept: string | null, undo: readonly string[], target: OpenEntry): string[] =>
  kept === null
    ? []
    : [
        `What was there is kept${undo.includes('--put-back') ? ', byte for byte,' : ''} in ${printable(kept)}.`,
        `To undo this: ${commandLine(...undo, kept, '--to', target.path, '--yes')}`,
      ];

async function putBack(host: Host, folder: string, target: OpenEntry): Promise<Outcome> {
  const begun = beginPutBack(folder);
  const free = host.busy.take(target.path, 'restore', begun);
  if (!free.ok) return failure(free.error);
  const telling = tellWork(host, target, 'put-back');
  const asked = askPutBack(host, begun, target.path, telling.listeners);
  const stop = { gently: () => void asked.child.cancel(0), atOnce: () => host.close() };
  const { value: undone, signalCode } = await whileRunning(asked.answer, stop);
  telling.end();
  free.value(undone.ok);
  if (!undone.ok) return stopped(failure(undone.error), signalCode);
  const { replacedFolder } = undone.value;
  const kept = replacedFolder ? ` What was there is kept in ${printable(replacedFolder)}.` : '';
  const text = `Put back: ${printable(target.path)} is again what lies in ${printable(folder)}.${kept}`;
  return { exitCode: 0, json: { ok: true, ...undone.value }, text };
}
