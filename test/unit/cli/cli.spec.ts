import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, readdirSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { keepFolder } from '../../support/kept-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { errorCode, isBuilt, runCli, type Start } from './run-cli.ts';

const folder = temporaryFolder();
const newFolder = (): string => mkdtempSync(path.join(folder, 'case-'));
const run = (args: readonly string[], start: Partial<Start> = {}) =>
  runCli(args, { cwd: folder, home: path.join(folder, 'home'), ...start });

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

let sampleMade: Promise<string> | undefined;
async function makeSample(): Promise<string> {
  const cwd = newFolder();
  const made = await run(['sample', 'made.db', '--json'], { cwd });
  expect(made.code).toBe(0);
  return path.join(cwd, 'made.db');
}

/** A legacy database of our own making: made once, copied for every case. */
async function sample(cwd = newFolder()): Promise<{ file: string; cwd: string }> {
  const file = path.join(cwd, 'northern-lights.db');
  copyFileSync(await (sampleMade ??= makeSample()), file);
  return { file, cwd };
}

let kept: ReturnType<typeof upgradeOnce> | undefined;
async function upgradeOnce() {
  const top = newFolder();
  const cwd = path.join(top, 'project');
  mkdirSync(cwd);
  const { file } = await sample(cwd);
  const original = sha256(file);
  const home = path.join(top, 'home');
  const migrated = await run(['migrate', 'northern-lights.db', '--yes', '--json'], { cwd, home });
  return { file, cwd, home, original, migrated, putBack: keepFolder(top) };
}

/**
 * A sample that was upgraded to phase 4: once, put back for every case, together with what Phasewise keeps of it.
 * @returns also what that upgrade said, and how to run further commands on it.
 */
async function upgraded() {
  const { home, putBack, ...known } = await (kept ??= upgradeOnce());
  putBack();
  const backupPath = (known.migrated.json['backup'] as { path: string }).path;
  return { ...known, backupPath, run: (args: string[], start: Partial<Start> = {}) => run(args, { home, ...start }) };
}

