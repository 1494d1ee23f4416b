import { appError, type Result } from '@shared/errors.ts';
import { askRestore, putBackReplaced } from '@host/backups.ts';
import { type OpenEntry, resolveDatabasePath } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { openOrMissing } from './missing.ts';
import { whileRunning } from './signals.ts';
import { canAsk, failure, isConfirmed, type Outcome, tell } from './terminal.ts';
import { localTime } from './words.ts';

type Restore = Extract<Command, { name: 'restore' }>;

/** Puts a backup back, carries an interrupted restore through, or undoes one that set files aside. */
export async function restore(host: Host, command: Restore): Promise<Outcome> {
  const { file, yes } = command;
  if (!yes && !canAsk())
    return failure(appError('E_USAGE', 'Nobody can be asked here, and --yes is missing. Nothing was started.'));
  const target = openOrMissing(host, file);
  if (!target.ok) return failure(target.error);
  const source = sourceOf(command);
  if (!source.ok) return failure(source.error);
  if (!yes && !(await isWanted(command, source.value, target.value)))
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

function isWanted({ how }: Restore, source: string, { path, name }: OpenEntry): Promise<boolean> {
  const what = {
    backup: `will be replaced by the backup ${printable(source)}. What is there now is backed up first.`,
    'put-back': `will be replaced by what lies in ${printable(source)}. What is there now is set aside in the same way.`,
    finish: 'will be what the interrupted restore was to make it. What is there now is kept.',
  }[how];
  tell(`${printable(path)} ${what}`);
  return isConfirmed(`Type ${printable(name)} to do it:`, name);
}

async function putIn(host: Host, backup: string, target: OpenEntry): Promise<Outcome> {
  const free = host.busy.take(target.path, 'restore');
  if (!free.ok) return failure(free.error);
  const asked = askRestore(host, backup, target.path);
  // Until it begins to replace, a restore can be stopped without a trace; then only its end is a safe place.
  const stop = { gently: () => void asked.child.cancel(0), atOnce: () => host.close() };
  const { value: restored, signalCode } = await whileRunning(asked.answer, stop);
  free.value(restored.ok);
  if (!restored.ok) return { ...failure(restored.error), ...(signalCode === null ? {} : { exitCode: signalCode }) };
  return done(target, restored.value, 'Restored');
}

async function finish(host: Host, target: OpenEntry): Promise<Outcome> {
  const { value: finished } = await whileRunning(host.recoveries.finish(target), {
    gently: () => {},
    atOnce: () => host.close(),
  });
  return finished.ok ? done(target, finished.value, 'Finished') : failure(finished.error);
}

type Restored = Extract<Awaited<ReturnType<Host['recoveries']['finish']>>, { ok: true }>['value'];

function done(target: OpenEntry, restored: Restored, word: string): Outcome {
  const { before, replacedFolder } = restored;
  const kept = [before?.path, replacedFolder].filter((each) => each !== undefined && each !== null);
  const lines = [
    `${word}: ${printable(target.path)} now holds the backup of ${localTime(restored.restored.createdAt)}.`,
    ...kept.map((each) => `What was there is kept in ${printable(each)}.`),
  ];
  return { exitCode: 0, json: { ok: true, ...restored }, text: lines.join('\n') };
}

async function putBack(host: Host, folder: string, target: OpenEntry): Promise<Outcome> {
  const free = host.busy.take(target.path, 'restore');
  if (!free.ok) return failure(free.error);
  let isDone = false;
  try {
    const work = putBackReplaced(host, folder, target.path);
    const { value: undone } = await whileRunning(work, { gently: () => {}, atOnce: () => host.close() });
    isDone = undone.ok;
    if (!undone.ok) return failure(undone.error);
    const { replacedFolder } = undone.value;
    const kept = replacedFolder ? ` What was there is kept in ${printable(replacedFolder)}.` : '';
    const text = `Put back: ${printable(target.path)} is again what lies in ${printable(folder)}.${kept}`;
    return { exitCode: 0, json: { ok: true, ...undone.value }, text };
  } finally {
    free.value(isDone);
  }
}
