import path from 'node:path';
import { appError, err, type Result } from '@shared/errors.ts';
import type { FoundIntent } from '@shared/restore-intent.ts';
import { unreadableNoteStep } from '@shared/restore-note-words.ts';
import type { EngineRequests } from '@engine/protocol.ts';
import { ensureFolder } from './data-folder.ts';
import { defaultBackupFolder } from './databases.ts';
import type { AskListeners } from './engine-process.ts';
import type { Asked, Engines } from './engines.ts';
import { printable } from './printable.ts';
import { noteSetAside, notingBackup } from './restore-begun.ts';
import { intentOn } from './restore-note.ts';
import { isUnsettled, settleFile, tellingWhatIsLeft, wasEnded } from './run-stop.ts';

/** Restores as the window and the command line begin them. */
export interface RestoresContext {
  readonly engines: Engines;
  readonly dataFolder: string;
  readonly appVersion: string;
}

/** As its journal knows it. */
interface Begun {
  readonly runId: string;
}

/**
 * Puts a backup back; what it replaces is kept first, beside the database. This and the others: where their process
 * was ended on request, or died, the file is put right, and the answer says what is true of it then.
 */
export function askRestore(
  context: RestoresContext,
  begun: Begun & { readonly restores: string },
  databasePath: string,
  listeners?: AskListeners,
): Asked<'restore'> {
  const input = { ...common(context, databasePath), backupPath: begun.restores, allowForeign: false };
  return ask(context, 'restore', begun, input, listeners);
}

/** Carries through what was interrupted: the restore of a backup, or the undoing of one. */
export function askFinish(
  context: RestoresContext,
  begun: Begun,
  databasePath: string,
  listeners?: AskListeners,
): Asked<'finishRestore'> {
  return ask(context, 'finishRestore', begun, common(context, databasePath), listeners);
}

/** Puts back the files that a restore set aside. @param begun `restores` is their folder. */
export function askPutBack(
  context: RestoresContext,
  begun: Begun & { readonly restores: string },
  databasePath: string,
  listeners?: AskListeners,
): Asked<'putBack'> {
  return ask(context, 'putBack', begun, { ...common(context, databasePath), folder: begun.restores }, listeners);
}

const common = ({ dataFolder, appVersion }: RestoresContext, databasePath: string) => ({
  path: databasePath,
  backupFolder: defaultBackupFolder(databasePath),
  lockFolder: ensureFolder(dataFolder, 'locks'),
  appVersion,
  asksToProceed: true,
});

function ask<K extends 'restore' | 'finishRestore' | 'putBack'>(
  { engines, dataFolder }: RestoresContext,
  name: K,
  { runId }: Begun,
  input: EngineRequests[K]['input'],
  listeners: AskListeners = {},
): Asked<K> {
  const { path: databasePath } = input;
  const partials: string[] = []; // what was named last, see Tracked
  const noting = notingBackup(dataFolder, databasePath, runId, listeners);
  const asked = engines.askAlone(databasePath, name, input, {
    ...noting,
    onWork(work) {
      if (work.partial !== undefined) partials[0] = work.partial;
      noting.onWork?.(work);
    },
  });
  const answer = asked.answer.then(async (result) => {
    if (result.ok) noteSetAside(dataFolder, databasePath, runId, result.value.replacedFolder);
    if (result.ok || !isUnsettled(result.error)) return result;
    // Old files come back byte for byte, so nothing of what is there was opened.
    const isBesideOnly = name === 'putBack';
    const settled = await settleFile(engines, { path: databasePath, dataFolder, partials, isBesideOnly });
    // One that died by itself may have begun to replace the file: what it ended with is what is known of that.
    const found = wasEnded(result.error) ? await intentOn(databasePath) : null;
    if (found !== null) return stillUnfinished(databasePath, found, name === 'finishRestore');
    return err(await tellingWhatIsLeft(result.error, partials, settled));
  });
  return { answer, child: asked.child };
}

/** This one had replaced nothing, or the engine had not let itself be ended; one before it had. */
function stillUnfinished(databasePath: string, found: FoundIntent, wasThatOne: boolean): Result<never> {
  const name = printable(path.basename(databasePath));
  const message = wasThatOne
    ? `It was stopped before it replaced anything more: the restore of ${name} is as unfinished as it was, and can be finished later.`
    : `It was stopped before it replaced anything more, but a restore of ${name} from before is still unfinished.`;
  if (!found.isReadable) {
    const details = { since: found.since, reason: found.why };
    const nextStep = unreadableNoteStep(name);
    return err(appError('E_RESTORE_UNFINISHED', message, details, { safety: 'unknown', nextStep }));
  }
  const { way, backupPath, startedAt } = found.intent;
  const details = { way, backup: backupPath, startedAt };
  return err(appError('E_RESTORE_UNFINISHED', message, details, { safety: 'unknown' }));
}
