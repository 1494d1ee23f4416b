// @ts-check
// `npm start`: the app in Electron where that is possible, otherwise the same app in a browser.
import { spawn } from 'node:child_process';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { cacheFolder, nodeBundleFile, root } from './layout.mjs';
import { bootstrap, callersFolder, endOf, provision, requireUndisturbed, run, Stop } from './provision.mjs';

/** Longer than a good connection needs for Electron's 110 MB, short enough to wait for at a first start. */
const DOWNLOAD_LIMIT_MS = 45_000;
/** After a failed download, starts go straight to the browser for this long. */
const RETRY_AFTER_MS = 24 * 3_600_000;
/** Electron ending badly within this time did not get as far as a window. */
const FAILED_START_MS = 5_000;

const args = process.argv.slice(2);
const say = (/** @type {string} */ line) => console.log(line);
const electronFolder = path.join(root, 'node_modules/electron');
const memoFile = path.join(cacheFolder, 'electron-download-failed.json');

await bootstrap(async () => {
  const door = process.env['PHASEWISE_DOOR'];
  if (door !== undefined && door !== 'electron' && door !== 'browser') {
    throw new Stop(`PHASEWISE_DOOR is "${door}"; it may be "electron" or "browser".`);
  }
  const node = await provision(say);
  const obstacle =
    door === 'browser' ? 'PHASEWISE_DOOR asks for it' : await electronObstacle(node, door === 'electron');
  if (obstacle === null) {
    const startedAt = Date.now();
    const code = await run(electronFile(), [root, ...args], { cwd: callersFolder() });
    if (code === 0 || code === 130 || door === 'electron' || Date.now() - startedAt > FAILED_START_MS) return code;
    say(`Electron ended at once with code ${code}, so Phasewise opens in the browser instead.`);
  } else {
    if (door === 'electron') throw new Stop(`Electron cannot be used here: ${obstacle}.`);
    say(`Opening in the browser, because ${obstacle}.`);
  }
  return run(node, [nodeBundleFile('browser-host'), ...args], { cwd: callersFolder() });
});

/**
 * Why Electron cannot be used here, in words that follow "because"; null when it can. Downloads it if need be.
 * @param {string} node
 * @param {boolean} isForced try, whatever speaks against it
 * @returns {Promise<string | null>}
 */
async function electronObstacle(node, isForced) {
  if (process.platform === 'linux' && !isForced) {
    if (!process.env['DISPLAY'] && !process.env['WAYLAND_DISPLAY']) return 'there is no display for an Electron window';
    if (process.getuid?.() === 0) return 'Electron refuses to run as root';
  }
  if (existsSync(electronFile())) return null;
  if (!isForced && hasFailedLately())
    return 'Electron could not be downloaded lately (PHASEWISE_DOOR=electron tries again)';
  const failure = await downloadElectron(node);
  if (failure === null && existsSync(electronFile())) return null;
  mkdirSync(cacheFolder, { recursive: true });
  writeFileSync(memoFile, JSON.stringify({ failedAt: Date.now(), version: electronVersion() }));
  return failure ?? 'the Electron download is incomplete';
}

/** Where Electron's own installer puts the program. Requiring the package instead would start a download. */
function electronFile() {
  const pathFile = path.join(electronFolder, 'path.txt');
  const program = existsSync(pathFile) ? readFileSync(pathFile, 'utf8') : 'not-installed';
  return path.join(process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(electronFolder, 'dist'), program);
}

function electronVersion() {
  return JSON.parse(readFileSync(path.join(electronFolder, 'package.json'), 'utf8')).version;
}

function hasFailedLately() {
  try {
    const { failedAt, version } = JSON.parse(readFileSync(memoFile, 'utf8'));
    return version === electronVersion() && Date.now() - failedAt < RETRY_AFTER_MS;
  } catch {
    return false;
  }
}

/**
 * @param {string} node
 * @returns {Promise<string | null>} why it failed, null when it did not
 */
async function downloadElectron(node) {
  const limitSeconds = DOWNLOAD_LIMIT_MS / 1_000;
  say(`Downloading Electron ${electronVersion()} (once; at most ${limitSeconds} seconds)...`);
  const endsAt = Date.now() + DOWNLOAD_LIMIT_MS;
  const isLate = () => Date.now() >= endsAt;
  const child = spawn(node, [path.join(electronFolder, 'install.js')], { stdio: 'ignore' });
  const tick = setInterval(() => {
    const leftSeconds = Math.ceil((endsAt - Date.now()) / 1_000);
    if (process.stdout.isTTY) process.stdout.write(`\r  ${leftSeconds} s left `);
    if (isLate()) child.kill('SIGKILL');
  }, 500);
  const { code, told } = await endOf(child)
    .catch(() => ({ code: 1, told: null })) // it could not even be started
    .finally(() => {
      clearInterval(tick);
      if (process.stdout.isTTY) process.stdout.write('\r                \r');
    });
  requireUndisturbed(told);
  if (code === 0) return null;
  return isLate() ? `Electron did not arrive within ${limitSeconds} seconds` : 'Electron could not be downloaded';
}
