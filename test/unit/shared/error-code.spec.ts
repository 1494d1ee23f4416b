import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { whyNoStrace } from '../../faults/engine/strace.ts';
import { errorCode, errorWords } from '@shared/error-code.ts';

const noStrace = whyNoStrace();

function thrownBy(act: () => void): Error {
  try {
    act();
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

it('says what the system calls an error, without the path', () => {
  const error = thrownBy(() => fs.readdirSync('/not-there'));

  expect([errorCode(error), errorWords(error)]).toEqual(['ENOENT', 'ENOENT: no such file or directory']);
});

it('takes the code of SQLite as it is, and has none for what is no error of a system', () => {
  const sqlite = Object.assign(new Error('locked'), { code: 'SQLITE_BUSY' });

  expect([errorCode(sqlite), errorCode(new Error('x')), errorCode(null), errorCode('EIO')]).toEqual([
    'SQLITE_BUSY',
    '',
    '',
    '',
  ]);
});

describe.skipIf(noStrace !== null)(`errors that Node has no name for (${noStrace ?? 'strace'})`, () => {
  it.each([
    ['EDQUOT', 'EDQUOT: disk quota exceeded'],
    ['ESTALE', 'ESTALE: stale file handle'],
    ['ENOLCK', 'ENOLCK: no locks available'],
    ['EUCLEAN', 'EUCLEAN: the file system needs cleaning'],
  ])('%s is told from the others', (code, words) => {
    const module = path.join(root, 'electron/shared/error-code.ts');
    const script = `
      import { mkdirSync } from 'node:fs';
      import { errorCode, errorWords } from ${JSON.stringify(module)};
      try { mkdirSync('/tmp/never-made'); } catch (error) { console.log(errorCode(error) + ' ' + errorWords(error)); }`;
    const child = spawnSync(
      'strace',
      ['-qq', '-o', '/dev/null', '-e', `inject=mkdir:error=${code}`]
        .concat(process.execPath, '--no-warnings', '--input-type=module-typescript', '-e', script), // prettier-ignore
      { encoding: 'utf8' },
    );

    expect(child.stdout.trim()).toBe(`${code} ${words}`);
  });
});
