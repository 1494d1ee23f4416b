// @ts-check
// Gets a bare clone ready to run: dependencies, then the bundles. Runs on any Node >= 20, before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { nodeBundleFile, nodeBundles, rendererFolder, root } from './layout.mjs';

/** A reason to stop that the person at the keyboard can act upon: printed as it is, without a stack. */
export class Stop extends Error {
  /** @param {string} message @param {number} exitCode of this process */
  constructor(message, exitCode = 1) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** Oldest Node that runs the app itself: it must load the TypeScript of build/ and the database addon. */
const OLDEST_NODE = [22, 18];

/** Everything that the bundles are made from. */
const SOURCES = ['electron', 'renderer', 'migrations', 'build', 'package.json', 'package-lock.json', 'tsconfig.json'];

/**
 * Installs the dependencies and builds the bundles where they are missing or out of date; instant when they are not.
 * @param {(line: string) => void} say told what is being done before it is done, one line each
 * @returns {Promise<string>} the Node to run everything else with
 * @throws {Stop} with a sentence that says what went wrong and what to do
 */
export async function provision(say) {
  const node = await installDependencies(say);
  if (!isBuilt()) {
    await alone(say, async () => {
      if (!isBuilt()) await build(node, say);
    });
  }
  return node;
}

/**
 * The first half of `provision`, for tools that do not run the bundles.
 * @param {(line: string) => void} say
 * @returns {Promise<string>} the Node to run everything else with
 * @throws {Stop}
 */
export async function installDependencies(say) {
  if (!isInstalled()) {
    await alone(say, async () => {
      if (!isInstalled()) await install(say);
    });
  }
  return findNode();
}

/**
 * The frame of a start-up script: its result is the exit code, and a Stop is one sentence on stderr.
 * @param {() => Promise<number>} main
 */
export async function bootstrap(main) {
  try {
    process.exitCode = await main();
  } catch (error) {
    if (!(error instanceof Stop)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = error.exitCode;
  }
}

/**
 * Runs a program to its end, sharing this terminal. Interrupts reach it as they reach us, so we wait for it to finish.
 * @param {string} command
 * @param {string[]} args
 * @param {import('node:child_process').SpawnOptions} [options]
 * @returns {Promise<number>} its exit code, 128 + n when signal n ended it
 */
export async function run(command, args, options = {}) {
  const { code } = await endOf(spawn(command, args, { stdio: 'inherit', ...options }));
  return code;
}

/**
 * Waits for a program. Who is told to end tells it, and ends after it: nothing of ours goes on behind somebody's back.
 * @param {import('node:child_process').ChildProcess} child
 * @returns {Promise<{ code: number, told: NodeJS.Signals | null }>} its exit code, 128 + n when signal n ended it; and the
 * signal that came to us meanwhile, because not every system and program tells by its code that it was ended
 */
export async function endOf(child) {
  /** @type {NodeJS.Signals | null} */
  let told = null;
  const note = (/** @type {NodeJS.Signals} */ signal) => void (told = signal);
  const forward = (/** @type {NodeJS.Signals} */ signal) => {
    note(signal);
    child.kill(signal);
  };
  process.on('SIGINT', note).on('SIGTERM', forward).on('SIGHUP', forward);
  try {
    return await new Promise((resolve, reject) => {
      child.on('error', reject);
      child.on('close', (code, signal) => resolve({ code: code ?? codeOf(signal), told }));
    });
  } finally {
    process.off('SIGINT', note).off('SIGTERM', forward).off('SIGHUP', forward);
  }
}

/** @param {NodeJS.Signals | null} signal */
const codeOf = (signal) => 128 + (signalNumbers[signal ?? ''] ?? 0);

/** @type {Record<string, number>} */
const signalNumbers = {
  SIGHUP: 1,
  SIGINT: 2,
  SIGQUIT: 3,
  SIGILL: 4,
  SIGTRAP: 5,
  SIGABRT: 6,
  SIGKILL: 9,
  SIGSEGV: 11,
  SIGTERM: 15,
};

/**
 * @param {NodeJS.Signals | null} told that came while something was waited for
 * @throws {Stop} where one came: whoever wants an end wants nothing of what would follow
 */
export function requireUndisturbed(told) {
  if (told !== null) throw new Stop('It was stopped. Run the command again to go on.', codeOf(told));
}

/** The folder in which the person typed the command: npm itself moves to the repository's root. */
export const callersFolder = () => process.env['INIT_CWD'] ?? process.cwd();

// ------------------------------------------------------------------------------------------------ dependencies

/**
 * Whether node_modules holds what package-lock.json asks for. npm writes node_modules/.package-lock.json last and
 * lists in it what it installed, so an interrupted install, or one for an older lock file, does not count.
 */
function isInstalled() {
  const wanted = readPackages(path.join(root, 'package-lock.json'));
  const installed = readPackages(path.join(root, 'node_modules/.package-lock.json'));
  if (!wanted)
    throw new Stop('package-lock.json is missing or damaged. Get it back with: git checkout package-lock.json');
  if (!installed) return false;
  return Object.entries(wanted).every(([name, { version, optional, devOptional, peer }]) => {
    if (name === '') return true;
    const found = installed[name];
    return found ? found.version === version : optional || devOptional || peer;
  });
}

/**
 * @param {string} file
 * @returns {Record<string, { version?: string, optional?: boolean, devOptional?: boolean, peer?: boolean }> | null}
 */
function readPackages(file) {
  try {
    return JSON.parse(readFileSync(file, 'utf8')).packages;
  } catch {
    return null;
  }
}

/** @param {(line: string) => void} say */
async function install(say) {
  const isFirst = !existsSync(path.join(root, 'node_modules'));
  say(`Installing dependencies (${isFirst ? 'first run' : 'package-lock.json changed'}, about a minute)...`);
  // NODE_ENV=production or an omit setting of the user's would leave out what builds the app.
  const args = ['ci', '--include=dev', '--include=optional', '--no-audit', '--no-fund', '--loglevel=error'];
  const { code, output, told } = await capture(...npmCommand(args));
  requireUndisturbed(told);
  if (code === 0 && isInstalled()) return;
  const reasons = output.split('\n').filter((line) => /^npm (error|ERR!) (?!\s*at |A complete log)/.test(line));
  const reason = reasons.slice(0, 5).join('\n');
  throw new Stop(
    `The dependencies could not be installed. Check the connection to the npm registry and run the command again.\n${reason || output.slice(-2_000)}`,
  );
}

/** @param {string[]} args @returns {[string, string[]]} */
function npmCommand(args) {
  const npm = process.env['npm_execpath'];
  if (npm?.endsWith('.js')) return [process.execPath, [npm, ...args]];
  return process.platform === 'win32' ? ['cmd.exe', ['/d', '/s', '/c', 'npm.cmd', ...args]] : ['npm', args];
}

// ------------------------------------------------------------------------------------------------ node

/**
 * The Node of node_modules (npm installs it for Linux and Windows like any dependency); else the one we run on.
 * @throws {Stop} when neither is new enough
 */
function findNode() {
  const packaged = path.join(
    root,
    'node_modules',
    `node-${process.platform === 'win32' ? 'win' : process.platform}-${process.arch}`,
    'bin',
  );
  const file = path.join(packaged, process.platform === 'win32' ? 'node.exe' : 'node');
  if (existsSync(file)) return file;
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const [oldestMajor = 0, oldestMinor = 0] = OLDEST_NODE;
  if (major > oldestMajor || (major === oldestMajor && minor >= oldestMinor)) return process.execPath;
  throw new Stop(
    `Phasewise needs Node ${OLDEST_NODE.join('.')} or newer on this system, and this is ${process.versions.node}. Install a newer one from nodejs.org and run the command again.`,
  );
}

// ------------------------------------------------------------------------------------------------ bundles

const stampFile = path.join(root, '.vite/stamp.json');

/** Whether the bundles were made from exactly the sources that are there now. */
export function isBuilt() {
  const outputs = [...Object.keys(nodeBundles).map(nodeBundleFile), path.join(rendererFolder, 'index.html')];
  if (!outputs.every((file) => existsSync(file))) return false;
  try {
    return JSON.parse(readFileSync(stampFile, 'utf8')).sources === fingerprintSources();
  } catch {
    return false;
  }
}

/** Recorded by build.ts after all bundles were written. @param {string} sources fingerprint taken before it began */
export function recordBuild(sources) {
  writeFileSync(stampFile, JSON.stringify({ sources }));
}

/** Name, size and time of every source file: milliseconds for the whole tree, and any edit changes it. */
export function fingerprintSources() {
  const hash = createHash('sha256');
  const add = (/** @type {string} */ file) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (stat?.isDirectory()) for (const name of readdirSync(file).sort()) add(path.join(file, name));
    else if (stat && !file.endsWith('.md'))
      hash.update(`${path.relative(root, file)}\0${stat.size}\0${stat.mtimeMs}\n`);
  };
  for (const source of SOURCES) add(path.join(root, source));
  return hash.digest('hex');
}

/** @param {string} node @param {(line: string) => void} say */
async function build(node, say) {
  say('Building (a few seconds)...');
  const { code, output, told } = await capture(node, [path.join(root, 'build/build.ts')]);
  requireUndisturbed(told);
  if (code !== 0) throw new Stop(`The build failed:\n${output.trim()}`);
}

// ------------------------------------------------------------------------------------------------ plumbing

/**
 * @param {string} command
 * @param {string[]} args
 * @returns {Promise<{ code: number, output: string, told: NodeJS.Signals | null }>} both streams together
 */
async function capture(command, args) {
  const child = spawn(command, args, { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += chunk));
  const end = await endOf(child);
  return { ...end, output };
}

/**
 * Does `work` while no other process does: two commands started at once must not install or build over each other.
 * @param {(line: string) => void} say
 * @param {() => Promise<void>} work
 */
async function alone(say, work) {
  const file = path.join(root, '.vite/provision.lock');
  mkdirSync(path.dirname(file), { recursive: true });
  for (let round = 0; !createLock(file); round++) {
    if (isAbandoned(file)) rmSync(file, { force: true });
    else if (round === 0) say('Waiting for another Phasewise command that is installing or building...');
    await new Promise((resolve) => setTimeout(resolve, 200));
  }
  try {
    await work();
  } finally {
    rmSync(file, { force: true });
  }
}

/**
 * @param {string} file
 * @returns {boolean} false when somebody else holds the lock
 */
function createLock(file) {
  try {
    writeFileSync(file, String(process.pid), { flag: 'wx' });
    return true;
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === 'EEXIST') return false;
    throw error;
  }
}

/**
 * Whether the process that made the lock has gone without removing it.
 * @param {string} file
 */
function isAbandoned(file) {
  try {
    const pid = Number(readFileSync(file, 'utf8'));
    if (pid === 0) return Date.now() - statSync(file).mtimeMs > 5_000; // made, its content not yet written
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return /** @type {NodeJS.ErrnoException} */ (error).code === 'ESRCH';
  }
}