describe.skipIf(!isBuilt)('the command line tool, with the real engine', () => {
  it('shows a database without changing a byte of it or of its folder', async () => {
    const { file, cwd } = await sample();
    const before = [sha256(file), readdirSync(cwd)];

    const { code, json } = await run(['status', file, '--json']);

    expect(code).toBe(0);
    expect(json).toMatchObject({
      ok: true,
      pack: 'kroma',
      packTitle: expect.any(String) as string,
      variant: 'legacy',
      phaseReached: null,
      drift: [],
    });
    expect((json['phases'] as { number: number; state: string }[]).map(({ number }) => number)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    expect(json['tables']).toEqual(
      expect.arrayContaining([expect.objectContaining({ name: 'app_users', state: 'legacy-name' })]),
    );
    expect((json['pending'] as string[])[0]).toBe('20260221_0001_rename_users');
    expect(json['ledger']).toEqual(expect.any(Array));
    expect([sha256(file), readdirSync(cwd)]).toEqual(before);
    expect((await run(['plan', file, '--json'])).json).toMatchObject({ ok: true, toPhase: 4 });
    expect([sha256(file), readdirSync(cwd)]).toEqual(before);
  });

  it('makes the backup that phase 0 consists of, though no migration belongs to it', async () => {
    const { file } = await sample();

    const first = await run(['migrate', file, '--to', '0', '--yes', '--json']);
    const second = await run(['migrate', file, '--to', '0', '--yes', '--json']);

    expect([first.code, first.json]).toMatchObject([
      0,
      { ok: true, toPhase: 0, migrations: [], backup: { verified: true } },
    ]);
    expect([second.code, second.json]).toMatchObject([0, { ok: true, backup: null, verified: true }]);
  });

  it('upgrades, then has nothing to do, then puts the backup back', async () => {
    const { file, cwd, original, migrated, run } = await upgraded();

    expect([migrated.code, migrated.stderr.includes('applied:')]).toEqual([0, true]);
    expect(migrated.json).toMatchObject({
      ok: true,
      fromPhase: null,
      toPhase: 4,
      verified: true,
      backup: { verified: true },
    });
    for (const backfill of migrated.json['backfills'] as Record<string, number>[]) {
      const { expected = -1, moved = 0, alreadyRight = 0, issueRows = 0 } = backfill;
      expect(moved + alreadyRight + issueRows).toBe(expected);
    }
    const backup = migrated.json['backup'] as { path: string; sha256: string };
    expect(path.dirname(backup.path)).toBe(path.join(cwd, 'northern-lights.db backups'));
    expect(sha256(backup.path)).toBe(backup.sha256);
    expect((await run(['status', file, '--json'])).json).toMatchObject({ phaseReached: 4, pending: [] });

    const again = await run(['migrate', file, '--yes', '--json']);
    expect([again.code, again.json]).toMatchObject([
      0,
      { ok: true, migrations: [], verified: true, fromPhase: 4, toPhase: 4 },
    ]);

    expect((await run(['backups', file, '--json'])).json).toMatchObject({
      ok: true,
      backups: [{ path: backup.path, state: 'verified' }],
    });
    expect((await run(['verify', backup.path, '--json'])).json).toMatchObject({
      ok: true,
      backup: { sha256: backup.sha256 },
    });

    const restored = await run(['restore', backup.path, '--to', file, '--yes', '--json']);
    expect([restored.code, restored.json]).toMatchObject([
      0,
      { ok: true, before: { reason: expect.any(String) as string } },
    ]);
    expect((await run(['status', file, '--json'])).json).toMatchObject({ variant: 'legacy', phaseReached: null });
    expect(original).toHaveLength(64);
  });

  it('finds a backup in another folder again', async () => {
    const { file, cwd } = await sample();
    const elsewhere = path.join(cwd, 'safe place');
    mkdirSync(elsewhere);
    const { json } = await run(['migrate', file, '--yes', '--json', '--backup-dir', elsewhere]);
    const { path: backupPath } = json['backup'] as { path: string };
    expect(path.dirname(backupPath)).toBe(elsewhere);
    expect((await run(['backups', file, '--json'])).json).toMatchObject({ backups: [{ path: backupPath }] });
  });

  // These two at once: one of them is much waiting.
  it.concurrent('refuses with exit 3, a code, and nothing touched', async () => {
    const cwd = newFolder();
    writeFileSync(path.join(cwd, 'empty.db'), '');
    writeFileSync(path.join(cwd, 'text.db'), 'hello '.repeat(1_000));
    new Database(path.join(cwd, 'foreign.db')).exec('CREATE TABLE something (x)').close();
    const { file } = await sample();
    const cut = readFileSync(file);
    writeFileSync(path.join(cwd, 'cut.db'), cut.subarray(0, cut.length - 5_000));
    const before = readdirSync(cwd).map((name) => [name, sha256(path.join(cwd, name))]);
    for (const command of ['status', 'plan', 'migrate']) {
      const yes = command === 'migrate' ? ['--yes'] : [];
      const codes: unknown[] = [];
      for (const name of ['missing.db', '.', 'empty.db', 'text.db', 'foreign.db', 'cut.db']) {
        const ended = await run([command, name, ...yes, '--json'], { cwd });
        expect([command, name, ended.code, ended.json['ok']]).toEqual([command, name, 3, false]);
        codes.push(errorCode(ended));
      }
      expect(codes.slice(0, 5)).toEqual([
        'E_NOT_FOUND',
        'E_NOT_A_FILE',
        'E_EMPTY',
        'E_NOT_SQLITE',
        'E_FOREIGN_DATABASE',
      ]);
      expect(codes[5]).toMatch(/^E_(TRUNCATED|SIZE_MISMATCH|CORRUPT)$/);
    }
    expect(readdirSync(cwd).map((name) => [name, sha256(path.join(cwd, name))])).toEqual(before);
  });

  it.concurrent('refuses a database that another program is writing to', async () => {
    const { file } = await sample();
    const before = sha256(file); // not later: reading the file in this process would drop the lock
    const other = new Database(file);
    other.exec('BEGIN IMMEDIATE');
    const ended = await run(['migrate', file, '--yes', '--json']);
    expect(ended.code).toBe(3);
    expect(errorCode(ended)).toMatch(/^E_DB_(BUSY|IN_USE)$/);
    other.close();
    expect(sha256(file)).toBe(before);
  });

  it('refuses a phase that it does not offer', async () => {
    const { file } = await sample();
    expect(await run(['migrate', file, '--to', '6', '--yes', '--json'])).toMatchObject({
      code: 3,
      json: { ok: false, error: { code: 'E_PHASE_UNAVAILABLE' } },
    });
    const { code, stderr } = await run(['plan', file, '--to', '9']);
    expect(code).toBe(3);
    expect(stderr).toContain('Choose one of the phases 0 (Safety baseline), 1 (Canonical core), ');
    expect(stderr).toContain('5 (Legacy cleanup).');
  });

  it('says which tables there are where one is asked for that there is not', async () => {
    const { file, cwd } = await sample();
    const { code, stderr } = await run(['export', file, 'nosuch', '--to', 'x.csv'], { cwd });
    expect(code).toBe(2);
    expect(stderr).toContain('There is no table nosuch. Tables: ');
    expect(stderr).toMatch(/Tables: .*\bprojects\b.*\n/);
    expect(stderr).not.toContain('Reload the window');
    expect(readdirSync(cwd)).toEqual(['northern-lights.db']);
  });

  it('removes the old names only with --contract', async () => {
    const { file } = await sample();
    const before = sha256(file);

    const unconfirmed = await run(['migrate', file, '--to', '5', '--yes', '--json']);

    expect([unconfirmed.code, errorCode(unconfirmed)]).toEqual([3, 'E_REMOVAL_UNCONFIRMED']);
    expect(sha256(file)).toBe(before);
    expect((await run(['plan', file, '--to', '5', '--json'])).json).toMatchObject({
      removesAnything: true,
      gating: [],
    });
    const done = await run(['migrate', file, '--to', '5', '--contract', '--yes', '--json']);
    expect([done.code, done.json]).toMatchObject([0, { ok: true, toPhase: 5, verified: true }]);
    const db = new Database(file, { readonly: true });
    expect(db.prepare(`SELECT name FROM sqlite_schema WHERE name IN ('users', 'run_job_candidates')`).all()).toEqual(
      [],
    );
    db.close();
  }, 60_000);

  it('reads run logs where they are found or said to be, and says how they match before anything runs', async () => {
    const { file, cwd } = await sample();
    const db = new Database(file, { readonly: true });
    const named =
      db.prepare<[], string>(`SELECT run_log_path FROM runs WHERE run_log_path LIKE 'generated/%'`).pluck().get() ?? '';
    db.close();
    const log = path.join(cwd, 'logs', named);
    mkdirSync(path.dirname(log), { recursive: true });
    writeFileSync(log, '{"jobs": [');
    const source = async (...options: string[]) =>
      (await run(['plan', file, '--json', ...options])).json['source'] as Record<string, unknown>;

    expect(await source()).toMatchObject({ choice: 'none', folder: null });
    expect(await source('--no-run-logs')).toMatchObject({ choice: 'declined' });
    expect(await source('--run-logs', path.join(cwd, 'logs'))).toMatchObject({ choice: 'chosen', unreadable: 1 });
    const gone = await run(['migrate', file, '--yes', '--json', '--run-logs', path.join(cwd, 'gone')]);
    expect([gone.code, errorCode(gone)]).toEqual([3, 'E_SOURCE_FOLDER']);
    const done = await run(['migrate', file, '--yes', '--json', '--run-logs', path.join(cwd, 'logs')]);
    expect(done.stderr).toMatch(/Run logs: .*logs; \d+ rows name a file: 0 found, \d+ missing, 1 unreadable/);
    expect(done.json['issues']).toEqual(
      expect.arrayContaining([expect.objectContaining({ reason: 'log-unreadable' })]),
    );
  });

  it('takes run logs in, lists issue rows, writes them to a file, and tries them again', async () => {
    const { file, cwd, migrated, run } = await upgraded();
    const legacy = await sample();
    const early = await run(['ingest', legacy.file, legacy.cwd, '--json']);
    expect([early.code, errorCode(early)]).toEqual([3, 'E_INGEST_PHASE']);
    expect(migrated.code).toBe(0);
    const db = new Database(file, { readonly: true });
    const slug =
      db.prepare<[], string>(`SELECT slug FROM projects GROUP BY slug HAVING count(*) = 1`).pluck().get() ?? '';
    db.close();
    mkdirSync(path.join(cwd, 'logs'));
    const log = {
      timestamp: '2031-01-02T03:04:05.678Z',
      project: slug,
      mode: 'run',
      jobs: [{ id: 'a', status: 'done' }],
    };
    writeFileSync(path.join(cwd, 'logs', 'run_1.json'), JSON.stringify(log));
    writeFileSync(path.join(cwd, 'logs', 'torn.json'), '{');
    const ingest = (...options: string[]) =>
      run(['ingest', 'northern-lights.db', 'logs', '--json', ...options], { cwd });

    expect((await ingest('--dry-run')).json).toMatchObject({ ok: true, isTrial: true, backup: null });
    const taken = await ingest();
    expect([taken.code, taken.json]).toMatchObject([
      0,
      {
        ok: true,
        backup: { verified: true },
        files: [
          { name: 'run_1.json', state: 'new' },
          { name: 'torn.json', state: 'refused' },
        ],
      },
    ]);
    expect((await ingest()).json).toMatchObject({ backup: null, files: [{ state: 'known' }, { state: 'refused' }] });
    const refused = await run(['ingest', file, path.join(cwd, 'logs', 'torn.json'), '--json']);
    expect([refused.code, errorCode(refused), refused.json['files']]).toMatchObject([
      3,
      'E_INGEST_NOTHING',
      [{ state: 'refused' }],
    ]);

    const listed = (await run(['issues', file, '--json'])).json['issues'] as unknown[];
    expect((await run(['issues', file, '--export', 'issues.json', '--json'], { cwd })).json).toMatchObject({
      rows: listed.length,
    });
    expect(JSON.parse(readFileSync(path.join(cwd, 'issues.json'), 'utf8'))).toHaveLength(listed.length);
    expect((await run(['issues', file, '--export', 'issues.json', '--json'], { cwd })).code).toBe(3);
    expect((await run(['issues', file, '--retry', '--json'])).code).toBe(2); // nobody can be asked
    expect((await run(['issues', file, '--retry', '--yes', '--json'])).json).toMatchObject({
      ok: true,
      tried: listed.length,
      backup: null,
    });
    expect((await run(['migrate', file, '--yes', '--json'])).json).toMatchObject({ ok: true, verified: true });
  }, 60_000);

  it('says that a changed backup is not whole, and does not restore it', async () => {
    const { file, backupPath, run } = await upgraded();
    const bytes = readFileSync(backupPath);
    bytes[bytes.length - 100] = (bytes[bytes.length - 100] ?? 0) ^ 1;
    execFileSync('chmod', ['u+w', backupPath]);
    writeFileSync(backupPath, bytes);
    const before = sha256(file);

    const verified = await run(['verify', backupPath, '--json']);
    const restored = await run(['restore', backupPath, '--to', file, '--yes', '--json']);

    expect([verified.code, errorCode(verified)]).toEqual([1, 'E_BACKUP_CORRUPT']);
    expect([restored.code, errorCode(restored)]).toEqual([3, 'E_BACKUP_CORRUPT']);
    expect(sha256(file)).toBe(before);
  });

  it('says where what a restore could not read is kept, and puts it back byte for byte', async () => {
    const { file, cwd, backupPath, run } = await upgraded();
    writeFileSync(file, 'not a database any more');

    const restored = await run(['restore', backupPath, '--to', file, '--yes', '--json']);
    expect(restored.json).toMatchObject({ ok: true, before: null });
    const folder = String(restored.json['replacedFolder']);
    expect(path.dirname(folder)).toBe(cwd);
    expect((await run(['backups', file, '--json'])).json).toMatchObject({ replaced: { folder } });

    const undone = await run(['restore', '--put-back', folder, '--to', file, '--yes', '--json']);
    expect(undone.json).toMatchObject({ ok: true });
    expect(readFileSync(file, 'utf8')).toBe('not a database any more');
    expect((await run(['restore', '--finish', '--to', file, '--yes', '--json'])).code).toBe(3); // nothing to finish
  });

  it('finds the backup of a renamed database by what is in it, reads it again, and says which could go', async () => {
    const { file, cwd } = await sample();
    await run(['migrate', file, '--to', '1', '--yes', '--json']);
    const renamed = path.join(cwd, 'renamed.db');
    renameSync(file, renamed);

    const checked = await run(['verify', '--all', renamed, '--json']);
    const [found] = checked.json['backups'] as { path: string; reason: string }[];
    expect(found).toMatchObject({ reason: 'before phase 1', state: 'verified' });
    const tried = await run(['backups', renamed, '--keep', '1', '--json']);
    expect(tried.json).toMatchObject({
      ok: true,
      isTrial: true,
      removed: [],
      kept: [{ backup: { path: found?.path } }],
    });
    expect((await run(['restore', found?.path ?? '', '--to', renamed, '--yes', '--json'])).code).toBe(0);
  });

  it('lists the backups of a database that is gone, and brings it back', async () => {
    const { file, cwd, backupPath, run } = await upgraded();
    renameSync(file, path.join(cwd, 'gone.db'));
    expect((await run(['backups', file, '--json'])).json).toMatchObject({ ok: true, backups: [{ path: backupPath }] });
    expect((await run(['restore', backupPath, '--to', file, '--yes', '--json'])).json).toMatchObject({
      ok: true,
      before: null,
    });
    expect((await run(['status', file, '--json'])).json).toMatchObject({ variant: 'legacy' });
  });

  it('never overwrites a file with a sample', async () => {
    const { file, cwd } = await sample();
    const before = sha256(file);
    const ended = await run(['sample', file, '--json']);
    expect([ended.code, ended.json['ok'], sha256(file)]).toEqual([3, false, before]);
    expect((await run(['sample', cwd, '--json'])).json).toMatchObject({ path: path.join(cwd, 'northern-lights 2.db') });
  });
});
