import { mkdirSync, mkdtempSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { replacedFolders, wasSetAsideByUndo } from '@host/kept-files.ts';
import { beginWork } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

it('what was set aside by a restore is told from what was set aside by undoing that', () => {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const [file, dataFolder] = [path.join(home, 'a.db'), path.join(home, 'data')];
  const restore = (runId: string, restores: string, setsAside: string, later: number) => {
    const kept = path.join(home, `a.db replaced-${setsAside}`);
    const end = beginWork(dataFolder, { kind: 'restore', path: file, runId, appVersion: '0', restores });
    mkdirSync(kept);
    const at = new Date(Date.now() + later);
    utimesSync(kept, at, at);
    end(true);
    return kept;
  };
  const isOfUndo = () =>
    replacedFolders(file).map((each) => wasSetAsideByUndo(file, each, readWorks(dataFolder, file)));

  const damaged = restore('w1', '/b/b1.db', 'Abc123', 0);
  expect(isOfUndo()).toEqual([false]);

  restore('w2', damaged, 'Def456', 5);
  expect(isOfUndo()[0]).toBe(true); // what the first restore had put in, which is as good as its backup
});
