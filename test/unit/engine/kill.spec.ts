import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { listBackups, verifyBackup } from '@engine/backups.ts';
import { comparableColumns, compareTable } from '@engine/compare.ts';
import { verifyResult } from '@engine/verify.ts';
import { root } from '../../../build/layout.mjs';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const child = path.join(root, 'test/support/engine/upgrade-child.ts');
const argumentsFor = (file: string, killAt: number) => [
  ...['--no-warnings', '--import', path.join(root, 'test/support/engine/aliases.mjs'), child, file],
  ...[String(killAt), backupFolderOf(file), path.join(path.dirname(file), 'locks')],
];

/** Upgrades `file` in a process that is killed at point `killAt`. @returns what it reported. */
function upgradeInChild(file: string, killAt: number): string[] {
  const { stdout, stderr, signal } = spawnSync(process.execPath, argumentsFor(file, killAt), {
    encoding: 'utf8',
    cwd: root,
  });
  if (killAt === 0 || signal !== 'SIGKILL') expect(stderr).toBe('');
  return stdout.trim().split('\n').filter(Boolean);
}

/** Whole steps, nothing reported that is not there, backups that are what their manifests say. */
function assertWholeSteps(file: string, reported: readonly string[]): void {
  expect(askOne(file, `PRAGMA integrity_check`)).toBe('ok');
  expect(askOne(file, `SELECT count(*) FROM member`)).toBe(15);
  expect(askOne(file, `SELECT count(*) FROM note`)).toBe(30);
  const hasRecords = askOne(file, `SELECT count(*) FROM sqlite_schema WHERE name = '_phasewise_migrations'`) === 1;
  const recorded = hasRecords
    ? ask<{ id: string }>(file, `SELECT id FROM _phasewise_migrations ORDER BY seq`).map(({ id }) => id)
    : [];
  expect(['0001_person', '0002_note_length'].slice(0, recorded.length)).toEqual(recorded);
  for (const id of reported.filter((line) => !line.startsWith('points'))) expect(recorded).toContain(id);
  for (const { path: backupPath } of listBackups({ folders: [backupFolderOf(file)], databasePath: null })) {
    expect(verifyBackup({ backupPath }).state).toBe('verified');
  }
}

/** Every row worked on exactly once, every account closed, every original value there. */
async function assertContinues(file: string, original: string): Promise<void> {
  if (
    !isThere(backupFolderOf(file)) ||
    askOne(file, `SELECT count(*) FROM sqlite_schema WHERE name = '_phasewise_checkpoints'`) === 0
  ) {
    expect((await upgradeShop(file, { more: { tuning: manyChunks } })).error).toBeUndefined();
  } else {
    const report = await upgradeShop(file, { more: { tuning: manyChunks } }).catch((error: unknown) => error);
    if (report instanceof Error) expect(report.message).toContain('E_NOTHING_TO_DO');
    else expect(report).toMatchObject({ ok: true });
  }
  expect(ask(file, `SELECT min(touched) AS least, max(touched) AS most FROM note`)).toEqual([{ least: 1, most: 1 }]);
  expect(ask(file, `SELECT expected, moved, already_right, issue_rows FROM _phasewise_backfills ORDER BY id`)).toEqual([
    { expected: 15, moved: 14, already_right: 0, issue_rows: 1 },
    { expected: 30, moved: 30, already_right: 0, issue_rows: 0 },
  ]);
  const backupPath = listBackups({ folders: [backupFolderOf(file)], databasePath: null })[0]?.path ?? null;
  const { checks } = verifyResult({ path: file, toPhase: 1, backupPath }, [shopPack()]);
  expect(checks.filter(({ state }) => state !== 'met')).toEqual([]);
  expect(keptOf(file, original)).toEqual({ member: 15, note: 30, schema_migrations: 1, setting: 1 });
}

function keptOf(file: string, original: string): Record<string, number> {
  const db = new Database(file);
  db.prepare('ATTACH ? AS original').run(original);
  const tables = ['member', 'note', 'schema_migrations', 'setting'];
  const kept = tables.map((table) => [
    table,
    compareTable(db, { before: 'original', after: 'main' }, table, comparableColumns(db, 'original', table)).kept,
  ]);
  db.close();
  return Object.fromEntries(kept);
}

function freshPair(wal: boolean): { file: string; original: string } {
  const file = makeShop(folder, { members: 15, notesEach: 2, wal });
  const original = `${file}.original`;
  fs.copyFileSync(file, original);
  return { file, original };
}

it(
  'killed at any point of the run, the file is at a whole step, and the next run ends it exactly once',
  { timeout: 240_000 },
  async () => {
    const { file } = freshPair(false);
    const points = Number(upgradeInChild(file, 0).at(-1)?.split(' ')[1]);
    expect(points).toBeGreaterThan(40);

    for (let killAt = 1; killAt <= points; killAt++) {
      const pair = freshPair(killAt % 2 === 0);
      const reported = upgradeInChild(pair.file, killAt);
      assertWholeSteps(pair.file, reported);
      await assertContinues(pair.file, pair.original);
    }
  },
);

it('killed again and again while it recovers, it still comes to its end', { timeout: 120_000 }, async () => {
  const { file, original } = freshPair(true);
  for (const killAt of [24, 16, 14, 18, 13, 15, 17]) assertWholeSteps(file, upgradeInChild(file, killAt));
  await assertContinues(file, original);
});

it('killed from outside at any moment, the same holds', { timeout: 120_000 }, async () => {
  for (let round = 0; round < 12; round++) {
    const { file, original } = freshPair(round % 2 === 0);
    const running = spawn(process.execPath, argumentsFor(file, 0), { cwd: root, stdio: 'ignore' });
    const exited = new Promise((resolve) => running.once('exit', resolve));
    setTimeout(() => running.kill('SIGKILL'), 250 + round * 23);
    await exited;
    assertWholeSteps(file, []);
    await assertContinues(file, original);
  }
});
