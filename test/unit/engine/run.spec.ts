import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import type { RunPoint } from '@engine/session.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const chunked = { more: { tuning: manyChunks } };
const change = (file: string, sql: string) => new Database(file).exec(sql).close();

describe.each([{ wal: false }, { wal: true }])('an upgrade (wal: $wal)', ({ wal }) => {
  it('takes the file to its target behind a verified backup and accounts for every row', async () => {
    const file = makeShop(folder, { wal, members: 30, notesEach: 3 });

    const report = await upgradeShop(file, chunked);

    expect(report.error).toBeUndefined();
    expect(report).toMatchObject({ ok: true, fromPhase: null, toPhase: 1, verified: false });
    expect(report.backfills).toMatchObject([
      { id: '0001_person/persons', expected: 30, moved: 27, alreadyRight: 0, issueRows: 3 },
      { id: '0002_note_length/lengths', expected: 90, moved: 90, alreadyRight: 0, issueRows: 0 },
    ]);
    expect(report.migrations.map(({ id }) => id)).toEqual(['0001_person', '0002_note_length']);
    expect(report.backup).toMatchObject({ verified: true, reason: 'before phase 1' });
    expect(report.tables).toContainEqual({ name: 'person', rowsBefore: null, rowsAfter: 27 });
    expect(report.issues).toEqual([
      { reason: 'no-name', title: 'The member has no name', sourceTable: 'member', count: 3 },
    ]);
    expect(report.checks.map(({ id }) => id)).toEqual(['members', 'all-placed']);
  });

  it('goes on only from runs that the file itself knows', async () => {
    const file = makeShop(folder, { wal });
    const stops = new Error('stopped');
    const probe = (point: RunPoint) => {
      if (point === 'recorded') throw stops;
    };
    await upgradeShop(file, { input: { runId: 'here' }, more: { probe } });
    const report = await upgradeShop(file, { input: { continues: ['elsewhere', 'here'] } });
    expect(report).toMatchObject({ ok: true, continuedRuns: ['here'] });
    const other = await upgradeShop(makeShop(folder, { wal }), { input: { continues: ['elsewhere'] } });
    expect([other.ok, other.continuedRuns]).toEqual([true, undefined]);
  });

  it('keeps the journal mode and the file, and leaves nothing beside it', async () => {
    const file = makeShop(folder, { wal });
    const { ino, mode } = fs.statSync(file);

    await upgradeShop(file);

    expect(fs.statSync(file)).toMatchObject({ ino, mode });
    expect(fs.readdirSync(path.dirname(file)).toSorted()).toEqual(['backups', 'locks', 'shop.db']);
    expect(fs.readdirSync(path.join(path.dirname(file), 'locks'))).toEqual([]);
    expect(askOne(file, `PRAGMA journal_mode`)).toBe(wal ? 'wal' : 'delete');
  });

  it('records itself in the ledger of the program and in its own tables, and keeps the old rows', async () => {
    const file = makeShop(folder, { wal });

    const { runId, backup } = await upgradeShop(file);

    expect(ask(file, `SELECT version, note FROM schema_migrations ORDER BY version`)).toEqual([
      { version: '0001_person', note: 'Give every member a row in person' },
      { version: '0002_note_length', note: 'Note how long each note is' },
      { version: 'shop_1', note: 'made by the shop' },
    ]);
    expect(ask(file, `SELECT id, state, from_phase, to_phase, backup_sha256 FROM _phasewise_runs`)).toEqual([
      { id: runId, state: 'migrated', from_phase: null, to_phase: 1, backup_sha256: backup?.sha256 },
    ]);
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }, { phase: 1 }]);
  });

  it('lets nobody else write or read from before the backup until it is over', async () => {
    const file = makeShop(folder, { wal });
    const tries: string[] = [];
    const knock = (point: RunPoint) => {
      const script = `try { const D = require('better-sqlite3'); new D(process.argv[1], { timeout: 0 }).prepare('SELECT * FROM setting').all(); console.log('in'); } catch (e) { console.log(e.code); }`;
      if (point !== 'chunk-committed') tries.push(runNode(script, file));
    };

    await upgradeShop(file, { more: { probe: knock } });

    expect(tries.length).toBeGreaterThan(8);
    expect(new Set(tries)).toEqual(new Set(['SQLITE_BUSY']));
  });
});

