import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { build, isBuilt } from './run-cli.ts';

const root = path.resolve(import.meta.dirname, '../../..');
const folder = temporaryFolder();

function run(...args: string[]) {
  const env = { ...process.env, PHASEWISE_HOME: path.join(folder, 'phasewise') };
  const ended = spawnSync(process.execPath, [path.join(build, 'cli.cjs'), ...args], {
    env,
    encoding: 'utf8',
    cwd: folder,
  });
  const json = args.includes('--json') ? (JSON.parse(ended.stdout) as Record<string, unknown>) : {};
  return { code: ended.status, stdout: ended.stdout, stderr: ended.stderr, json };
}

/** The words of commands that people read when something is not as usual. */
describe.skipIf(!isBuilt)('the command line', () => {
  const home = mkdtempSync(path.join(folder, 'home of ada '));
  const file = path.join(home, 'a.db');
  beforeAll(() => void run('sample', file));

  it('says that there are no backups, and what makes one', () => {
    const none = run('verify', '--all', file, '--json');
    expect(none).toMatchObject({ code: 3, json: { ok: false, error: { code: 'E_NOTHING_TO_DO' } } });
    expect(none.json).toMatchObject({
      error: { nextStep: expect.stringContaining(`npm --prefix ${root} start -- '${file}'`) as string },
    });
    expect(run('backups', file, '--keep', '2')).toMatchObject({
      ...{ code: 0, stderr: '' },
      stdout: 'There are no backups yet, so there is nothing to tidy up.\n',
    });
    expect(run('backups', file, '--keep', '2', '--json').json).toMatchObject({ ok: true, removed: [], kept: [] });
  });

  it('tells the size of a file, not how it keeps its journal', () => {
    const [first] = run('status', file).stdout.split('\n');
    expect(first).toMatch(/^a\.db: .* \([\d.]+ MB\)$/);
  });

  it('says how to go on where nobody can be asked', () => {
    const refused = run('migrate', file, '--to', '1');
    expect(refused.code).toBe(2);
    expect(refused.stderr).toContain(`npm --prefix ${root} run -s phasewise -- migrate '${file}' --to 1 --yes\n`);
  });

  describe('over a restore that was interrupted', () => {
    const intent = {
      ...{
        format: 'phasewise-restore 1',
        startedAt: '2026-11-21T11:00:00.000Z',
        databaseName: 'a.db',
        way: 'in-place',
      },
      ...{ source: 'backup', backupPath: '/b.db', sha256: '0', files: [], quarantine: null, beforePath: null },
    };
    const interrupted = <T>(act: () => T): T => {
      writeFileSync(intentFile(file), JSON.stringify(intent));
      try {
        return act();
      } finally {
        rmSync(intentFile(file));
      }
    };

    it.each([
      ['issues', []],
      ['export', ['users']],
    ])('%s says so first, and still answers', (name, more) => {
      const answer = interrupted(() => run(name, file, ...more, '--json'));
      expect(answer).toMatchObject({ code: 0, json: { ok: true, warning: { code: 'E_RESTORE_UNFINISHED' } } });
      expect(answer.stderr.split('\n')[0]).toContain('E_RESTORE_UNFINISHED');
      expect(answer.stderr).toContain(`npm --prefix ${root} run -s phasewise -- status '${file}'`);
      expect(run(name, file, ...more, '--json').json).not.toHaveProperty('warning');
    });

    it.each([
      ['keys', ['--clear', '--yes']],
      ['migrate', ['--yes']],
    ])('%s %j is refused', (name, more) => {
      const refused = interrupted(() => run(name, file, ...more, '--json'));
      expect(refused).toMatchObject({ code: 3, json: { error: { code: 'E_RESTORE_UNFINISHED' } } });
    });

    it('status says so before anything that may not be true', () => {
      const { stdout } = interrupted(() => run('status', file));
      expect(stdout.split('\n')[0]).toContain('E_RESTORE_UNFINISHED');
      expect(stdout).toContain('\nReached: ');
    });

    it('cannot be left at that', () => {
      expect(interrupted(() => run('stay', file))).toMatchObject({ code: 3 });
    });
  });

  it('says what checks all backups where the database itself is named', () => {
    const { code, stderr } = run('verify', file);
    expect(code).toBe(3);
    expect(stderr).toContain(
      `read all its backups again.\n  npm --prefix ${root} run -s phasewise -- verify --all '${file}'\n`,
    );
  });

  it('tells what a restore and long checks are doing, and how to undo', () => {
    const { path: backup } = run('migrate', file, '--to', '0', '--yes', '--json').json['backup'] as { path: string };
    const restored = run('restore', backup, '--to', file, '--yes');
    expect(restored.stderr.trim().split('\n')).toEqual([
      'Reading the backup before anything is replaced',
      'Backing up what will be replaced',
      'Putting the backup back',
      'Checking the file again',
    ]);
    const undo = /^To undo this: npm --prefix \S+ run -s phasewise -- restore '(.*)' --to '.*' --yes$/m.exec(
      restored.stdout,
    );
    expect(existsSync(undo?.[1] ?? '-')).toBe(true);
    expect(run('verify', '--all', file).stderr).toMatch(/^Reading backup 1 of 2: .*\nReading backup 2 of 2: .*\n$/);
  });
});
