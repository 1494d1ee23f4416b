import type { Source } from '../databases/source.ts';
import type { Engine, Flow, Scene } from './flow.ts';
import { sceneAt } from './scene.ts';
import { keepTemplate, type Template } from './template.ts';

/** Prepares the flow and ends its request in the middle; the `share` says where, 0 to 1. @returns what is left. */
export type Interrupt = (flow: Flow, source: Source, prepare: () => Promise<Scene>, share: number) => Promise<Scene>;

let interrupt: Interrupt | undefined;
/** The worker knows how to kill; flows do not. */
export const interruptWith = (how: Interrupt): void => void (interrupt = how);

/** Places at which the first kill falls; after the last one there is nothing left to do. */
const SHARES = [0.35, 0.6, 0.8, 0.93, 0.5, 0.7, 0.98, 0.2, 1];

/**
 * The same flow begun, killed, and begun again: what is disturbed is the recovery. Its scenes are what kills left behind.
 */
export function recoveryOf(flow: Flow, name: string): Flow {
  const templates = new Map<string, { template: Template; scene: Scene }>();
  const interrupted = async (
    folder: string,
    source: Source,
    engine: Engine,
    place: number,
  ): Promise<{ template: Template; scene: Scene }> => {
    const share = SHARES[place % SHARES.length] ?? 0.5;
    const key = `${folder} ${source.name} ${share}`;
    const found = templates.get(key);
    if (found) return found;
    if (interrupt === undefined) throw new Error('nobody said how to interrupt');
    const scene = await interrupt(flow, source, () => flow.prepare(folder, source, engine), share);
    const made = { template: keepTemplate(scene.sandbox, source.fileName), scene };
    templates.set(key, made);
    return made;
  };
  return {
    ...flow,
    name,
    async prepare(folder, source, engine, place = 0) {
      const { template, scene } = await interrupted(folder, source, engine, place);
      const { backupPath, old, acknowledged } = scene;
      return sceneAt(template.putBack(), source, { backupPath, old, acknowledged: [...acknowledged] });
    },
  };
}