function runNode(script: string, argument: string): string {
  const { spawnSync } = process.getBuiltinModule('node:child_process');
  return spawnSync(process.execPath, ['-e', script, argument], { encoding: 'utf8' }).stdout.trim();
}

describe('a second run', () => {
  it('has nothing to do, and touches nothing', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    const bytes = fs.readFileSync(file);
    const backups = fs.readdirSync(backupFolderOf(file));

    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NOTHING_TO_DO');

    expect(fs.readFileSync(file).equals(bytes)).toBe(true);
    expect(fs.readdirSync(backupFolderOf(file))).toEqual(backups);
  });

  it('repairs what is recorded but no longer true, and the account still closes', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `DELETE FROM person WHERE id IN ('m000001', 'm000002')`);

    const report = await upgradeShop(file);

    expect(report).toMatchObject({ ok: true, fromPhase: 0, migrations: [{ id: '0001_person' }] });
    expect(report.backfills).toMatchObject([{ expected: 30, moved: 2, alreadyRight: 25, issueRows: 3 }]);
    expect(askOne(file, `SELECT max(touched) FROM note`)).toBe(1);
  });

  it('refuses a file that a newer version worked on, or whose migration has another source', async () => {
    const file = makeShop(folder);
    await upgradeShop(file);
    change(file, `UPDATE _phasewise_migrations SET checksum = 'other' WHERE id = '0001_person'`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_CHECKSUM_DRIFT');
    change(file, `DELETE FROM _phasewise_migrations WHERE id = '0001_person'`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_LEDGER_TAMPERED');
    change(file, `INSERT INTO schema_migrations VALUES ('0999_from_the_future', '', '')`);
    expect(await codeOfPromise(upgradeShop(file))).toBe('E_NEWER_SCHEMA');
  });
});

describe('A17: whatever of our own throws, and wherever', () => {
  class Thrown extends Error {}

  it('is reported, leaves whole steps, and the next run completes the work', async () => {
    const calls: string[] = [];
    const note = (point: string) => void calls.push(point);
    await upgradeShop(makeShop(folder, { members: 6 }), {
      more: { tuning: manyChunks, probe: note, backupProbe: note },
    });
    const places = [...new Set(calls)].flatMap((point) => {
      const times = calls.filter((each) => each === point).length;
      return [...new Set([1, Math.ceil(times / 2), times])].map((nth) => ({ point, nth }));
    });
    expect(places.length).toBeGreaterThan(25);

    for (const { point, nth } of places) {
      const file = makeShop(folder, { members: 6 });
      const before = fs.readFileSync(file);
      let seen = 0;
      const fail = (at: string): void => {
        if (at === point && (seen += 1) === nth) throw new Thrown(`thrown at ${point}`);
      };
      const more = { tuning: manyChunks, probe: fail, backupProbe: fail };
      const ended = await upgradeShop(file, { more }).catch((error: unknown) => error);

      const where = `${point} ${nth}`;
      if (ended instanceof Error) expect(fs.readFileSync(file).equals(before), where).toBe(true);
      else if (point !== 'finished') expect((ended as { ok: boolean }).ok, where).toBe(false);
      expect(askOne(file, `PRAGMA integrity_check`), where).toBe('ok');
      const left = (fs.readdirSync(path.dirname(file), { recursive: true }) as string[]).filter((name) =>
        /-(wal|shm|journal)$|partial|scratch|locks./.test(name),
      );
      expect(left, where).toEqual([]);
      const again = await upgradeShop(file, { more: { tuning: manyChunks } }).catch((error: unknown) => error);
      if (again instanceof Error) expect(String(again), where).toContain('E_NOTHING_TO_DO');
      else expect(again, where).toMatchObject({ ok: true });
      expect(ask(file, `SELECT DISTINCT touched FROM note`), where).toEqual([{ touched: 1 }]);
    }
  });
});
