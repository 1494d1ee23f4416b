import { readdirSync, rmSync, statfsSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { isSoak } from './support/effort.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import { lockPageOf } from './support/journals.ts';
import { makeSandbox, openFolder, type Sandbox, templateDatabase, upgradeAndVerify } from './support/sandbox.ts';

/** Files that reach beyond the byte at 2^30: the page there is SQLite's for locks, and holds nothing. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);

const NEED_BYTES = 8 * 2 ** 30;
const free = statfsSync(tmpdir(), { bigint: true });
const hasRoom = Number(free.bavail * free.bsize) > NEED_BYTES;
const LIMIT = { limitMs: 1_800_000 };

/** A legacy database of more than 1 GiB in pages of that size; the last rows lie behind the lock page. */
function makeLarge(pageSize: number): Sandbox {
  const box = makeSandbox(base);
  const db = new Database(box.file);
  db.exec(`PRAGMA page_size = ${pageSize}; VACUUM; PRAGMA journal_mode = OFF; PRAGMA synchronous = OFF;
    CREATE TABLE large (id INTEGER PRIMARY KEY, body BLOB);
    WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1100)
    INSERT INTO large SELECT i, CAST(i || hex(zeroblob(500000)) AS BLOB) FROM n`);
  db.close();
  return box;
}

it.skipIf(!isSoak || !hasRoom).each([512, 1_024, 2_048, 4_096, 8_192, 16_384, 32_768, 65_536])(
  'F16: a file of more than 1 GiB in pages of %i: backup, upgrade and restore step over the lock page (skipped: only in a soak, and with 8 GiB free)',
  { timeout: 3_600_000 },
  async (pageSize) => {
    templateDatabase(base);
    const engine = startEngine();
    const box = makeLarge(pageSize);
    expect(statSync(box.file).size / pageSize).toBeGreaterThan(lockPageOf(box.file));

    const made = await engine.ask(
      'backup',
      { path: box.file, folder: box.backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
      LIMIT,
    );
    expect(made).toMatchObject({ ok: true, value: { verified: true } });
    expect(await upgradeAndVerify(engine, box)).toBeNull();
    const backupPath = made.ok ? made.value.path : '';
    const restored = await engine.ask(
      'restore',
      {
        backupPath,
        path: box.file,
        backupFolder: box.backupFolder,
        lockFolder: box.lockFolder,
        appVersion: '0',
        allowForeign: false,
      },
      LIMIT,
    );
    expect(restored).toMatchObject({ ok: true });

    const db = new Database(box.file, { readonly: true });
    db.prepare('ATTACH ? AS kept').run(backupPath);
    const differing = db
      .prepare(`SELECT count(*) FROM main.large m JOIN kept.large k USING (id) WHERE m.body IS k.body`)
      .pluck()
      .get();
    db.close();
    expect(differing).toBe(1_100);
    expect(readdirSync(box.folder)).toEqual(['project.db']);
    rmSync(path.dirname(box.folder), { recursive: true });
  },
);
