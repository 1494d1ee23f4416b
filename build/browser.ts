// Finds a Chromium for the tests, or makes one available. Best first: what the machine has, what npm brought, the network.
import { execFileSync, spawnSync } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  createReadStream,
  createWriteStream,
  existsSync,
  mkdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';
import { createBrotliDecompress } from 'node:zlib';
import { chromium } from 'playwright-core';
import { extract } from 'tar-fs';
import { cacheFolder } from './layout.mjs';

/** Program names by which distributions install a Chromium. */
const NAMES = [
  'chromium',
  'chromium-browser',
  'google-chrome-stable',
  'google-chrome',
  'microsoft-edge-stable',
  'chrome',
  'msedge',
];
/** Where browsers are on systems that keep them off PATH. */
const PLACES: Partial<Record<NodeJS.Platform, string[]>> = {
  darwin: [
    '/Applications/Google Chrome.app/Contents/MacOS/Google Chrome',
    '/Applications/Chromium.app/Contents/MacOS/Chromium',
    '/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge',
  ],
  win32: ['ProgramFiles', 'ProgramFiles(x86)', 'LOCALAPPDATA'].flatMap((variable) => {
    const folder = process.env[variable];
    return folder
      ? [`${folder}\\Google\\Chrome\\Application\\chrome.exe`, `${folder}\\Microsoft\\Edge\\Application\\msedge.exe`]
      : [];
  }),
};

/**
 * The path of a Chromium that starts. Says one line before anything that takes more than a second.
 * @throws Error with what was tried when there is none.
 */
export async function provideBrowser(say: (line: string) => void): Promise<string> {
  const given = process.env['CHROMIUM_PATH'] ?? process.env['PLAYWRIGHT_CHROMIUM_EXECUTABLE_PATH'];
  if (given !== undefined) {
    if (!starts(given)) throw new Error(`CHROMIUM_PATH is ${given}, which does not start.`);
    return given;
  }
  const sources = [
    onThisMachine,
    () => playwrightsOwn(),
    () => fromNpm(say),
    () => downloadedByPlaywright(say),
    () => fromDebian(say),
  ];
  for (const source of sources) {
    const file = await source();
    if (file !== null && starts(file)) return file;
  }
  throw new Error('No Chromium for the end-to-end tests. Install Chromium or Chrome, or name one in CHROMIUM_PATH.');
}

function onThisMachine(): string | null {
  const folders = (process.env['PATH'] ?? '')
    .split(path.delimiter)
    .filter((folder) => !folder.includes('node_modules'));
  const suffix = process.platform === 'win32' ? '.exe' : '';
  const candidates = NAMES.flatMap((name) => folders.map((folder) => path.join(folder, name + suffix)));
  return (
    [...candidates, ...(PLACES[process.platform] ?? [])].find((file) => isExecutable(file) && starts(file)) ?? null
  );
}

function playwrightsOwn(): string | null {
  const file = chromium.executablePath();
  return existsSync(file) ? file : null;
}

/**
 * @sparticuz/chromium: a headless Chromium for Linux x64 as a plain npm package. It unpacks itself to /tmp, where
 * others may write; we unpack it next to the package. Its libraries for Amazon Linux fill in for NSS on bare machines.
 */
async function fromNpm(say: (line: string) => void): Promise<string | null> {
  if (process.platform !== 'linux' || process.arch !== 'x64') return null;
  const packageFolder = path.resolve(createRequire(import.meta.url).resolve('@sparticuz/chromium'), '../..');
  const folder = path.join(cacheFolder, 'chromium');
  const launcher = path.join(folder, 'launch');
  if (existsSync(launcher)) return launcher;

  say('Unpacking the test browser (once, a few seconds)...');
  const partial = `${folder}.${process.pid}.tmp`;
  rmSync(partial, { recursive: true, force: true });
  mkdirSync(partial, { recursive: true });
  const archive = (name: string) => createReadStream(path.join(packageFolder, 'bin', name));
  await pipeline(archive('chromium.br'), createBrotliDecompress(), createWriteStream(path.join(partial, 'chromium')));
  chmodSync(path.join(partial, 'chromium'), 0o755);
  for (const name of ['al2023', 'fonts', 'swiftshader']) {
    await pipeline(archive(`${name}.tar.br`), createBrotliDecompress(), extract(partial));
  }
  const fonts =
    '<fontconfig><dir prefix="relative">fonts</dir><cachedir prefix="xdg">fontconfig</cachedir></fontconfig>';
  writeFileSync(path.join(partial, 'fonts.conf'), `<?xml version="1.0"?>\n${fonts}\n`);
  writeFileSync(path.join(partial, 'launch'), launchScript(partial), { mode: 0o755 });
  rmSync(folder, { recursive: true, force: true });
  renameSync(partial, folder);
  return launcher;
}

/** The machine's own libraries and fonts come first; those of the package only fill gaps. */
function launchScript(unpacked: string): string {
  const missing = /not found/.test(
    spawnSync('ldd', [path.join(unpacked, 'chromium')], { encoding: 'utf8' }).stdout ?? 'not found',
  );
  const lines = [
    '#!/bin/sh',
    'here=$(dirname "$0")',
    ...(missing ? ['export LD_LIBRARY_PATH="$here/lib${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"'] : []),
    '[ -e /etc/fonts/fonts.conf ] || export FONTCONFIG_FILE="$here/fonts.conf"',
    'exec "$here/chromium" "$@"',
  ];
  return `${lines.join('\n')}\n`;
}

function downloadedByPlaywright(say: (line: string) => void): string | null {
  say('Downloading the test browser (Playwright, at most 5 minutes)...');
  const cli = path.join(path.dirname(createRequire(import.meta.url).resolve('playwright-core/package.json')), 'cli.js');
  spawnSync(process.execPath, [cli, 'install', 'chromium'], { stdio: 'ignore', timeout: 300_000 });
  return playwrightsOwn();
}

function fromDebian(say: (line: string) => void): string | null {
  if (process.platform !== 'linux' || process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return null;
  say('Installing the test browser (apt-get install chromium, a minute or two)...');
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  try {
    execFileSync('apt-get', ['update', '-q'], { stdio: 'ignore', env, timeout: 300_000 });
    execFileSync('apt-get', ['install', '-qy', '--no-install-recommends', 'chromium'], {
      stdio: 'ignore',
      env,
      timeout: 600_000,
    });
  } catch {
    return null;
  }
  return onThisMachine();
}

/** Some names on PATH are only a hint where to install the real thing, so ask for the version. */
function starts(file: string): boolean {
  if (process.platform === 'win32') return existsSync(file); // there --version opens a window
  return spawnSync(file, ['--version'], { stdio: 'ignore', timeout: 15_000 }).status === 0;
}

function isExecutable(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

if (import.meta.main) console.log(await provideBrowser((line) => console.error(line)));
