import { copyFileSync, existsSync, mkdirSync, renameSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { isPlayedInWhole } from '@engine/played-in.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { writeSource } from '../databases/sources.ts';
import { createProgram } from '../faults/program.ts';
import { OTHER_TABLE } from '../oracles/content.ts';
import { placeFile } from '../sandbox.ts';
import { type Place, runTrial } from '../trial.ts';
import { besideDamage } from './beside-damage.ts';
import { leaveDamaged } from './damaged-sidecar.ts';
import type { Ending, Flow, Scene } from './flow.ts';
import { DAMAGES } from './names.ts';
import { newScene } from './scene.ts';

const folder = temporaryFolder();
const sourceNamed = (name: string) => writeSource(path.join(folder, 'sources'), name);
const sources = { log: sourceNamed('shop-wal'), journal: sourceNamed('shop') };
const kinds = Array.from({ length: DAMAGES }, (_, kind) => kind);
const damages = (['log', 'journal'] as const).flatMap((what) => kinds.map((kind) => [what, kind] as const));

describe('a damaged sidecar', () => {
  it.each(damages)('is one that SQLite does not take in as a whole: %s %i', (what, kind) => {
    const file = placeFile(sources[what].file, path.join(folder, `${what}-${kind}.db`));
    leaveDamaged(file, kind);

    const suffix = what === 'log' ? '-wal' : '-journal';
    expect(statSync(file + suffix).size).toBeGreaterThan(1_000);
    expect(isPlayedInWhole(file)).toBe(false);
    expect(besides(file)).toEqual([suffix]);

    const db = new Database(file);
    const texts = db.prepare<[], string>(`SELECT DISTINCT substr(text, 1, 4) FROM ${OTHER_TABLE}`).pluck().all();
    expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
    db.close();
    // Of a log, as much as was committed before the damage; of a journal, nothing that would take all of the write back.
    if (what === 'log') expect(texts).toEqual([['0000', '1000', '0000'][kind]]);
    else expect(texts).toContain('half');
    expect(besides(file)).toEqual([]);
  });
});

const besides = (file: string): string[] => ['-wal', '-journal'].filter((suffix) => existsSync(file + suffix));

/** An engine that opens the database for writing, as every request does sooner or later, and says how that ended. */
async function trialOf(what: 'log' | 'journal', work: (scene: Scene) => void, ending: object) {
  const source = sources[what];
  let scene: Scene | undefined;
  const flow: Flow = besideDamage({
    ...({ name: 'backup', databases: [source.name] } as const),
    prepare: async (place) => newScene(place, source),
    request: (each) => ((scene = each), { name: 'settle', input: { path: '', lockFolder: '' } }),
    judge: () => [],
    resume: () => Promise.resolve([]),
    judgeEnd: () => [],
  });
  const ask = (): Promise<Ending> => {
    if (scene) work(scene);
    return Promise.resolve({ kind: 'answered', events: [], ...ending } as unknown as Ending);
  };
  const victims = { take: () => Promise.resolve({ ask, kill: () => {} }), done: () => Promise.resolve(), usualMs: 1 };
  const place = { folder: path.join(folder, 'scene'), helper: {}, victims } as unknown as Place;
  return runTrial(flow, source, { fault: { kind: 'kill-at', share: 1_000 } }, place);
}

const open = ({ sandbox }: Scene): void => {
  const db = new Database(sandbox.file);
  db.exec('UPDATE member SET city = city');
  db.close();
};
const keepIn = (kept: string) => (scene: Scene) => {
  mkdirSync(kept);
  for (const suffix of ['', ...besides(scene.sandbox.file)])
    copyFileSync(scene.sandbox.file + suffix, path.join(kept, path.basename(scene.sandbox.file) + suffix));
  open(scene);
};
const done = { result: { ok: true, value: {} } };
const untouched = { result: { ok: false, error: { code: 'E_IO', message: 'No.', safety: safetyText.untouched } } };

describe.each(['log', 'journal'] as const)('a flow beside a damaged %s', (what) => {
  const beside = path.join(folder, 'scene/project/project.db replaced-a1B2c3');
  const among = path.join(folder, 'scene/backups/project 2026-03-14 09.00.00 before recovery');

  it('notices when it is thrown away', async () => {
    const { problems } = await trialOf(what, open, done);

    expect(problems).toEqual([
      expect.stringMatching(/^the damaged -(wal|journal) was thrown away$/),
      expect.stringMatching(/^in the end: the damaged -(wal|journal) was thrown away$/),
    ]);
  });

  it('is content when it is kept, beside the database or among the backups', async () => {
    for (const kept of [beside, among]) expect((await trialOf(what, keepIn(kept), done)).problems).toEqual([]);
  });

  it('notices a copy without the database that it lay beside, and one that was never finished', async () => {
    const alone = (scene: Scene): void => {
      keepIn(among)(scene);
      rmSync(path.join(among, path.basename(scene.sandbox.file)));
    };
    expect((await trialOf(what, alone, done)).problems).toHaveLength(2);
    expect((await trialOf(what, keepIn(`${among}.0a1b2c3d-1-1.filling`), done)).problems).toHaveLength(2);
  });

  it('notices who is told that nothing was changed', async () => {
    expect((await trialOf(what, keepIn(among), untouched)).problems).toEqual([
      expect.stringContaining('E_IO says that nothing was changed'),
    ]);
    expect((await trialOf(what, () => {}, untouched)).problems).toEqual([]);
  });
});

describe('another program', () => {
  it.each(['log', 'journal'] as const)('commits rows while it stays, and tells them: %s', async (what) => {
    const file = placeFile(sources[what].file, path.join(folder, `used-${what}.db`));
    const program = createProgram();
    await program.comeTo(file, 60_000);
    const db = new Database(file);
    await vi.waitFor(() => expect(rowsIn(db).length).toBeGreaterThan(1), PATIENCE);
    const { acknowledged, strayed } = await program.leave();

    expect(rowsIn(db)).toEqual(acknowledged);
    expect(strayed).toEqual([]);
    db.close();
  });

  it('tells the rows that went into a file which was taken away under it', async () => {
    const file = placeFile(sources.log.file, path.join(folder, 'renamed.db'));
    const program = createProgram();
    await program.comeTo(file, 60_000);
    const old = new Database(file);
    renameSync(placeFile(sources.log.file, `${file}.new`), file);
    const before = rowsIn(old).length;
    await vi.waitFor(() => expect(rowsIn(old).length).toBeGreaterThan(before), PATIENCE);
    const { acknowledged, strayed } = await program.leave();
    old.close();

    expect(strayed.length).toBeGreaterThan(0);
    expect(acknowledged).toEqual(expect.arrayContaining([...strayed]));
  });

  it('leaves alone what is no database, and comes as soon as there is one', async () => {
    const file = path.join(folder, 'later.db');
    const program = createProgram();
    await program.comeTo(file, 60_000);
    expect((await program.leave()).acknowledged).toEqual([]);

    await program.comeTo(file, 60_000);
    placeFile(sources.log.file, file);
    const db = new Database(file);
    await vi.waitFor(() => expect(rowsIn(db)).not.toEqual([]), PATIENCE);
    db.close();
    expect((await program.leave()).acknowledged.length).toBeGreaterThan(0);
  });
});

const PATIENCE = { timeout: 20_000, interval: 20 };
const rowsIn = (db: Database.Database): number[] =>
  db.prepare<[], number>(`SELECT id FROM ${OTHER_TABLE}`).pluck().all();
