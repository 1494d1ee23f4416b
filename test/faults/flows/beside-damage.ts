import type { Source } from '../databases/source.ts';
import { thrownAway, untoldLoss } from '../oracles/kept-copies.ts';
import { leaveDamaged } from './damaged-sidecar.ts';
import type { Engine, Flow, Scene } from './flow.ts';
import { databasesFor } from './names.ts';
import { sceneAt, stateOf } from './scene.ts';
import { keepTemplate, type Template } from './template.ts';

/**
 * The same flow where a damaged log or journal lies beside the database: SQLite takes in what it can, removes it and says
 * nothing of the rest. Byte for byte all of it must still be somewhere, whatever happens.
 */
export function besideDamage(flow: Flow): Flow {
  const name = `${flow.name} beside damage`;
  const templates = new Map<string, { template: Template; backupPath: string | null }>();
  const prepared = async (
    folder: string,
    source: Source,
    engine: Engine,
    kind: number,
  ): Promise<{ template: Template; backupPath: string | null }> => {
    const key = `${folder} ${source.name} ${kind}`;
    const known = templates.get(key);
    if (known) return known;
    const { sandbox, backupPath } = await flow.prepare(folder, source, engine);
    const isUsable = stateOf(sandbox).content !== null;
    leaveDamaged(sandbox.file, kind, isUsable ? undefined : source.file);
    const made = { template: keepTemplate(sandbox, source.fileName), backupPath };
    templates.set(key, made);
    return made;
  };
  return {
    ...flow,
    name,
    databases: databasesFor(name),
    async prepare(folder, source, engine, kind = 0): Promise<Scene> {
      const { template, backupPath } = await prepared(folder, source, engine, kind);
      return sceneAt(template.putBack(), source, { backupPath });
    },
    judge: (scene, ending) => [...flow.judge(scene, ending), ...thrownAway(scene), ...untoldLoss(scene, ending)],
    judgeEnd: (scene) => [...flow.judgeEnd(scene), ...thrownAway(scene)],
  };
}
