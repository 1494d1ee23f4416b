import path from 'node:path';
import { isWrittenToByOther, lookAt, scratchOf } from '../oracles/content.ts';
import { saidBy, untrueWords } from '../oracles/said.ts';
import { treeOf } from '../sandbox.ts';
import type { Ending, EngineRequest, Flow, Scene } from './flow.ts';
import { databasesOf } from './names.ts';
import { newScene } from './scene.ts';

/** Looks at every row of a database that nobody else uses. */
export const look: Flow = lookingFlow('look', ({ sandbox: { file, lockFolder } }) => ({
  name: 'inspect',
  input: { path: file, check: 'data', lockFolder },
}));

/** Works out what an upgrade would do. */
export const plan: Flow = lookingFlow('plan', ({ sandbox: { file, backupFolder } }) => ({
  name: 'plan',
  input: { path: file, toPhase: null, backupFolder },
}));

function lookingFlow(name: 'look' | 'plan', request: (scene: Scene) => EngineRequest): Flow {
  return {
    name,
    databases: databasesOf[name],
    prepare: async (folder, source) => newScene(folder, source),
    request,
    judge: (scene, ending: Ending) => [
      ...traces(scene),
      ...untrueWords(saidBy(ending), { isUntouched: traces(scene).length === 0, hasBackup: false }),
    ],
    async resume(scene, engine) {
      const ending = await engine.ask(request(scene));
      const said = saidBy(ending);
      return said?.isSuccess ? [] : [`it could not be looked at afterwards: ${said?.error?.code ?? ending.kind}`];
    },
    judgeEnd: traces,
  };
}

/** Not a byte, a mode or a name may differ; a process that was killed may leave its private copy among temporary files. */
function traces({ sandbox, tree, source }: Scene): string[] {
  const now = treeOf(sandbox);
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  const isOthers = looked?.content === source.content && isWrittenToByOther(looked.copy);
  const mayDiffer = (name: string): boolean =>
    name.startsWith('tmp/') || (isOthers && name.startsWith(path.relative(sandbox.folder, sandbox.file)));
  return [...new Set([...tree.keys(), ...now.keys()])]
    .filter((name) => !mayDiffer(name) && tree.get(name) !== now.get(name))
    .map((name) => `looking left a trace: ${name}`);
}
