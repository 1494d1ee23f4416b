import { existsSync } from 'node:fs';
import { intentFile } from '@shared/beside.ts';
import { backupTruth } from '../oracles/backup-truth.ts';
import { confinedWrites } from '../oracles/confined-writes.ts';
import { isChangedByOther } from '../oracles/kept-copies.ts';
import { saidBy, untrueWords } from '../oracles/said.ts';
import { isWholeBack, wholePutBack } from '../oracles/whole-put-back.ts';
import { sha256IfThere } from '../sandbox.ts';
import type { Ending, EngineRequest, Flow, Scene } from './flow.ts';
import { databasesOf } from './names.ts';
import { leftOver, restoreByFile, restoreRequest } from './restore.ts';
import { sceneAt } from './scene.ts';
import { keepTemplate, type Template } from './template.ts';

const templates = new Map<string, { template: Template; backupPath: string }>();

/** Undoes a restore by file: what that replaced comes back byte for byte, damaged as it is. */
export const putBack: Flow = {
  name: 'put-back',
  databases: databasesOf['put-back'],
  async prepare(folder, source, engine) {
    const key = `${folder} ${source.name}`;
    let known = templates.get(key);
    if (known === undefined) {
      const scene = await restoreByFile.prepare(folder, source, engine);
      const ending = await engine.ask(restoreRequest(scene));
      const { replacedFolder } = valueOf<{ replacedFolder: string | null }>(ending);
      if (replacedFolder === null) throw new Error(`nothing was there to be replaced in ${source.name}`);
      known = { template: keepTemplate(scene.sandbox, source.fileName), backupPath: replacedFolder };
      templates.set(key, known);
    }
    return sceneAt(known.template.putBack(), source, { backupPath: known.backupPath });
  },
  request: putBackRequest,
  judge: judgePutBack,
  async resume(scene, engine) {
    const ending = await engine.ask(putBackRequest(scene));
    const said = saidBy(ending);
    return said?.isSuccess
      ? []
      : [`it could not be carried on: ${said?.error?.code ?? ending.kind} ${said?.error?.message ?? ''}`];
  },
  judgeEnd: (scene) => [
    ...wholePutBack(scene).problems,
    ...backupTruth(scene.sandbox).problems,
    ...confinedWrites(scene.sandbox, scene.tree),
    ...leftOver(scene),
    ...(isWholeBack(scene) ? [] : ['what was replaced did not come back']),
  ],
};

function valueOf<T>(ending: Ending): T {
  if (ending.kind === 'answered' && ending.result.ok) return ending.result.value as T;
  throw new Error(`it did not end well: ${JSON.stringify(ending)}`);
}

/** One that was interrupted is finished, as the next start offers. */
function putBackRequest({ sandbox, backupPath }: Scene): EngineRequest {
  const { file, backupFolder, lockFolder } = sandbox;
  return existsSync(intentFile(file))
    ? { name: 'finishRestore', input: { path: file, backupFolder, lockFolder, appVersion: '0.0.0-test' } }
    : { name: 'putBack', input: { path: file, folder: backupPath ?? '', backupFolder, lockFolder } };
}

function judgePutBack(scene: Scene, ending: Ending): string[] {
  const { sandbox, tree, before } = scene;
  const { problems, state } = wholePutBack(scene);
  const said = saidBy(ending);
  return [
    ...problems,
    ...backupTruth(sandbox).problems,
    ...confinedWrites(sandbox, tree),
    ...untrueWords(said, {
      isUntouched: state === 'old' || isChangedByOther(scene) || sha256IfThere(sandbox.file) === before.sha256,
      hasBackup: true,
    }),
    ...(said?.isSuccess && !isWholeBack(scene) ? ['said to be done, but it is not what was replaced'] : []),
  ];
}
