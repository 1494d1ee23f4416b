// `npm run package:dry-run`: packages the app around a stand-in for Electron's download, makes the packages that can be
// made here, looks at what came out and runs it. It proves our part where Electron cannot be fetched: configuration,
// bundles, the list of shipped files, the native addon, fuses, icons, menu entries. It proves nothing about Electron.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './layout.mjs';
import { problemsInFuses } from './packaging/dry-run/fuses.ts';
import { lookAtMade, makersHere } from './packaging/dry-run/made.ts';
import { runPackaged } from './packaging/dry-run/run-packaged.ts';
import { problemsInArchive, shippedFiles } from './packaging/dry-run/shipped.ts';
import { stage } from './packaging/dry-run/stage.ts';
import { writeStandIn } from './packaging/dry-run/stand-in-electron.ts';

const BIGGEST = 8;

if (process.platform !== 'linux') {
  console.log('Skipped: the dry run knows the layout of Electron for Linux only.');
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-package-'));
  try {
    const problems = await dryRun(folder);
    for (const problem of problems) console.error(problem);
    console.log(problems.length === 0 ? 'The package holds what it should, and runs.' : `${problems.length} problems.`);
    process.exitCode = problems.length === 0 ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function dryRun(folder: string): Promise<string[]> {
  const target = `${process.platform}-${process.arch}`;
  const project = path.join(folder, 'project');
  const download = path.join(folder, 'electron-download');
  stage(project);
  mkdirSync(download);
  const { version } = JSON.parse(readFileSync(path.join(root, 'node_modules/electron/package.json'), 'utf8')) as {
    version: string;
  };
  writeStandIn(download, version, target);
  const { kinds, missing } = makersHere();
  timed('packaged and made', () => runForge(project, download, kinds));

  const packaged = path.join(project, 'out', `Phasewise-${target}`);
  const resources = path.join(packaged, 'resources');
  const files = shippedFiles(resources);
  const made = lookAtMade(path.join(project, 'out/make'), kinds);
  console.log(`app.asar: ${files.length} files, ${kilobytes(files.reduce((sum, { bytes }) => sum + bytes, 0))}`);
  for (const { name, bytes } of files.slice(0, BIGGEST)) console.log(`  ${kilobytes(bytes).padStart(9)}  ${name}`);
  console.log([`Made here: ${kinds.join(', ') || 'nothing'}`, ...made.lines].join('\n  '));
  console.log(`Not made here: ${[...missing, 'squirrel (needs Windows)', 'dmg (needs macOS)'].join(', ')}`);
  const startedAt = performance.now();
  await runPackaged(resources, path.join(folder));
  say('ran the packaged app', startedAt);
  return [
    ...problemsInArchive(resources, process.platform, process.arch),
    ...(await problemsInFuses(path.join(packaged, 'phasewise'))),
    ...made.problems,
  ];
}

/** `make` packages first. Without any maker that runs here, packaging alone. */
function runForge(project: string, download: string, kinds: readonly string[]): void {
  const cli = path.join(
    path.dirname(createRequire(import.meta.url).resolve('@electron-forge/cli/package.json')),
    'dist/electron-forge.js',
  );
  const targets = kinds.map((kind) => (kind === 'rpm' ? kind : `@electron-forge/maker-${kind}`)).join(',');
  const command = kinds.length === 0 ? ['package'] : ['make', `--targets=${targets}`];
  const result = spawnSync(process.execPath, [cli, ...command], {
    cwd: project,
    env: { ...process.env, PHASEWISE_STAND_IN_ELECTRON: download, CI: '1' },
    encoding: 'utf8',
  });
  if (result.status !== 0) throw new Error(`electron-forge failed:\n${result.stdout}${result.stderr}`);
}

function timed(what: string, work: () => void): void {
  const startedAt = performance.now();
  work();
  say(what, startedAt);
}

function say(what: string, startedAt: number): void {
  console.log(`${what} in ${((performance.now() - startedAt) / 1_000).toFixed(1)} s`);
}

function kilobytes(bytes: number): string {
  return `${(bytes / 1_000).toFixed(0)} kB`;
}
