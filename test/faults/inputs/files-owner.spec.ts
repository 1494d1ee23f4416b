import { execFileSync, spawnSync } from 'node:child_process';
import { chmodSync, lstatSync, readdirSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { buildInputsCli, buildInputsEngine, type Engine, startEngine } from './support/engine.ts';
import {
  canDo,
  isRoot,
  makeSandbox,
  openFolder,
  OTHER_UID,
  runInput,
  type Sandbox,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** Who may read what we write, and who owns what we leave. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();
const owner = isRoot ? OTHER_UID : (process.getuid?.() ?? 0);

/** Everything below `folder` that others than its owner could read or enter, with its mode. */
const open = (folder: string): string[] =>
  [folder, ...readdirSync(folder, { recursive: true, encoding: 'utf8' }).map((name) => path.join(folder, name))]
    .map((file) => ({ file, stats: lstatSync(file) }))
    .filter(({ stats }) => (stats.mode & 0o777) !== (stats.isDirectory() ? 0o700 : 0o600))
    .map(({ file, stats }) => `${path.relative(folder, file)} ${(stats.mode & 0o777).toString(8)}`);

it('S15: under umask 000, backups, manifests and locks are private, and so are their folders', async () => {
  const made = makeSandbox(base);
  const box = {
    ...made,
    backupFolder: path.join(made.backupFolder, 'new'),
    lockFolder: path.join(made.lockFolder, 'new'),
  };
  const careless = startEngine({ umask: 0 });
  const seen: string[][] = [];

  const run = await careless.ask('run', runInput(box), {
    onEvent: (event) => {
      if (event.type !== 'backup' && event.type !== 'applied') return;
      expect(readdirSync(box.lockFolder)).not.toEqual([]);
      seen.push(open(box.lockFolder), open(box.backupFolder));
    },
  });

  expect(run).toMatchObject({ ok: true, value: { ok: true } });
  expect(seen.length).toBeGreaterThan(4);
  expect([...seen.flat(), ...open(box.backupFolder), ...open(box.lockFolder)]).toEqual([]);
});

it('S15: under umask 000, a private copy and everything that the command line keeps are private', async () => {
  const cli = await buildInputsCli();
  const box = makeSandbox(base);
  const home = path.join(path.dirname(box.folder), 'home');
  const before = process.umask(0);
  const ended = spawnSync(process.execPath, [cli, 'migrate', box.file, '--yes', '--json'], {
    env: { ...process.env, PHASEWISE_HOME: home },
    encoding: 'utf8',
  });
  process.umask(before);

  expect(ended.status, ended.stdout + ended.stderr).toBe(0);
  const backups = readdirSync(box.folder).filter((name) => lstatSync(path.join(box.folder, name)).isDirectory());
  expect(backups).toHaveLength(1);
  expect(readdirSync(home)).not.toEqual([]);
  expect([...open(home), ...backups.flatMap((name) => open(path.join(box.folder, name)))]).toEqual([]);
});

it('S06: without a place for the run journal nothing is started', async () => {
  const cli = await buildInputsCli();
  const box = makeSandbox(base);
  const home = path.join(path.dirname(box.folder), 'home');
  writeFileSync(home, 'a file where the folder should be');
  const before = folderState(box.folder);

  const ended = spawnSync(process.execPath, [cli, 'migrate', box.file, '--yes', '--json'], {
    env: { ...process.env, PHASEWISE_HOME: home },
    encoding: 'utf8',
  });

  expect(JSON.parse(ended.stdout)).toMatchObject({ error: { code: 'E_DATA_FOLDER' } });
  expect(ended.status).toBe(3);
  expect(folderState(box.folder)).toEqual(before);
});

/** What belongs to a file beside its content. Node has no call for extended attributes. */
const attribute = `import os,sys
os.setxattr(sys.argv[1], 'user.note', b'kept')`;
const hasAttributes = canDo(`touch '${base}/x' && python3 -c "import os; os.setxattr('${base}/x','user.note',b'1')"`);
const belongings = (file: string): unknown => {
  const { ino, mode, uid, gid, nlink } = lstatSync(file);
  const read = `import os,sys; print(os.getxattr(sys.argv[1], 'user.note'))`;
  const xattr = hasAttributes ? execFileSync('python3', ['-c', read, file], { encoding: 'utf8' }) : 'none here';
  return { ino, mode: mode.toString(8), uid, gid, nlink, xattr };
};

function ownedSandbox(): Sandbox {
  const box = makeSandbox(base, { owner });
  chmodSync(box.file, 0o640);
  if (hasAttributes) execFileSync('python3', ['-c', attribute, box.file]);
  return box;
}

async function restoreInto(by: Engine, box: Sandbox): Promise<unknown> {
  const [backup = ''] = readdirSync(box.backupFolder).filter(
    (name) => name.endsWith('.db') && name.includes('before phase'),
  );
  return by.ask('restore', {
    ...{ path: box.file, backupPath: path.join(box.backupFolder, backup), backupFolder: box.backupFolder },
    ...{ appVersion: '0', allowForeign: false, lockFolder: box.lockFolder },
  });
}

it.each([
  ['its owner', startEngine(isRoot ? { uid: OTHER_UID } : {})],
  ['the system administrator', engine],
])('S16: mode, owner, inode and attributes stay when %s upgrades and restores in place', async (_, by) => {
  const box = ownedSandbox();
  const before = belongings(box.file);

  expect(await upgradeAndVerify(by, box)).toBeNull();
  expect(belongings(box.file)).toEqual(before);
  expect(readdirSync(box.folder)).toEqual(['project.db']);

  expect(await restoreInto(by, box)).toMatchObject({ ok: true });
  expect(belongings(box.file)).toEqual(before);
  expect(readdirSync(box.folder)).toEqual(['project.db']);
});

it('S16: mode and owner stay when an unusable file is replaced by its backup', async () => {
  const box = ownedSandbox();
  expect(await upgradeAndVerify(engine, box)).toBeNull();
  const before = lstatSync(box.file);
  truncateSync(box.file, 100);

  expect(await restoreInto(engine, box)).toMatchObject({ ok: true });

  const { mode, uid, gid } = lstatSync(box.file);
  expect({ mode, uid, gid }).toEqual({ mode: before.mode, uid: before.uid, gid: before.gid });
});
