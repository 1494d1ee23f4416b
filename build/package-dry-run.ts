// `npm run package:dry-run`: packages the app around a stand-in for Electron's download, makes the packages that can be
// made here, looks at what came out and runs it. It proves our part where Electron cannot be fetched: configuration,
// bundles, the list of shipped files, the native addon, fuses, icons, menu entries. It proves nothing about Electron.
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { root } from './layout.mjs';
import { fuseCount, problemsInFuses } from './packaging/dry-run/fuses.ts';
import { lookAtMade } from './packaging/dry-run/made.ts';
import { runPackaged } from './packaging/dry-run/run-packaged.ts';
import { problemsInArchive, shippedFiles } from './packaging/dry-run/shipped.ts';
import { stage } from './packaging/dry-run/stage.ts';
import { writeStandIn } from './packaging/dry-run/stand-in-electron.ts';
import { told, type Check } from './packaging/dry-run/told.ts';
import { makeable } from './packaging/maker-tools.ts';

const BIGGEST = 8;

const { kinds, leftOut } = makeable('linux');
const { version } = JSON.parse(readFileSync(path.join(root, 'node_modules/electron/package.json'), 'utf8')) as {
  readonly version: string;
};

if (process.platform !== 'linux') {
  console.log('Skipped: the dry run knows the layout of Electron for Linux only.');
} else {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-package-'));
  try {
    const checks = await dryRun(folder);
    console.log(told(version, checks, [...leftOut, 'squirrel needs Windows', 'dmg needs macOS']));
    process.exitCode = checks.every(({ problems }) => problems.length === 0) ? 0 : 1;
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
}

async function dryRun(folder: string): Promise<Check[]> {
  const target = `${process.platform}-${process.arch}`;
  const project = path.join(folder, 'project');
  const download = path.join(folder, 'electron-download');
  stage(project);
  mkdirSync(download);
  writeStandIn(download, version, target);
  timed('packaged and made', () => runForge(project, download));

  const packaged = path.join(project, 'out', `Phasewise-${target}`);
  const resources = path.join(packaged, 'resources');
  const files = shippedFiles(resources);
  console.log(`The biggest of ${files.length} files in app.asar:`);
  for (const { name, bytes } of files.slice(0, BIGGEST)) console.log(`  ${kilobytes(bytes).padStart(9)}  ${name}`);
  const total = kilobytes(files.reduce((sum, { bytes }) => sum + bytes, 0));
  return [
    {
      what: `app.asar: ${files.length} files, ${total}, all on the list of what may be shipped; the addon is outside`,
      problems: problemsInArchive(resources, process.platform, process.arch),
    },
    {
      what: `fuses: ${fuseCount} set as configured, read back from the packaged stand-in`,
      problems: await problemsInFuses(path.join(packaged, 'phasewise')),
    },
    ...lookAtMade(path.join(project, 'out/make'), kinds),
    {
      what: 'the extracted app.asar under test/electron-standin, in Chromium: its window opens, a sample is built, rows show',
      problems: await problemsInRun(resources, folder),
    },
  ];
}

async function problemsInRun(resources: string, folder: string): Promise<string[]> {
  const startedAt = performance.now();
  try {
    await runPackaged(resources, folder);
    say('ran the packaged app', startedAt);
    return [];
  } catch (error) {
    const { message, cause } = error as Error;
    return [cause instanceof Error ? `${message}\n${cause.message}` : message];
  }
}

/** `make` packages first. Without any maker that runs here, packaging alone. */
function runForge(project: string, download: string): void {
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
