import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { writeSource } from './databases/sources.ts';
import type { Flow, Scene } from './flows/flow.ts';
import { newScene } from './flows/scene.ts';
import { temporaryFolder } from '../support/temporary.ts';
import { type Place, runTrial } from './trial.ts';

const folder = temporaryFolder();

/** Changes the database each time it is asked; killed at first, afterwards it answers. */
function enginesFor(file: () => string) {
  let asked = 0;
  const ask = () => {
    const db = new Database(file());
    db.exec('UPDATE member SET city = city || 1');
    db.close();
    asked += 1;
    return Promise.resolve({ kind: asked < 3 ? 'killed' : 'answered', result: { ok: true, value: {} }, events: [] });
  };
  return { take: () => Promise.resolve({ ask, kill: () => {} }), done: () => Promise.resolve(), usualMs: 1 };
}

it('what the last of several requests says is judged by what that one found', async () => {
  const source = writeSource(path.join(folder, 'sources'), 'shop');
  let scene: Scene | undefined;
  const judged: Scene[] = [];
  const flow = {
    name: 'upgrade',
    prepare: () => Promise.resolve((scene = newScene(path.join(folder, 'scene'), source))),
    request: () => ({}),
    judge: (each: Scene) => (judged.push(each), []),
    resume: () => Promise.resolve([]),
    judgeEnd: () => [],
  };
  const place = { folder, helper: {}, victims: enginesFor(() => scene?.sandbox.file ?? '') };
  const fault = { kind: 'kill-chain', shares: [0.1, 0.1, 0.1, 0.1] } as const;

  await runTrial(flow as unknown as Flow, source, { fault }, place as unknown as Place);

  const contents = judged.map(({ before }) => before.content);
  expect(contents.slice(0, 2)).toEqual([source.content, source.content]); // those were killed and have said nothing
  expect(contents[2]).not.toBe(source.content);
  expect(judged[2]?.old.content).toBe(source.content);
});
