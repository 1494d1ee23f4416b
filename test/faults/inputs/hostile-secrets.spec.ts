import { copyFileSync, existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { printable, printableJson } from '@host/printable.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { actingTexts, addActingNames } from '../../support/kroma/acting-texts.ts';
import { buildLegacyOdd } from '../../support/kroma/legacy.ts';
import { buildApp } from './support/engine.ts';
import { type Ended, runCli } from './support/hostile-app.ts';

/** Words that stand where secrets stand, and must be found nowhere else. */
const canary = {
  cell: 'CANARY-CELL-7f3a',
  secret: 'CANARY-SECRET-91bc',
  json: 'CANARY-JSON-5d20',
  environment: 'CANARY-ENVIRONMENT-c41e',
};
/** These name things; names are shown to the person, and kept where that is said. */
const named = {
  column: 'canary_column_e8',
  table: 'canary_table_b2',
  folder: 'CANARY-FOLDER-33',
  file: 'CANARY-FILE-08',
};

const folder = temporaryFolder();
const home = path.join(folder, 'home');
const projects = path.join(folder, named.folder);
const env = { ...process.env, PHASEWISE_HOME: home, HOME: folder, API_KEY: canary.environment };
let app: string;
beforeAll(async () => {
  app = await buildApp(['engine', 'cli']);
});

function writeProject(name: string, more: (db: Database.Database) => void = () => {}): string {
  mkdirSync(projects, { recursive: true });
  const file = path.join(projects, `${named.file}-${name}.db`);
  const db = new Database(file);
  buildLegacyOdd(db);
  db.exec(`UPDATE project_api_secrets SET secret_ciphertext = '${canary.secret}';
    UPDATE runs SET meta_json = json_object('prompt', '${canary.json}'), run_log_path = 'runs/${canary.cell}-' || rowid || '.json' WHERE rowid % 2 = 0;
    UPDATE users SET email = '${canary.cell}@example.org', display_name = '${canary.cell}';
    CREATE TABLE ${named.table}(${named.column} TEXT); INSERT INTO ${named.table} VALUES ('${canary.cell}')`);
  more(db);
  db.close();
  return file;
}

const cli = (...args: string[]): Promise<Ended> => runCli(app, args, env);
/** Every file below the folders, with its text. */
const filesBelow = (...folders: string[]): { file: string; text: string }[] =>
  folders.filter(existsSync).flatMap((below) =>
    readdirSync(below, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.join(entry.parentPath, entry.name))
      .map((file) => ({ file, text: readFileSync(file, 'latin1') })),
  );
const hits = (texts: readonly { file: string; text: string }[], words: readonly string[]): string[] =>
  texts.flatMap(({ file, text }) => words.filter((word) => text.includes(word)).map((word) => `${word} in ${file}`));

describe('secrets', () => {
  it('X01 X02 X04: of cells, of the environment and of the token are in no journal, lock, manifest, report or output, whatever failed', async () => {
    const file = writeProject('whole');
    const refused = writeProject('refused', (db) =>
      db.exec(`CREATE TRIGGER t AFTER UPDATE ON assets BEGIN SELECT RAISE(ABORT, '${canary.secret}'); END`),
    );
    const broken = writeProject('broken', (db) => db.exec(`CREATE TABLE bad(a CHECK(a <> '${canary.secret}'))`));
    const damaged = `${file}-damaged.db`;
    copyFileSync(file, damaged);
    // Side by side, but those about one file in order.
    const series = [
      [['status', file], ['status', file, '--json'], ['migrate', file, '--yes', '--json'], ['migrate', file, '--yes'], ['backups', file, '--json']],
      [['migrate', refused, '--yes', '--json'], ['status', path.join(projects, 'missing.db')], ['nonsense', canary.environment.slice(0, 3)]],
      [['migrate', broken, '--yes', '--json'], ['migrate', broken, '--to', '77', '--yes']],
    ]; // prettier-ignore
    const inOrder = async (lines: readonly string[][]): Promise<Ended[]> => {
      const ends: Ended[] = [];
      for (const args of lines) ends.push(await cli(...args));
      return ends;
    };
    const said = (await Promise.all(series.map(inOrder))).flat();
    expect([said[2]?.code, said[2]?.stdout]).toEqual([0, expect.any(String)]);

    const values = Object.values(canary);
    const outputs = said.map(({ stdout, stderr }, at) => ({ file: `output ${at}`, text: stdout + stderr }));
    expect(hits(outputs, values)).toEqual([]);
    expect(hits(filesBelow(home), values)).toEqual([]);
    // Beside the database stand the backups, which are the data, and what describes them, which is not.
    const beside = filesBelow(projects).filter(({ file: name }) => !name.endsWith('.db'));
    expect(beside.length).toBeGreaterThan(0);
    expect(hits(beside, values)).toEqual([]);
    // What may name the file: the run journals, the list of recent files, the locks, and the manifests. Nothing else does.
    const naming = hits(filesBelow(home), [named.file]).map(
      (hit) => path.relative(home, hit.split(' in ')[1] ?? '').split(path.sep)[0],
    );
    expect(
      [...new Set(naming)]
        .toSorted()
        .filter(
          (part) =>
            ![
              'backups.json',
              'backup-folders.json',
              'locks',
              'recents.json',
              'runs',
              'sources.json',
              'recent.json',
            ].includes(part ?? ''),
        ),
    ).toEqual([]);
    // What was unfinished is not left lying about.
    expect(filesBelow(projects).filter(({ file: name }) => /partial|scratch|-wal$|-shm$|-journal$/.test(name))).toEqual(
      [],
    );
  });

  it('X05: nothing of a database is left in the folder for temporary files', async () => {
    const temporary = path.join(folder, 'temporary');
    mkdirSync(temporary);
    const file = writeProject('temporary', (db) => db.pragma('journal_mode = WAL'));
    await runCli(app, ['status', file, '--json'], { ...env, TMPDIR: temporary, SQLITE_TMPDIR: temporary });
    await runCli(app, ['migrate', file, '--yes', '--json'], { ...env, TMPDIR: temporary, SQLITE_TMPDIR: temporary });
    expect(readdirSync(temporary)).toEqual([]);
  });
});

describe('names that act', () => {
  it('X07 M06: stand escaped in what the command line writes, as text and as JSON', async () => {
    const file = writeProject('acting', addActingNames);
    for (const args of [
      ['status', file],
      ['status', file, '--json'],
      ['plan', file],
      ['migrate', file, '--yes', '--json'],
    ]) {
      const { stdout, stderr } = await cli(...args);
      expect([
        args.join(' '),
        /[\u0000-\u0009\u000b-\u001f\u007f-\u009f\u200b\u202a-\u202e\ufeff]/.exec(stdout + stderr),
      ]).toEqual([args.join(' '), null]);
      if (args.includes('--json')) expect(JSON.parse(stdout)).toBeTypeOf('object');
    }
  });

  it('X07: stand in one line of a journal each, escaped', () => {
    const lines = filesBelow(home).filter(({ file }) => file.endsWith('.jsonl')).flatMap(({ text }) => text.trim().split('\n')); // prettier-ignore
    expect(lines.length).toBeGreaterThan(3);
    for (const line of lines) expect(JSON.parse(line)).toBeTypeOf('object');
  });

  it('X07: keep their value in JSON and their joiners in text', () => {
    for (const text of actingTexts) {
      expect(JSON.parse(printableJson({ text }))).toEqual({ text });
      expect(printable(text)).not.toMatch(/[\u0000-\u001f\u007f-\u009f\u200b\u202a-\u202e\ufeff]/);
    }
    expect(printable('👩‍👩‍👧 می‌خواهم')).toBe('👩‍👩‍👧 می‌خواهم');
  });
});
