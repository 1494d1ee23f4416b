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

/**
 * Puts a backup back; what it replaces is backed up first, beside the database. Where its process was ended on request, or
 * died, the file is put right, and the answer says what is true of it then.
 * @param begun as its journal knows it.
 */
export function askRestore(
  context: RestoresContext,
  begun: { readonly runId: string; readonly restores: string },
  databasePath: string,
  listeners: AskListeners = {},
): Asked<'restore'> {
  const backupFolder = defaultBackupFolder(databasePath);
  const lockFolder = ensureFolder(context.dataFolder, 'locks');
  const partials: string[] = []; // what was named last, see Tracked
  const input = {
    ...{ backupPath: begun.restores, path: databasePath, backupFolder, lockFolder, appVersion: context.appVersion },
    ...{ allowForeign: false, asksToProceed: true },
  };
  const noting = notingBackup(context.dataFolder, databasePath, begun.runId, listeners);
  const asked = context.engines.askAlone(databasePath, 'restore', input, {
    ...noting,
    onWork(work) {
      if (work.partial !== undefined) partials[0] = work.partial;
      noting.onWork?.(work);
    },
  });
  const answer = asked.answer.then(async (result) => {
    if (result.ok) noteSetAside(context.dataFolder, databasePath, begun.runId, result.value.replacedFolder);
    if (result.ok || !isUnsettled(result.error)) return result;
    const settled = await settleFile(context.engines, { path: databasePath, dataFolder: context.dataFolder, partials });
    // One that died by itself may have begun to replace the file: what it ended with is what is known of that.
    const found = wasEnded(result.error) ? await intentOn(databasePath) : null;
    if (found !== null) return stillUnfinished(databasePath, found);
    return err(await tellingWhatIsLeft(result.error, partials, settled));
  });
  return { answer, child: asked.child };
}

/** This one had replaced nothing, or the engine had not let itself be ended; one before it had. */
function stillUnfinished(databasePath: string, found: FoundIntent): Result<never> {
  const name = printable(path.basename(databasePath));
  const message = `It was stopped before it replaced anything more, but a restore of ${name} from before is still unfinished.`;
  if (!found.isReadable) {
    const details = { since: found.since, reason: found.why };
    const nextStep = unreadableNoteStep(name);
    return err(appError('E_RESTORE_UNFINISHED', message, details, { safety: 'unknown', nextStep }));
  }
  const { way, backupPath, startedAt } = found.intent;
  const details = { way, backup: backupPath, startedAt };
  return err(appError('E_RESTORE_UNFINISHED', message, details, { safety: 'unknown' }));
}

/** Puts back the files that a restore set aside. @param begun as its journal knows it: `restores` is their folder. */
export async function putBackReplaced(
  { engines, dataFolder }: Pick<RestoresContext, 'engines' | 'dataFolder'>,
  { runId, restores: folder }: { readonly runId: string; readonly restores: string },
  databasePath: string,
): Promise<Result<EngineRequests['putBack']['output']>> {
  const backupFolder = defaultBackupFolder(databasePath);
  const lockFolder = ensureFolder(dataFolder, 'locks');
  const input = { path: databasePath, folder, backupFolder, lockFolder };
  const done = await engines.askAlone(databasePath, 'putBack', input).answer;
  if (done.ok) noteSetAside(dataFolder, databasePath, runId, done.value.replacedFolder);
  return done;
}
