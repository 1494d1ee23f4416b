import { bodyIfThere } from '../oracles/body.ts';
import { lookAt, scratchOf } from '../oracles/content.ts';
import type { Source } from '../databases/source.ts';
import { makeSandbox, sandboxAt, sha256IfThere, treeOf, type Sandbox } from '../sandbox.ts';
import type { BeforeState, Scene } from './flow.ts';

/** A sandbox with a copy of the source, and nothing done yet. */
export function newScene(folder: string, source: Source): Scene {
  const sandbox = makeSandbox(folder, source.file, source.fileName);
  const before = { sha256: source.sha256, content: source.content, sidecars: {} };
  return { sandbox, source, backupPath: null, acknowledged: [], before, old: before, tree: treeOf(sandbox) };
}

/** The scene of a sandbox that was prepared already: what is in it now is what the request will find. */
export function sceneAt(sandbox: Sandbox, source: Source, more: Partial<Scene> = {}): Scene {
  const before = stateOf(sandbox);
  return { sandbox, source, backupPath: null, acknowledged: [], before, old: before, tree: treeOf(sandbox), ...more };
}

export function stateOf(sandbox: Sandbox): BeforeState {
  const sidecars = ['-wal', '-journal'].flatMap((suffix) => {
    const sha256 = sha256IfThere(sandbox.file + suffix);
    return sha256 === null ? [] : [[suffix, sha256] as const];
  });
  const looked = lookAt(sandbox.file, scratchOf(sandbox));
  const content = looked?.content ?? null;
  const remains = looked?.remains ?? null;
  const body = content === null ? bodyIfThere(sandbox.file) : null;
  return { sha256: sha256IfThere(sandbox.file), content, body, remains, sidecars: Object.fromEntries(sidecars) };
}

/** The same scene as seen in another folder, for those who judge copies of it. */
export const movedScene = (scene: Scene, folder: string): Scene => ({
  ...scene,
  sandbox: sandboxAt(folder, scene.source.fileName),
  acknowledged: [...scene.acknowledged],
});
