import fs from 'node:fs';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { addColumn, inRange, rangeValues, type Migration } from '@engine/migration.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { RunPoint } from '@engine/session.ts';
import { ask, askOne, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { addPerson, measureNotes, shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { packWith } from '../../support/engine/pack-with.ts';

const folder = temporaryFolder();
const chunked = { more: { tuning: manyChunks } };
const noteIds = (file: string) =>
  ask(file, `SELECT id FROM _phasewise_migrations ORDER BY seq`).map((row) => Object.values(row as object)[0]);
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

describe('a backfill', () => {
  it('goes on at its cursor after a cancel, works on no row twice, and closes its account', async () => {
    const file = makeShop(folder);
    const control = createControl();
    let chunks = 0;
    const cancelLater = (point: RunPoint) =>
      void (point === 'chunk-committed' && (chunks += 1) === 9 && control.request('cancel'));

    const stopped = await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancelLater } });
    expect(stopped).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(ask(file, `SELECT state, expected, moved FROM _phasewise_backfills WHERE source = 'note'`)).toEqual([
      { state: 'running', expected: 90, moved: 28 },
    ]);
    const report = await upgradeShop(file, chunked);

    expect(report.ok).toBe(true);
    expect(ask(file, `SELECT DISTINCT touched FROM note`)).toEqual([{ touched: 1 }]);
    expect(report.backfills).toMatchObject([{ id: '0002_note_length/lengths', expected: 90, moved: 90 }]);
    expect(ask(file, `SELECT state FROM _phasewise_runs ORDER BY rowid`)).toEqual([
      { state: 'cancelled' },
      { state: 'migrated' },
    ]);
  });

  it('counts anew what is left when an older program added and removed rows in between', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint, subject: string) =>
      void (point === 'chunk-committed' && subject.startsWith('0001') && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    change(
      file,
      `DELETE FROM member WHERE id = 'm000025'; INSERT INTO member VALUES ('m000099', 'new', 'x', NULL), ('a', 'before the cursor', 'x', NULL), (NULL, NULL, 'no key', NULL)`,
    );

    const report = await upgradeShop(file, chunked);

    expect(report.error).toBeUndefined();
    expect(report.backfills[0]).toMatchObject({ expected: 31, moved: 26, alreadyRight: 1, issueRows: 4 });
    expect(askOne(file, `SELECT count(*) FROM person`)).toBe(28);
  });

  it('begun by another source of the same migration is begun anew, not continued', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint) => void (point === 'chunk-committed' && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    const pack = shopPack();
    const migrations = pack.migrations.map((each) => ({ ...each, checksum: `${each.checksum} edited` }));

    const report = await upgradeShop(file, { ...chunked, pack: { ...pack, migrations } });

    expect(report.error).toBeUndefined();
    expect(report.backfills[0]).toMatchObject({ expected: 30, moved: 20, alreadyRight: 7, issueRows: 3 });
  });

  it('that meets a full disk in a step waits with that step taken back, and goes on when there is room', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const events: EngineRunEvent[] = [];
    let attempts = 0;
    const pack = packWith({
      effect: { grows: ['ballast'], changes: {} },
      up: (db) => {
        attempts += 1;
        const pages = db.pragma('page_count', { simple: true }) as number;
        db.pragma(`max_page_count = ${attempts < 3 ? pages + 2 : 1_000_000}`); // SQLite's own "disk full"
        db.exec(`CREATE TABLE ballast (b); INSERT INTO ballast SELECT zeroblob(50000)`);
      },
    });
    const running = upgradeShop(file, {
      ...{ pack, control },
      more: {
        tuning: manyChunks,
        emit: (event) => {
          events.push(event);
          if (event.type === 'state' && event.state === 'paused') setTimeout(() => control.request('resume'), 5);
        },
      },
    });

    const report = await running;

    expect(report.error).toBeUndefined();
    expect(attempts).toBe(3);
    const told = events.flatMap((event) => (event.type === 'state' && event.attention ? [event.attention] : []));
    expect(told.map(({ code, details }) => [code, typeof details?.['freeBytes']])).toEqual([
      ['E_NO_SPACE', 'number'],
      ['E_NO_SPACE', 'number'],
    ]);
    expect(noteIds(file)).toEqual(['0001_person', '0002_note_length', '0003_extra']);
    expect(askOne(file, `SELECT count(*) FROM ballast`)).toBe(1);
    expect(ask(file, `SELECT DISTINCT touched FROM note`)).toEqual([{ touched: 1 }]);
  });

  it('pauses between two chunks, and goes on when asked', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const events: EngineRunEvent[] = [];
    let chunks = 0;
    const pauseOnce = (point: RunPoint) =>
      void (point === 'chunk-committed' && (chunks += 1) === 5 && control.request('pause'));
    setTimeout(() => control.request('resume'), 700);

    const running = upgradeShop(file, { control, events, more: { tuning: manyChunks, probe: pauseOnce } });
    await new Promise((resolve) => setTimeout(resolve, 450));
    const chunksWhilePaused = chunks;
    const report = await running;

    expect(chunksWhilePaused).toBe(5);
    expect(report.ok).toBe(true);
    const states = events.flatMap((event) => (event.type === 'state' ? [event.state] : []));
    expect(states).toEqual(['starting', 'backing-up', 'migrating', 'paused', 'migrating', 'migrating']);
  });

  it('sets aside rows without a key, with every value, however many columns', async () => {
    const many = Array.from({ length: 300 }, (_, at) => `extra${at} DEFAULT ${at}`);
    const file = makeShop(folder, {
      members: 3,
      extra: many.map((column) => `ALTER TABLE member ADD COLUMN ${column};`).join(''),
    });
    change(
      file,
      `INSERT INTO member (id, name, city, photo) VALUES (NULL, 'nobody''s "row"', 9007199254740993, x'00ff'), (NULL, 'again', 1.5, NULL)`,
    );
    const keyless = { ...addPerson, verify: () => [] };
    const pack = shopPack({ '0001_person': keyless });

    const report = await upgradeShop(file, {
      pack: { ...pack, phases: pack.phases.map((phase) => ({ ...phase, exitCriteria: [] })) },
    });

    expect(report.error).toBeUndefined();
    expect(report.backfills).toMatchObject([{ expected: 5, moved: 3, issueRows: 2 }]);
    const [first, second] = ask<{ row_json: string; reason: string }>(
      file,
      `SELECT row_json, reason FROM _phasewise_quarantine`,
    );
    expect(first?.reason).toBe('key-missing');
    expect(first?.row_json).toContain('"city":"9007199254740993"'); // a TEXT column keeps it as text
    expect(JSON.parse(first?.row_json ?? '')).toMatchObject({
      id: null,
      name: `nobody's "row"`,
      photo: { $blob: '00FF' },
      extra299: 299,
    });
    expect(JSON.parse(second?.row_json ?? '')).toMatchObject({ name: 'again', photo: null });
  });

  it('takes rows that the migration itself adds to its source, in another pass', async () => {
    const file = makeShop(folder, { members: 10 });
    const grow: Partial<Migration> = {
      effect: { grows: ['setting'], changes: {} },
      up: (db) => void addColumn(db, 'setting', 'seen', 'INTEGER NOT NULL DEFAULT 0'),
      backfills: [
        {
          ...{ name: 'grow', title: 'growing', source: 'setting', key: 'name' },
          chunk(db, range) {
            const moved = db
              .prepare(`UPDATE setting SET seen = seen + 1 WHERE ${inRange(range, 'name')}`)
              .run(rangeValues(range)).changes;
            db.exec(`INSERT INTO setting (name) SELECT 'z' || count(*) FROM setting HAVING count(*) < 5`);
            return { moved, alreadyRight: 0, issueRows: 0 };
          },
        },
      ],
    };

    for (const tuning of [manyChunks, {}]) {
      const copy = `${file}.${Object.keys(tuning).length}.db`;
      fs.copyFileSync(file, copy);
      const report = await upgradeShop(copy, { pack: packWith(grow), more: { tuning } });
      expect(report.backfills.at(-1)).toMatchObject({ expected: 5, moved: 5 });
      expect(ask(copy, `SELECT DISTINCT seen FROM setting`)).toEqual([{ seen: 1 }]);
    }
  });

  it('walks keys of every type, negative, huge and not valid as text, each exactly once', async () => {
    const file = makeShop(folder, {
      members: 2,
      extra: `CREATE TABLE odd (k PRIMARY KEY, n INTEGER NOT NULL DEFAULT 0);
        INSERT INTO odd (k) VALUES (-5), (0), (9223372036854775807), (-9223372036854775808), (9007199254740993), (1.5), (''), ('a'), ('A'), ('ä'),
          (CAST(x'61ff' AS TEXT)), (CAST(x'61fe' AS TEXT)), (CAST(x'ff' AS TEXT)), ('a' || char(0) || 'b'), (x''), (x'00'), (x'ff'), (NULL);`,
    });
    const walk: Partial<Migration> = {
      backfills: [
        {
          ...{ name: 'odd', title: 'walking', source: 'odd', key: 'k' },
          chunk: (db, range) => ({
            moved: db.prepare(`UPDATE odd SET n = n + 1 WHERE ${inRange(range, 'k')}`).run(rangeValues(range)).changes,
            ...{ alreadyRight: 0, issueRows: 0 },
          }),
        },
      ],
    };
    const report = await upgradeShop(file, {
      pack: packWith(walk),
      more: { tuning: { ...manyChunks, firstChunkRows: 1, maxChunkRows: 1 } },
    });

    expect(report.error).toBeUndefined();
    expect(report.backfills.at(-1)).toMatchObject({ expected: 18, moved: 17, issueRows: 1 });
    expect(ask(file, `SELECT n, count(*) AS rows FROM odd GROUP BY n`)).toEqual([
      { n: 0, rows: 1 },
      { n: 1, rows: 17 },
    ]);
  });

  it('starts over, with its counters at zero, when its shape was taken away meanwhile', async () => {
    const file = makeShop(folder);
    const control = createControl();
    const cancel = (point: RunPoint) => void (point === 'chunk-committed' && control.request('cancel'));
    await upgradeShop(file, { control, more: { tuning: manyChunks, probe: cancel } });
    change(file, `DROP TABLE person`);

    const report = await upgradeShop(file, chunked);

    expect(report.backfills[0]).toMatchObject({ expected: 30, moved: 27, alreadyRight: 0, issueRows: 3 });
    expect(measureNotes.verify).toBeTypeOf('function');
  });
});
