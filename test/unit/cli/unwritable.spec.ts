import { spawnSync } from 'node:child_process';
import { closeSync, existsSync, openSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const cli = path.resolve(import.meta.dirname, '../../../.vite/build/cli.cjs');
const folder = temporaryFolder();

describe.skipIf(!existsSync(cli) || !existsSync('/dev/full'))('where the output goes is full', () => {
  let full = -1;
  beforeAll(() => void (full = openSync('/dev/full', 'w')));
  afterAll(() => closeSync(full));
  const status = (stdout: 'pipe' | number, stderr: 'pipe' | number) =>
    spawnSync(process.execPath, [cli, 'status', path.join(folder, 'missing.db'), '--json'], {
      env: { ...process.env, PHASEWISE_HOME: path.join(folder, 'home') },
      stdio: ['ignore', stdout, stderr],
      encoding: 'utf8',
    });

  it('a result that was not written is not called one', () => {
    const { status: code, stderr } = status(full, 'pipe');

    expect([code, stderr.trim()]).toEqual([1, 'The result could not be written (ENOSPC).']);
  });

  it('words on the way that cannot be told keep nobody from the result', () => {
    const { status: code, stdout } = status('pipe', full);

    expect(code).toBe(3);
    expect(JSON.parse(stdout)).toMatchObject({ ok: false, error: { code: 'E_NOT_FOUND' } });
  });
});
