import { fork, spawnSync, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { oddShop } from '../../support/engine/odd-shop.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { isSoak } from './support/effort.ts';

/** Other instances of ours on the same file at the same time. */

const folder = temporaryFolder();
const rounds = isSoak ? 200 : 5;

describe('another instance of ours', () => {
  const racers: ChildProcess[] = [];
  afterAll(() => racers.forEach((racer) => racer.kill()));
  const start = async (): Promise<ChildProcess> => {
    const racer = fork(path.join(root, 'test/support/engine/race-child.ts'), [], {
      execArgv: ['--import', path.join(root, 'test/support/engine/aliases.mjs')],
    });
    racers.push(racer);
    await once(racer, 'message');
    return racer;
  };

  it(
    `K09 K10: ${rounds} times two start at the same instant: every row is worked on once`,
    { timeout: 600_000 },
    async () => {
      const pair = await Promise.all([start(), start()]);
      for (let round = 0; round < rounds; round++) {
        const file = makeShop(folder, { wal: round % 2 === 1 });
        const answers = pair.map((racer) => once(racer, 'message').then(([answer]) => String(answer)));
        for (const racer of pair) racer.send(file);
        const said = await Promise.all(answers);

        expect(said.filter((answer) => answer === 'ok')).toHaveLength(1);
        expect(['E_RUN_ACTIVE', 'E_DB_BUSY', 'E_DB_IN_USE', 'E_NOTHING_TO_DO']).toContain(
          said.find((answer) => answer !== 'ok'),
        );
        expect(askOne(file, `SELECT count(*) FROM note WHERE touched <> 1`)).toBe(0);
        expect(ask(file, `SELECT state FROM _phasewise_runs`)).toHaveLength(1);
      }
    },
  );

  it.skipIf(!isStraceUsable()).each([
    ['EOPNOTSUPP', 'E_LOCKING_UNAVAILABLE'],
    // SQLite takes it for a lock of somebody else; that nobody can have the file on which we try it says otherwise.
    ['ENOLCK', 'E_LOCKING_UNAVAILABLE'],
  ] as [string, string][])(
    'K16: on a disk that cannot lock files (%s) it refuses, and changes nothing',
    (errno, code) => {
      const file = makeShop(folder);
      const before = fs.readFileSync(file);
      const command = [
        '-f',
        '-qq',
        '-o',
        '/dev/null',
        ...['', '-journal'].flatMap((suffix) => ['-P', file + suffix]),
        '-P',
        path.join(path.dirname(file), '.shop.db.lock-test'),
        '-e',
        'trace=fcntl',
        '-e',
        `inject=fcntl:error=${errno}`,
      ];
      const child = [
        process.execPath,
        '--import',
        path.join(root, 'test/support/engine/aliases.mjs'),
        path.join(root, 'test/support/engine/upgrade-child.ts'),
      ];
      const { stderr, status } = spawnSync(
        'strace',
        [...command, ...child, file, backupFolderOf(file), `${file}-locks`],
        { encoding: 'utf8' },
      );

      expect(status).not.toBe(0);
      expect(stderr).toContain(code);
      expect(fs.readFileSync(file).equals(before)).toBe(true);
      expect(fs.existsSync(backupFolderOf(file))).toBe(false);
    },
  );
});

function isStraceUsable(): boolean {
  return spawnSync('strace', ['-o', '/dev/null', 'true']).status === 0;
}

it.each([{ mode: 'delete' }, { mode: 'wal' }])(
  'K11: while the file is locked, this process touches neither it nor its journals through fs ($mode)',
  async ({ mode }) => {
    const file = oddShop(folder, { pragmas: [`journal_mode = ${mode}`] });
    const touched: string[] = [];
    const names = [
      'openSync',
      'readFileSync',
      'copyFileSync',
      'writeFileSync',
      'truncateSync',
      'createReadStream',
      'open',
      'readFile',
      'copyFile',
    ] as const;
    const real = Object.fromEntries(names.map((name) => [name, fs[name]]));
    let isLocked = false;
    for (const name of names) {
      const call = fs[name] as (...args: unknown[]) => unknown;
      Object.assign(fs, {
        [name]: (...args: unknown[]) => {
          const hit = args
            .slice(0, 2)
            .find(
              (arg) => typeof arg === 'string' && ['', '-wal', '-shm', '-journal'].some((end) => arg === file + end),
            );
          if (isLocked && hit !== undefined) touched.push(`${name} ${hit as string}`);
          return call.apply(fs, args);
        },
      });
    }
    syncBuiltinESMExports();
    try {
      const report = await upgradeShop(file, {
        more: {
          tuning: manyChunks,
          probe: (point) => void (isLocked = point === 'locked' || (isLocked && point !== 'finished')),
        },
      });
      expect(report.error).toBeUndefined();
    } finally {
      Object.assign(fs, real);
      syncBuiltinESMExports();
    }
    expect(touched).toEqual([]);
  },
);
