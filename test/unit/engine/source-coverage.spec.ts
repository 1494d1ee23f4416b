import { copyFileSync, mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import type { Pack, SourceFolder } from '@engine/migration.ts';
import { makePlan } from '@engine/plan.ts';
import type { SourceChoice } from '@engine/protocol.ts';
import { coverageOf, lookAtSource, resolveSource } from '@engine/source-coverage.ts';
import { describe, expect, it } from 'vitest';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { makeShop } from '../../support/engine/run-shop.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

/** Members say in `city` where their file is; it must hold their name. */
const cards: SourceFolder = {
  id: 'cards',
  title: 'Cards',
  question: 'Where are the cards?',
  explanation: 'They say more.',
  phase: 1,
  guesses: ['cards', '.'],
  paths: (db, limit) =>
    db
      .prepare<[number], { key: string; path: string }>(
        `SELECT id AS key, city AS path FROM member ORDER BY id LIMIT ?`,
      )
      .all(limit),
  countPaths: (db) => db.prepare<[], number>(`SELECT count(*) FROM member`).pluck().get() ?? 0,
  compare: (db, key, text) => {
    if (text === 'torn') return 'unreadable';
    const name = db.prepare<[string], string>(`SELECT name FROM member WHERE id = ?`).pluck().get(key);
    return text === name ? 'agrees' : 'differs';
  },
};
const pack: Pack = { ...shopPack(), sourceFolder: cards };

function setUp() {
  const extra = `UPDATE member SET city = 'cards/' || id || '/card.txt', name = id;`;
  const file = makeShop(folder, { members: 6, extra });
  const write = (place: string, id: string, text: string) => {
    const card = path.join(path.dirname(file), place, id, 'card.txt');
    mkdirSync(path.dirname(card), { recursive: true });
    writeFileSync(card, text);
  };
  write('cards', 'm000001', 'm000001');
  write('cards', 'm000002', 'somebody else');
  write('cards', 'm000003', 'torn');
  const at = (source?: SourceChoice, budgetMs?: number) => {
    const db = new Database(file, { readonly: true });
    try {
      return coverageOf(db, pack, source, file, budgetMs);
    } finally {
      db.close();
    }
  };
  return { file, home: path.dirname(file), write, at };
}

describe('the coverage of files beside a database', () => {
  it('counts each row once: found, other than the row says, unreadable, missing', () => {
    const { at, home } = setUp();

    expect(at()).toMatchObject({
      title: 'Cards',
      choice: 'guessed',
      folder: path.join(home, 'cards'),
      ...{ rows: 6, found: 1, differing: 1, unreadable: 1, missing: 3, isComplete: true },
    });
    expect(at()?.samples.map(({ state }) => state)).toEqual([
      'found',
      'differs',
      'unreadable',
      ...Array(3).fill('missing'),
    ]);
    expect(at()?.samples[0]).toEqual({ path: 'cards/m000001/card.txt', state: 'found', file: 'm000001/card.txt' });
  });

  it('guesses the usual place with the most files, and none where there is no file', () => {
    const { at, write, home } = setUp();
    expect(at({ kind: 'guess' })).toMatchObject({ folder: path.join(home, 'cards'), choice: 'guessed' });
    rmSync(path.join(home, 'cards'), { recursive: true });
    expect(at()).toMatchObject({ folder: null, choice: 'none', found: 0, missing: 0, rows: 6, isComplete: true });

    write('cards', 'x', 'no row names it');
    expect(at()).toMatchObject({ folder: null, choice: 'none' });
  });

  it('takes the person at their word, and refuses a folder that is not there', async () => {
    const { at, file, home } = setUp();
    expect(at({ kind: 'none' })).toMatchObject({ folder: null, choice: 'declined', found: 0 });
    expect(at({ kind: 'folder', folder: home })).toMatchObject({ choice: 'chosen', folder: home, found: 1 });

    const gone = { kind: 'folder', folder: path.join(home, 'gone') } as const;
    expect(await codeOfPromise(lookAtSource({ path: file, source: gone }, [pack]))).toBe('E_SOURCE_FOLDER');
  });

  it('says so when there was no time to look at all of them', () => {
    expect(setUp().at(undefined, 0)).toMatchObject({ rows: 6, found: 0, isComplete: false });
  });

  it('is part of a plan only while a step of that phase is open', async () => {
    const { file } = setUp();
    const input = { path: file, toPhase: 1, backupFolder: path.join(path.dirname(file), 'b') };

    expect((await makePlan(input, [pack])).source).toMatchObject({ found: 1, choice: 'guessed' });
    expect((await makePlan({ ...input, source: { kind: 'none' } }, [pack])).source).toMatchObject({
      choice: 'declined',
    });
    expect((await makePlan({ ...input, toPhase: 0 }, [pack])).source).toBeNull();
    expect((await makePlan(input, [shopPack()])).source).toBeNull();
    expect(await lookAtSource({ path: file, source: { kind: 'guess' } }, [shopPack()])).toBeNull();
  });

  const small = sharedFile('kroma', 'legacy-small.db');
  const logs = sharedFile('kroma', 'run-logs');
  it.skipIf(!small || !logs)(
    `of the run logs of a real file is what its makers say (else ${SHARED_DATA_MISSING})`,
    () => {
      const file = path.join(mkdtempSync(path.join(folder, 'real-')), 'app.db');
      copyFileSync(small ?? '', file);
      const db = new Database(file, { readonly: true });
      const source = { kind: 'folder', folder: logs ?? '' } as const;

      expect(coverageOf(db, kroma, source, file)).toMatchObject({
        rows: 40,
        missing: 5,
        unreadable: 1,
        differing: 1,
        found: 33,
      });
      expect(resolveSource(db, kroma, { kind: 'guess' }, small ?? '').files?.folder).toBe(realpathSync(logs ?? ''));
      db.close();
    },
  );
});
