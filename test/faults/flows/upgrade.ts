import { randomUUID } from 'node:crypto';
import { backupTruth } from '../oracles/backup-truth.ts';
import { confinedWrites } from '../oracles/confined-writes.ts';
import { lookAt, scratchOf } from '../oracles/content.ts';
import { outcomeProblems, undisturbedOutcome } from '../oracles/exactly-once.ts';
import { saidBy, untrueWords } from '../oracles/said.ts';
import { wholeSteps } from '../oracles/whole-steps.ts';
import { databasesOf } from './names.ts';
import type { Ending, Engine, EngineRequest, Flow, Scene } from './flow.ts';
import { newScene } from './scene.ts';

/** Backup, all steps up to the last phase that removes nothing; continued until it is done. */
export const upgrade: Flow = {
  name: 'upgrade',
  databases: databasesOf.upgrade,
  async prepare(folder, source, engine) {
    await undisturbedOutcome(source, engine, runRequest);
    return newScene(folder, source);
  },
  request: runRequest,
  judge: judgeUpgrade,
  async resume(scene, engine) {
    return continueToTheEnd(scene, engine);
  },
  judgeEnd: judgeUpgraded,
};

export function runRequest({ sandbox }: Pick<Scene, 'sandbox'>): EngineRequest {
  return {
    name: 'run',
    input: {
      path: sandbox.file,
      toPhase: null,
      fingerprint: null,
      backupFolder: sandbox.backupFolder,
      lockFolder: sandbox.lockFolder,
      runId: randomUUID(),
      appVersion: '0.0.0-test',
      source: { kind: 'none' },
    },
  };
}

export function judgeUpgrade(scene: Scene, ending: Ending): string[] {
  const { sandbox, source } = scene;
  for (const event of ending.events) if (event.type === 'applied') scene.acknowledged.push(event.migrationId);
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  if (looked === undefined) return ['the database is gone'];
  if (looked.integrity !== 'ok') return [`integrity: ${looked.integrity}`];
  const steps = wholeSteps(source, looked.copy);
  const { problems, backups } = backupTruth(sandbox);
  const isUntouched = looked.content === scene.before.content;
  const isAsInSource = looked.content === source.content;
  const hasBackup = backups.some(({ content }) => content === source.content);
  const said = saidBy(ending);
  return [
    ...steps.problems,
    ...problems,
    ...confinedWrites(sandbox, scene.tree),
    ...scene.acknowledged.filter((id) => !steps.applied.includes(id)).map((id) => `${id} was acknowledged and is gone`),
    ...(isAsInSource || hasBackup ? [] : ['changed without a backup of the source']),
    ...untrueWords(said, { isUntouched, hasBackup: backups.length > 0 }),
    ...(said?.isSuccess
      ? outcomeProblems(source, looked.copy).map((problem) => `said to be done, but: ${problem}`)
      : []),
  ];
}

/** Killed after the last commit, there may be nothing left to do. */
export async function continueToTheEnd(scene: Scene, engine: Engine): Promise<string[]> {
  const ending = await engine.ask(runRequest(scene));
  for (const event of ending.events) if (event.type === 'applied') scene.acknowledged.push(event.migrationId);
  const said = saidBy(ending);
  if (said?.isSuccess || said?.error?.code === 'E_NOTHING_TO_DO') return [];
  return [`it could not be continued: ${said?.error?.code ?? ending.kind} ${said?.error?.message ?? ''}`];
}

export function judgeUpgraded(scene: Scene): string[] {
  const { sandbox, source } = scene;
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  if (looked === undefined) return ['the database is gone'];
  if (looked.integrity !== 'ok') return [`integrity: ${looked.integrity}`];
  const { problems, backups } = backupTruth(sandbox);
  return [
    ...outcomeProblems(source, looked.copy),
    ...problems,
    ...confinedWrites(sandbox, scene.tree),
    ...(backups.some(({ content }) => content === source.content) ? [] : ['no backup holds the source']),
  ];
}
