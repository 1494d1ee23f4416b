import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { EngineRequests, EngineRunEvent } from '@engine/protocol.ts';
import { EngineChild } from '@host/engine-process.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { safetyText } from '@shared/errors.ts';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { buildApp } from './support/engine.ts';
import { hostileDatabases, writeHostile } from './support/hostile-databases.ts';

/** Databases that keep whoever writes, or makes a backup, for ever: in the rules that a check evaluates, row by row. */

const folder = temporaryFolder();
const SILENCE_MS = 3_000; // people wait some minutes, see silenceFor
/** Of 400 s and more, with nothing to say meanwhile. */
const LIMIT_MS = 30_000;
const endless = ['a CHECK of 20 ms a row', 'an index of 20 ms a row'];
let engine: EngineChild;

beforeAll(async () => {
  engine = new EngineChild(spawnWithNode(path.join(await buildApp(['engine']), 'engine.cjs')));
});
afterAll(() => engine.kill());

function write(name: string): { file: string; room: string } {
  const room = path.join(folder, name.replaceAll(' ', '-'));
  mkdirSync(room, { recursive: true });
  const file = path.join(room, 'project.db');
  const hostile = hostileDatabases(path.join(folder, 'marker')).find((each) => name.startsWith(each.name));
  if (hostile === undefined) throw new Error(`${name} is gone`);
  writeHostile(file, hostile);
  return { file, room };
}

describe('M03 M04: a rule that takes for ever', () => {
  it.each(endless.flatMap((name) => [[name, 'backup'] as const, [name, 'run'] as const]))(
    '%s: a %s ends for its silence, with nothing changed and nothing left once it is settled',
    async (name, request) => {
      const { file, room } = write(`${name} ${request}`);
      const [before, bytes] = [folderState(room), readFileSync(file)];
      const [backups, lockFolder] = [path.join(folder, `b-${path.basename(room)}`), path.join(folder, 'l')];
      const partials: string[] = [];
      const onRunEvent = (event: EngineRunEvent) => void (event.type === 'partial' && partials.push(event.file));
      const common = { path: file, runId: 'r', appVersion: '0' };
      const run: EngineRequests['run']['input'] = {
        ...{ ...common, lockFolder, toPhase: 4, fingerprint: null, backupFolder: backups, asksToProceed: true },
      };
      const options = {
        ...{ limitMs: null, silenceMs: SILENCE_MS, onRunEvent },
        onWork: ({ partial }: { partial?: string }) => void (partial && partials.push(partial)),
      };
      const startedAt = performance.now();

      const ended =
        request === 'run'
          ? await engine.ask('run', run, options)
          : await engine.ask('backup', { ...common, folder: backups, reason: 'by hand' }, options);

      expect(performance.now() - startedAt).toBeLessThan(LIMIT_MS);
      expect(ended).toMatchObject({ error: { code: 'E_TIMEOUT', safety: safetyText.untouched } });
      expect(readFileSync(file).equals(bytes)).toBe(true);
      const settled = await engine.ask('settle', { path: file, lockFolder, partials }, { limitMs: LIMIT_MS });
      expect(settled).toMatchObject({ ok: true });
      expect(folderState(room)).toEqual(before);
      expect(readdirSync(backups)).toEqual([]);
      expect(readdirSync(lockFolder)).toEqual([]);
    },
  );
});
