import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { whyNoStrace } from '../../faults/engine/strace.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const noStrace = whyNoStrace();
const names = ['electron/engine/fsync.ts', 'electron/host/json-file.ts'] as const;

it.skipIf(process.platform === 'win32').each(names)(
  'a pipe or a device in place of a note is refused at once by readText of %s',
  async (name) => {
    const { readText } = (await import(path.join(root, name))) as { readText: (file: string) => string };
    const pipe = path.join(folder, `pipe-${path.basename(name)}`);
    spawnSync('mkfifo', [pipe]);

    for (const file of [pipe, '/dev/zero', folder]) expect(() => readText(file)).toThrow('EINVAL');
    expect(readText(path.join(root, 'package.json'))).toContain('phasewise');
  },
);

it.skipIf(noStrace !== null).each(names)(
  `a disk that reports an error on closing is an error for readText of %s, and not the end of the process (${noStrace ?? 'strace'})`,
  (name) => {
    const file = path.join(folder, 'note.json');
    fs.writeFileSync(file, '{}');
    const script = `
      import { readText } from ${JSON.stringify(path.join(root, name))};
      try { readText(${JSON.stringify(file)}); } catch (error) { console.log(error.code); }`;
    const aliases = path.join(root, 'test/support/engine/aliases.mjs');
    const child = spawnSync(
      'strace',
      ['-f', '-qq', '-o', '/dev/null', '-P', file, '-e', 'trace=close', '-e', 'inject=close:error=EIO'].concat(
        ...[process.execPath, '--no-warnings', '--import', aliases, '--input-type=module-typescript', '-e', script],
      ),
      { encoding: 'utf8', cwd: root },
    );

    expect([child.stdout.trim(), child.signal]).toEqual(['EIO', null]);
  },
);
