import { randomUUID } from 'node:crypto';
import { backupTruth } from '../oracles/backup-truth.ts';
import { lookAt, scratchOf } from '../oracles/content.ts';
import { saidBy } from '../oracles/said.ts';
import type { EngineRequest, Flow, Scene } from '../flows/flow.ts';
import { newScene, sceneAt } from '../flows/scene.ts';
import { runRequest } from '../flows/upgrade.ts';

/** The last phase, which removes the old tables, on a database that has reached the phase before. */
export const cleanup: Flow = {
  name: 'cleanup',
  databases: ['kroma', 'kroma-wal', 'kroma-dual', 'kroma-utf16'],
  async prepare(folder, source, engine) {
    const scene = newScene(folder, source);
    const ending = await engine.ask(runRequest(scene));
    if (!saidBy(ending)?.isSuccess) throw new Error(`not upgraded: ${JSON.stringify(ending).slice(0, 500)}`);
    return sceneAt(scene.sandbox, source);
  },
  request: removalRequest,
  judge: ({ sandbox }) => {
    const looked = lookAt(sandbox.file, scratchOf(sandbox));
    return [
      ...(looked?.integrity === 'ok' ? [] : ['the database is damaged or gone']),
      ...backupTruth(sandbox).problems,
    ];
  },
  async resume(scene, engine) {
    const said = saidBy(await engine.ask(removalRequest(scene)));
    if (!said?.isSuccess && said?.error?.code !== 'E_NOTHING_TO_DO')
      return [`it could not be continued: ${said?.error?.code}`];
    const verdict = await engine.ask({
      name: 'verify',
      input: { path: scene.sandbox.file, toPhase: 5, backupPath: null },
    });
    if (verdict.kind !== 'answered' || !verdict.result.ok) return ['it could not be verified'];
    const { checks } = verdict.result.value as { checks: { id: string; state: string; summary: string }[] };
    return checks.filter(({ state }) => state !== 'met').map(({ id, summary }) => `${id}: ${summary}`);
  },
  judgeEnd: ({ sandbox }) => backupTruth(sandbox).problems,
};

function removalRequest(scene: Scene): EngineRequest {
  const request = runRequest(scene);
  if (request.name !== 'run') throw new Error('not a run');
  return { name: 'run', input: { ...request.input, toPhase: 5, isRemovalConfirmed: true, runId: randomUUID() } };
}
