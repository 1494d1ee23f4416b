import { existsSync } from 'node:fs';
import path from 'node:path';
import { isStill } from '../oracles/body.ts';
import { isWrittenToByOther, lookAt, scratchOf } from '../oracles/content.ts';
import { isChangedByOther } from '../oracles/kept-copies.ts';
import { saidBy } from '../oracles/said.ts';
import { wholeRestore } from '../oracles/whole-restore.ts';
import { sha256IfThere } from '../sandbox.ts';
import type { Ending, Flow, Scene } from './flow.ts';
import { restoreFlow, restoreRequest } from './restore.ts';

const restore = restoreFlow('restore-over-damage', 'damaged');
/** A refusal has put the journal mode back, which counts a change in the header. */
const refused = new WeakSet<Scene>();

/** Puts a backup over a database that SQLite can lock, but not read as a whole: in its place, all of it or nothing. */
export const restoreOverDamage: Flow = {
  ...restore,
  judge(scene, ending) {
    if (saidBy(ending)?.isSuccess === false) refused.add(scene);
    return [...restore.judge(scene, ending), ...halfOverwritten(scene), ...notTold(scene, ending)];
  },
  async resume(scene, engine) {
    const ending = await engine.ask(restoreRequest(scene));
    const said = saidBy(ending);
    return said?.isSuccess
      ? notTold(scene, ending)
      : [`it could not be repeated: ${said?.error?.code ?? ending.kind} ${said?.error?.message ?? ''}`];
  },
};

/** That its bytes are kept is no excuse: SQLite takes back all that it had not committed. */
function halfOverwritten(scene: Scene): string[] {
  if (isChangedByOther(scene) || Object.keys(scene.old.sidecars).length > 0) return [];
  return wholeRestore(scene).state === 'opened' ? ['a damaged file was overwritten in part'] : [];
}

/** Whoever has overwritten what could not be backed up names the folder with the very bytes that were there at first. */
function notTold(scene: Scene, ending: Ending): string[] {
  if (ending.kind !== 'answered' || !ending.result.ok || isChangedByOther(scene)) return [];
  const { before, replacedFolder } = ending.result.value as { before: object | null; replacedFolder: string | null };
  if (before !== null) return []; // it was in its place already, and could be backed up
  const kept = path.join(replacedFolder ?? '', path.basename(scene.sandbox.file));
  const isIt = sha256IfThere(kept) === scene.old.sha256;
  const mayDiffer = refused.has(scene) || (existsSync(kept) && isWrittenToByOther(kept));
  if (isIt || (mayDiffer && isStill(scene.old, lookAt(kept, scratchOf(scene.sandbox))))) return [];
  // A log that SQLite left out is kept with the file that it lay beside, which is a later one.
  return sha256IfThere(`${kept}-wal`) !== null || sha256IfThere(`${kept}-journal`) !== null
    ? []
    : ['the folder that is named does not hold what was there at first'];
}
