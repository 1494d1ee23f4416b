import { execFileSync, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import type { AppError } from '@shared/errors.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { buildEngine, engineBundle } from '../support/engine-child.ts';
import { fixtures, writeFixture } from '../support/kroma/fixtures.ts';
import { temporaryFolder } from '../support/temporary.ts';

const folder = temporaryFolder();
/** A small disk of our own needs a mount, which root alone may make, in a namespace where nobody else sees it. */
const canMount =
  process.platform === 'linux' && spawnSync('unshare', ['-m', 'mount', '-t', 'tmpfs', 'tmpfs', '/mnt']).status === 0;
const why = canMount ? '' : ' (skipped: no mount namespaces here)';

interface Answer {
  readonly state: string;
  readonly error: AppError | null;
  readonly told: readonly { code: string; message: string; needBytes?: number; freeBytes?: number }[];
  readonly verified: boolean;
  readonly left: readonly string[];
  readonly isFilled: boolean;
}

describe.skipIf(!canMount)(`an upgrade on a disk that fills up${why}`, () => {
  beforeAll(buildEngine);

  it.each(['delete', 'wal'])(
    'S01: waits at a safe boundary with fresh numbers, goes on by itself when there is room, and ends verified (%s)',
    (mode) => {
      const home = fs.mkdtempSync(path.join(fs.realpathSync(folder), 'full-'));
      const [disk, source] = [path.join(home, 'disk'), path.join(home, 'source.db')];
      fs.mkdirSync(disk);
      const fixture = fixtures.find(({ name }) => name === 'legacy, 4,000 candidates');
      if (!fixture) throw new Error('the fixture is gone');
      writeFixture(source, { ...fixture, pragmas: [`journal_mode = ${mode}`] });
      const script = path.resolve(import.meta.dirname, '../support/space/full-disk.mjs');
      const command = 'mount -t tmpfs -o size=40m tmpfs "$1" && shift && exec "$@"';
      const child = [process.execPath, script, disk, source, home, engineBundle];

      const text = execFileSync('unshare', ['-m', 'sh', '-c', command, 'sh', disk, ...child], { encoding: 'utf8' });

      const answer = JSON.parse(text) as Answer;
      expect(answer.isFilled).toBe(true);
      expect(answer.error).toBeNull();
      expect(answer).toMatchObject({ state: 'completed', verified: true });
      expect(answer.told.length).toBeGreaterThanOrEqual(2);
      for (const { code, needBytes, freeBytes } of answer.told) {
        expect(code).toBe('E_NO_SPACE');
        // Without numbers where others have freed the disk of temporary files between the step and the look at it.
        if (freeBytes !== undefined) expect(freeBytes).toBeLessThan(needBytes ?? 0);
      }
      expect(answer.told.some(({ freeBytes }) => freeBytes !== undefined)).toBe(true);
      // Which way it went depends on whether the engine looked while the disk was still being filled.
      expect(new Set(answer.told.map(({ freeBytes }) => freeBytes)).size).toBeGreaterThan(1);
      expect(answer.left).toEqual(['project.db']);
    },
  );
});
