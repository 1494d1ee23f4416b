import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { buildBaseline } from '../../support/kroma/baseline.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { build, isBuilt } from './run-cli.ts';

/** What is told of a command that a signal stopped is true of the disk. */

const folder = temporaryFolder();
const newHome = () => mkdtempSync(path.join(folder, 'home-'));

interface Ended {
  readonly code: number | null;
  readonly stderr: string;
  readonly json: { readonly error?: { code: string; message: string; safety: string; nextStep: string } };
}

/** @param isTime looked at every millisecond; once it is true, `signal` is sent. */
function stopped(home: string, args: string[], isTime: (stderr: string) => boolean, signal: NodeJS.Signals = 'SIGINT') {
  const child = spawn(process.execPath, [path.join(build, 'cli.cjs'), ...args, '--json'], {
    env: { ...process.env, PHASEWISE_HOME: path.join(home, 'phasewise') },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let [stdout, stderr] = ['', ''];
  child.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const timer = setInterval(() => {
    if (!isTime(stderr)) return;
    clearInterval(timer);
    child.kill(signal);
  }, 1);
  return new Promise<Ended>((resolve) =>
    child.on('close', (code) => {
      clearInterval(timer);
      resolve({ code, stderr, json: stdout === '' ? {} : (JSON.parse(stdout) as Ended['json']) });
    }),
  );
}
const never = () => false;
const namesIn = (place: string): string[] => (existsSync(place) ? readdirSync(place) : []);

/** Large enough that its backup and its export take a while. */
function largeDatabase(home: string, prepare: (db: Database.Database) => void = () => {}): string {
  const file = path.join(home, 'a.db');
  const db = new Database(file);
  prepare(db);
  db.exec(`CREATE TABLE large(a); WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 300000)
    INSERT INTO large SELECT hex(zeroblob(60)) FROM n`);
  db.close();
  return file;
}

describe.skipIf(!isBuilt)('a command that a signal stops', () => {
  it('during the backup before its change has changed nothing, and says so', async () => {
    const home = newHome();
    const file = largeDatabase(home, (db) => buildBaseline(db, { isHopeless: false }));
    const backups = path.join(home, 'a.db backups');
    const keys = () => {
      const db = new Database(file, { readonly: true });
      const count = db.prepare(`SELECT count(*) FROM provider_accounts WHERE api_key <> ''`).pluck().get();
      db.close();
      return count;
    };
    const before = keys();

    const isCopying = () => namesIn(backups).length > 0;
    const { code, json } = await stopped(home, ['keys', file, '--clear', '--yes'], isCopying);

    expect(before).toBeGreaterThan(0);
    expect(code).toBe(130);
    expect(json.error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText.untouched });
    expect(json.error?.message).toBe('It was stopped before anything was changed.');
    expect([keys(), namesIn(backups)]).toEqual([before, []]);
  });

  it('while it deletes backups does not say that nothing was changed', async () => {
    const home = newHome();
    const file = path.join(home, 'a.db');
    await stopped(home, ['sample', file], never);
    const backups = path.join(home, 'a.db backups');
    await stopped(home, ['migrate', file, '--to', '0', '--yes'], never);
    const count = () => namesIn(backups).filter((name) => name.endsWith('.db')).length;
    expect(count()).toBe(1);

    const { code, json } = await stopped(home, ['backups', file, '--keep', '1', '--yes'], (said) =>
      said.includes('again'),
    );

    expect(code).toBe(130);
    expect(json.error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText['database-untouched'] });
    expect(json.error?.message).toContain('Backups that it had deleted by then are gone');
    expect(json.error?.nextStep).toContain(`backups ${file}`);
  });

  it('while it makes a sample does not call that whole', async () => {
    const home = newHome();
    const file = path.join(home, 'sample.db');
    const { code, json } = await stopped(home, ['sample', file], () => existsSync(file));
    expect(code).toBe(130);
    expect(json.error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText['database-untouched'] });
    expect(json.error?.message).toContain(`${file} may not be whole`);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
    ['SIGKILL', null],
  ] as const)('while it exports leaves nothing of it: %s', async (signal, exitCode) => {
    const home = newHome();
    const file = largeDatabase(home);
    const out = path.join(home, 'out');
    mkdirSync(out);
    const isWriting = () => namesIn(out).some((name) => statSync(path.join(out, name)).size > 0);

    const args = ['export', file, 'large', '--to', path.join(out, 'rows.csv')];
    const { code, json } = await stopped(home, args, isWriting, signal);

    expect(code).toBe(exitCode);
    await vi.waitFor(() => expect(namesIn(out)).toEqual([]), exitCode === null ? 5_000 : 0);
    if (exitCode === null) return; // nobody is left to say anything
    expect(json.error).toMatchObject({ code: 'E_CANCELLED', safety: safetyText.untouched });
    expect(json.error?.message).toBe('The export was stopped. What it had written was removed.');
  });
});
