import { readdirSync } from 'node:fs';
import path from 'node:path';
import { readSidecars } from '@engine/sidecars.ts';
import { confinedWrites } from '../oracles/confined-writes.ts';
import { isChangedByOther } from '../oracles/kept-copies.ts';
import { saidBy, untrueWords } from '../oracles/said.ts';
import { wholeRestore } from '../oracles/whole-restore.ts';
import { sha256IfThere } from '../sandbox.ts';
import { backupRequest } from './backup.ts';
import type { Ending, Engine, EngineRequest, Flow, Scene } from './flow.ts';
import { databasesOf } from './names.ts';
import { damage, type LaterState } from './later-state.ts';
import { newScene, sceneAt } from './scene.ts';
import { keepTemplate, type Template } from './template.ts';

/** Puts a backup over a sound database that was used after it, through SQLite. */
export const restoreInPlace: Flow = restoreFlow('restore-in-place', 'later');
/** Puts a backup in the place of a file that SQLite cannot work with, or that is gone. */
export const restoreByFile: Flow = restoreFlow('restore-by-file', 'unusable');

export function restoreFlow(
  name: 'restore-in-place' | 'restore-by-file' | 'restore-over-damage',
  kind: LaterState,
): Flow {
  const templates = new Map<string, { template: Template; backupPath: string }>();
  return {
    name,
    databases: databasesOf[name],
    async prepare(folder, source, engine) {
      const key = `${folder} ${source.name}`;
      let known = templates.get(key);
      if (known === undefined) {
        const scene = newScene(folder, source);
        const ending = await engine.ask(backupRequest(scene));
        if (ending.kind !== 'answered' || !ending.result.ok)
          throw new Error(`no backup of ${source.name}: ${JSON.stringify(ending)}`);
        const { path: backupPath } = ending.result.value as { path: string };
        damage(scene.sandbox.file, source, kind);
        known = { template: keepTemplate(scene.sandbox, source.fileName), backupPath };
        templates.set(key, known);
      }
      return sceneAt(known.template.putBack(), source, { backupPath: known.backupPath });
    },
    request: restoreRequest,
    judge: judgeRestore,
    resume: restoreAgain,
    judgeEnd: (scene) => {
      const { problems, state } = wholeRestore(scene);
      return [
        ...problems,
        ...confinedWrites(scene.sandbox, scene.tree),
        ...leftOver(scene),
        ...(state === 'new' ? [] : ['the restore did not end']),
      ];
    },
  };
}

export function restoreRequest({ sandbox, backupPath }: Pick<Scene, 'sandbox' | 'backupPath'>): EngineRequest {
  const { file, backupFolder, lockFolder } = sandbox;
  const input = {
    backupPath: backupPath ?? '',
    path: file,
    backupFolder,
    lockFolder,
    appVersion: '0.0.0-test',
    allowForeign: false,
  };
  return { name: 'restore', input };
}

export function judgeRestore(scene: Scene, ending: Ending): string[] {
  const { sandbox, before } = scene;
  const { problems, state } = wholeRestore(scene);
  const said = saidBy(ending);
  const isUntouched = state === 'old' || (before.content !== null && before.content === scene.source.content);
  return [
    ...problems,
    ...confinedWrites(sandbox, scene.tree),
    ...untrueWords(said, {
      isUntouched: isUntouched || isChangedByOther(scene) || sha256IfThere(sandbox.file) === before.sha256,
      hasBackup: true,
    }),
    ...(said?.isSuccess && state !== 'new' ? ['said to be done, but it is not the backup'] : []),
    // The fault may have kept it from letting its lock go, or from removing a copy; whoever comes next does both.
    ...(said?.isSuccess ? leftOver(scene).filter((problem) => !/\.restore-lock| replacing-/.test(problem)) : []),
  ];
}

/** What the next start offers first, and then the same restore once more. */
export async function restoreAgain(scene: Scene, engine: Engine): Promise<string[]> {
  const ending = await engine.ask(restoreRequest(scene));
  const said = saidBy(ending);
  return said?.isSuccess
    ? []
    : [`it could not be repeated: ${said?.error?.code ?? ending.kind} ${said?.error?.message ?? ''}`];
}

/**
 * After a restore that ended well, only folders of replaced files are new beside the database. A journal that begins
 * with zeros was never finished: SQLite does not read it, and writes over it the next time.
 */
export const leftOver = ({ sandbox }: Scene): string[] =>
  readdirSync(path.dirname(sandbox.file))
    .filter(
      (name) =>
        name.startsWith(`${path.basename(sandbox.file)}.restore-`) ||
        (name === `${path.basename(sandbox.file)}-journal` && readSidecars(sandbox.file).isJournalHot) ||
        name.includes(' replacing-'),
    )
    .map((name) => `${name} was left behind`);
