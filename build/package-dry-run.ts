// `npm run package:dry-run`: packages the app around a stand-in for Electron's download and checks what came out.
// It proves our part where Electron cannot be fetched: the Forge configuration, the bundles, the asar with its native
// addon, the fuses. It proves nothing about Electron; what it leaves in out/ is not an app and is removed again.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { crc32 } from 'node:zlib';
import { listPackage } from '@electron/asar';
import { FuseState, FuseV1Options, getCurrentFuseWire } from '@electron/fuses';
import { nodeBundles, root } from './layout.mjs';

const { version } = JSON.parse(readFileSync(path.join(root, 'node_modules/electron/package.json'), 'utf8')) as {
  version: string;
};
const target = `${process.platform}-${process.arch}`;
if (process.platform !== 'linux') throw new Error('The dry run knows the layout of Electron for Linux only.');

const standIn = mkdtempSync(path.join(tmpdir(), 'stand-in-electron-'));
const out = path.join(root, 'out');
try {
  writeFileSync(path.join(standIn, `electron-v${version}-${target}.zip`), zip(standInForElectron()));
  runForge();
  const problems = [...problemsInArchive(), ...(await problemsInFuses())];
  for (const problem of problems) console.error(problem);
  console.log(problems.length === 0 ? 'The package holds what it should.' : `${problems.length} problems.`);
  process.exitCode = problems.length === 0 ? 0 : 1;
} finally {
  rmSync(standIn, { recursive: true, force: true });
  rmSync(out, { recursive: true, force: true });
}

function runForge() {
  const bin = createRequire(import.meta.url).resolve('@electron-forge/cli/package.json');
  const result = spawnSync(process.execPath, [path.join(path.dirname(bin), 'dist/electron-forge.js'), 'package'], {
    cwd: root,
    env: { ...process.env, PHASEWISE_STAND_IN_ELECTRON: standIn, CI: '1' },
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`electron-forge failed:\n${result.stdout}${result.stderr}`);
}

function problemsInArchive(): string[] {
  const resources = path.join(out, `Phasewise-${target}`, 'resources');
  const inside = new Set(listPackage(path.join(resources, 'app.asar'), { isPack: false }));
  const addon = `node_modules/better-sqlite3/prebuilds/${target}.node`;
  const wanted = [
    ...Object.keys(nodeBundles).map((name) => `/.vite/build/${name}.cjs`),
    '/.vite/renderer/main_window/index.html',
    '/package.json',
    '/node_modules/better-sqlite3/lib/index.js',
    `/${addon}`,
  ];
  const stray = [...inside].filter((file) => /^\/(electron|migrations|renderer|test|build)\//.test(file));
  return [
    ...wanted.filter((file) => !inside.has(file)).map((file) => `missing in app.asar: ${file}`),
    ...stray.map((file) => `source file in app.asar: ${file}`),
    ...(existsSync(path.join(resources, 'app.asar.unpacked', addon)) ? [] : [`not unpacked: ${addon}`]),
  ];
}

async function problemsInFuses(): Promise<string[]> {
  const wire = await getCurrentFuseWire(path.join(out, `Phasewise-${target}`, 'phasewise'));
  const on = [
    FuseV1Options.EnableCookieEncryption,
    FuseV1Options.EnableEmbeddedAsarIntegrityValidation,
    FuseV1Options.OnlyLoadAppFromAsar,
  ];
  const off = [
    FuseV1Options.RunAsNode,
    FuseV1Options.EnableNodeOptionsEnvironmentVariable,
    FuseV1Options.EnableNodeCliInspectArguments,
    FuseV1Options.GrantFileProtocolExtraPrivileges,
  ];
  return [
    ...on.filter((fuse) => wire[fuse] !== FuseState.ENABLE).map((fuse) => `fuse ${FuseV1Options[fuse]} is not on`),
    ...off.filter((fuse) => wire[fuse] !== FuseState.DISABLE).map((fuse) => `fuse ${FuseV1Options[fuse]} is not off`),
  ];
}

/** Just enough for Forge: a "program" with a fuse wire (sentinel, version 1, nine fuses, all the wrong way round). */
function standInForElectron(): Record<string, Buffer> {
  const wire = Buffer.concat([
    Buffer.from('dL7pKGdnNz796PbbjQWNKmHXBZaB9tsX'),
    Buffer.from([1, 9]),
    Buffer.from('101100111'),
  ]);
  return {
    electron: Buffer.concat([
      Buffer.from('#!/bin/sh\necho "a stand-in for Electron"; exit 1\n# '),
      wire,
      Buffer.from('\n'),
    ]),
    version: Buffer.from(version),
    LICENSE: Buffer.from('stand-in\n'),
    'LICENSES.chromium.html': Buffer.from('stand-in\n'),
    'resources/default_app.asar': Buffer.alloc(0),
  };
}

/** A zip archive with stored (not compressed) files; the layout is section 4.3 of PKWARE's APPNOTE. */
function zip(files: Record<string, Buffer>): Buffer {
  const entries = Object.entries(files).map(([name, data]) => ({ name: Buffer.from(name), data }));
  const locals: Buffer[] = [];
  const directory: Buffer[] = [];
  let offset = 0;
  for (const { name, data } of entries) {
    const common = Buffer.alloc(26); // what the local header and the directory entry have in common
    common.writeUInt16LE(20, 0); // version needed
    common.writeUInt16LE(0x21, 8); // 1980-01-01, as dates begin there
    common.writeUInt32LE(crc32(data), 10);
    common.writeUInt32LE(data.length, 14);
    common.writeUInt32LE(data.length, 18);
    common.writeUInt16LE(name.length, 22);
    const tail = Buffer.alloc(14);
    tail.writeUInt32LE((0o100755 << 16) >>> 0, 6); // Unix mode
    tail.writeUInt32LE(offset, 10);
    const local = Buffer.concat([Buffer.from('PK\x03\x04'), common, name, data]);
    directory.push(Buffer.concat([Buffer.from('PK\x01\x02'), Buffer.from([20, 3]), common, tail, name]));
    locals.push(local);
    offset += local.length;
  }
  const index = Buffer.concat(directory);
  const end = Buffer.alloc(18);
  end.writeUInt16LE(entries.length, 4);
  end.writeUInt16LE(entries.length, 6);
  end.writeUInt32LE(index.length, 8);
  end.writeUInt32LE(offset, 12);
  return Buffer.concat([...locals, index, Buffer.from('PK\x05\x06'), end]);
}
