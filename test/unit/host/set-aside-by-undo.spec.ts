import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { replacedFolders, wasSetAsideByUndo } from '@host/kept-files.ts';
import { noteSetAside } from '@host/restore-begun.ts';
import { beginWork } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it.each([
  ['by the journal that names it', true],
  ['by the time, where none does', false],
])('what was set aside by a restore is told from what was set aside by undoing that: %s', async (_how, isNoted) => {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [file, dataFolder] = [path.join(home, 'a.db'), path.join(home, 'data')];
  const restore = (runId: string, restores: string, setsAside: string) => {
    const kept = path.join(home, `a.db replaced-${setsAside}`);
    const end = beginWork(dataFolder, { kind: 'restore', path: file, runId, appVersion: '0', restores });
    mkdirSync(kept);
    writeFileSync(path.join(kept, 'a.db'), 'bytes');
    if (isNoted) noteSetAside(dataFolder, file, runId, kept);
    end(true);
    return kept;
  };
  const isOfUndo = async () => {
    const works = readWorks(dataFolder, file);
    return (await replacedFolders(file, works)).map((each) => wasSetAsideByUndo(file, each, works));
  };

  const damaged = restore('w1', '/b/b1.db', 'Abc123');
  expect(await isOfUndo()).toEqual([false]);

  restore('w2', damaged, 'Def456');
  utimesSync(damaged, 1_000, 1_000);
  expect((await isOfUndo())[0]).toBe(true); // what the first restore had put in, which is as good as its backup
});
