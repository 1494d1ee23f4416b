import { backupTruth } from '../oracles/backup-truth.ts';
import { confinedWrites } from '../oracles/confined-writes.ts';
import { lookAt, scratchOf } from '../oracles/content.ts';
import { saidBy, untrueWords } from '../oracles/said.ts';
import { databasesOf } from './names.ts';
import type { Ending, EngineRequest, Flow, Scene } from './flow.ts';
import { newScene } from './scene.ts';

/** A backup by hand of a database that nobody else uses. */
export const backup: Flow = {
  name: 'backup',
  databases: databasesOf.backup,
  prepare: async (folder, source) => newScene(folder, source),
  request: backupRequest,
  judge: judgeBackup,
  async resume(scene, engine) {
    const ending = await engine.ask(backupRequest(scene));
    const said = saidBy(ending);
    return said?.isSuccess ? [] : [`no backup could be made afterwards: ${said?.error?.code ?? ending.kind}`];
  },
  judgeEnd: (scene) => {
    const { problems, backups } = backupTruth(scene.sandbox);
    const isThere = backups.some(({ content }) => content === scene.source.content);
    return [...untouched(scene), ...problems, ...(isThere ? [] : ['no backup holds the source'])];
  },
};

export function backupRequest({ sandbox }: Pick<Scene, 'sandbox'>): EngineRequest {
  const { file, backupFolder } = sandbox;
  return {
    name: 'backup',
    input: { path: file, folder: backupFolder, reason: 'by hand', runId: null, appVersion: '0.0.0-test' },
  };
}

function judgeBackup(scene: Scene, ending: Ending): string[] {
  const { problems, backups } = backupTruth(scene.sandbox);
  const wrong = backups.filter(({ content }) => content !== scene.source.content);
  const said = saidBy(ending);
  const untouchedProblems = untouched(scene);
  return [
    ...untouchedProblems,
    ...problems,
    ...wrong.map(({ name }) => `${name} does not hold the source`),
    ...(said?.isSuccess && backups.length === 0 ? ['said to be done, but there is no backup'] : []),
    ...untrueWords(said, { isUntouched: untouchedProblems.length === 0, hasBackup: backups.length > 0 }),
  ];
}

/** Untouched: the database, byte for byte, and everything around it. */
function untouched(scene: Scene): string[] {
  const { sandbox, tree, source } = scene;
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  return [
    ...confinedWrites(sandbox, tree),
    ...(looked?.content === source.content ? [] : ['the content of the database has changed']),
  ];
}
