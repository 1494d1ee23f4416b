import fs from 'node:fs';
import path from 'node:path';
import { isReplacedFolder } from '@shared/beside.ts';
import { coded } from '@shared/errors.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import type { BackupRecord } from '@shared/run.ts';
import { sha256File } from './fsync.ts';
import { readIntent, removeIntent, replacedFolderOf, unfinished } from './intent.ts';
import type { EngineRequests } from './protocol.ts';
import { SIDECARS } from './raw-copy.ts';
import { guarded } from './restore-end.ts';
import { carryThrough, endPlacing, quarantineOf, replaceByFile, type FileProbe, type NewFile } from './restore-file.ts';
import { lockFolderOf, lockRestores, READ_ONLY, refuseFor, resolveTargetFile } from './restore-target.ts';

type PutBack = EngineRequests['putBack'];

/**
 * Undoes a restore by file: the files that it set aside come back byte for byte, damaged as they may be. What is there
 * now is set aside in the same way, so that this can be undone too; the files stay in their folder as well.
 * @throws CodedError E_RESTORE_TARGET | E_DB_IN_USE | E_RESTORE_UNFINISHED | E_MULTI_LINK and the gate's for a file that is
 * read-only, with nothing touched; E_RESTORE_FAILED when it did not end well.
 */
export function putBackReplaced(input: PutBack['input'], probe?: FileProbe): PutBack['output'] {
  const target = resolveTargetFile(input.path, null);
  const folder = requireReplacedFolder(target, input.folder);
  refuseFor(READ_ONLY, target);
  const lock = lockRestores(target, lockFolderOf(input));
  try {
    const found = readIntent(target);
    if (found !== null) {
      const isSame =
        found.isReadable && found.intent.source === 'replaced' && replacedFolderOf(target, found.intent) === folder;
      if (!isSame) throw unfinished(target, found);
      return { replacedFolder: finishPutBack(target, found.intent, probe).replacedFolder };
    }
    return { replacedFolder: putBack(target, folder, probe) };
  } finally {
    lock.release();
  }
}

/** Carries an interrupted one through. */
export function finishPutBack(target: string, intent: RestoreIntent, probe?: FileProbe) {
  const folder = requireReplacedFolder(target, replacedFolderOf(target, intent));
  if (!guarded(() => carryThrough(target, intent, probe))) {
    guarded(() => endPlacing(target, intent));
    const replacedFolder = putBack(target, folder, probe);
    return { restored: asRecord(target, folder, intent), before: null, replacedFolder };
  }
  guarded(() => conclude(target, intent.files));
  return { restored: asRecord(target, folder, intent), before: null, replacedFolder: quarantineOf(target, intent) };
}

function putBack(target: string, folder: string, probe?: FileProbe): string | null {
  refuseFor(['E_MULTI_LINK'], target); // until here one of two names may have been ours
  const files = filesIn(target, folder);
  const startedAt = new Date().toISOString();
  return guarded(() => {
    const kept = replaceByFile(target, files, { source: 'replaced', backupPath: folder, startedAt }, probe);
    conclude(target, files);
    return kept;
  });
}

function conclude(target: string, files: readonly Pick<NewFile, 'suffix' | 'sha256'>[]): void {
  const differs = files.find(({ suffix, sha256 }) => sha256File(target + suffix) !== sha256);
  if (differs) throw coded('E_RESTORE_FAILED', `${path.basename(target)}${differs.suffix} holds other bytes.`);
  removeIntent(target);
}

function filesIn(target: string, folder: string): NewFile[] {
  const name = path.basename(target);
  return (['', ...SIDECARS] as const).flatMap((suffix) => {
    const from = path.join(folder, name + suffix);
    return fs.existsSync(from) ? [{ suffix, from, sha256: sha256File(from) }] : [];
  });
}

/** Only a folder of ours beside the database, with its file in it. */
function requireReplacedFolder(target: string, given: string): string {
  const folder = path.resolve(given);
  const name = path.basename(target);
  const isOurs = path.dirname(folder) === path.dirname(target) && isReplacedFolder(name, path.basename(folder));
  const main = fs.lstatSync(path.join(folder, name), { throwIfNoEntry: false });
  if (isOurs && fs.lstatSync(folder).isDirectory() && main?.isFile()) return folder;
  const message = `${path.basename(folder)} is not a folder with what a restore of ${name} replaced.`;
  throw coded('E_RESTORE_TARGET', message);
}

/** So that what was put back can be spoken of like a backup; nobody ever found it good, and mostly it is not. */
function asRecord(target: string, folder: string, { startedAt, sha256 }: RestoreIntent): BackupRecord {
  return {
    id: path.basename(folder),
    path: folder,
    folder: path.dirname(folder),
    databaseName: path.basename(target),
    databasePath: target,
    createdAt: startedAt,
    reason: 'what a restore replaced',
    phase: null,
    variantTitle: '',
    sizeBytes: fs.statSync(target).size,
    sha256,
    pages: 0,
    runId: null,
    verified: false,
    checks: [],
    lastCheck: null,
    state: 'broken',
  };
}
