import { spawnSync } from 'node:child_process';
import { describe, expect, it } from 'vitest';
import { optionsNpmKept, telling } from '../../../build/kept-options.mjs';
import { root } from '../../../build/layout.mjs';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { HELP } from '../../../electron/cli/help.ts';

/** npm has its own of the first two; kept-options.mjs says why the others are no harm. */
const LEFT_TO_NPM = ['help', 'version', 'format', 'json', 'yes'];
const options = [...new Set([...HELP.matchAll(/--([a-z][a-z-]+)/g)].map(([, name = '']) => name))]
  .filter((name) => !LEFT_TO_NPM.includes(name))
  .toSorted();

const npmRun = (...args: string[]) => {
  const { status, stdout, stderr } = spawnSync('npm', ['run', '-s', 'phasewise', ...args], {
    cwd: root,
    encoding: 'utf8',
    shell: process.platform === 'win32',
  });
  return { status, stdout, stderr };
};

describe('an option that npm has kept because no -- stood before the command', () => {
  it('stops a trial from becoming the real thing, before anything is done', () => {
    const { status, stdout, stderr } = npmRun('ingest', 'a.db', 'logs', '--dry-run');

    expect([status, stdout]).toEqual([2, '']);
    expect(stderr).toMatch(/npm kept --dry-run for itself.* Nothing was done\./);
    expect(stderr).toMatch(/npm run -s phasewise (--|"--") /);
  });

  it.each(options)('is noticed, whichever it is: --%s', (name) => {
    const { status, stderr } = npmRun('status', 'a.db', `--${name}${/^(to|project)$/.test(name) ? '=1' : ''}`);
    expect(status).toBe(2);
    expect(stderr).toContain(`npm kept --${name} for itself`);
  });

  it('is not missed where it was handed on', () => {
    expect(optionsNpmKept(['ingest', '--dry-run'], { npm_config_dry_run: 'true' })).toEqual([]);
    expect(optionsNpmKept(['plan', '--to=3'], { npm_config_to: '3' })).toEqual([]);
    expect(optionsNpmKept(['plan'], {})).toEqual([]);
  });

  it('may be one that a person keeps in an npmrc for good, and that does no harm when it is gone', () => {
    expect(optionsNpmKept(['status', 'a.db'], { npm_config_json: 'true', npm_config_yes: 'true' })).toEqual([]);
  });

  it('is refused by the command itself where npm hands on no more than its value', () => {
    expect(parseCommand(['export', 'a.db', 'runs', 'json'])).toMatchObject({ ok: false, error: { code: 'E_USAGE' } });
  });

  it('is told with what reaches the program in every shell of that system', () => {
    expect(telling(['--to', '--check'], 'linux')).toContain('npm kept --to and --check for itself');
    expect(telling(['--to'], 'linux')).toContain('npm run -s phasewise -- COMMAND');
    expect(telling(['--to'], 'win32')).toContain('npm run -s phasewise "--" COMMAND');
    expect(telling(['--to'], 'win32')).toContain('PowerShell');
  });
});
