// `npm run test:electron`: the specs of test/electron against real Electron. Where its program is not installed they are
// reported as skipped, with the reason, and that is no failure: CI runs the same specs against the stand-in.
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { root } from './layout.mjs';

const require = createRequire(import.meta.url);

/** The program that the electron package downloaded, or the one that ELECTRON_OVERRIDE_DIST_PATH names. */
function findElectron(): string | null {
  const folder = path.dirname(require.resolve('electron/package.json'));
  const named = path.join(folder, 'path.txt');
  const program = existsSync(named) ? readFileSync(named, 'utf8').trim() : programName();
  const dist = process.env['ELECTRON_OVERRIDE_DIST_PATH'] ?? path.join(folder, 'dist');
  const file = path.join(dist, program);
  return existsSync(file) ? file : null;
}

const programName = (): string =>
  ({ darwin: 'Electron.app/Contents/MacOS/Electron', win32: 'electron.exe' })[process.platform as string] ?? 'electron';

function run(script: string, args: readonly string[], env: NodeJS.ProcessEnv): number {
  const result = spawnSync(process.execPath, [script, ...args], { cwd: root, env, stdio: 'inherit' });
  if (result.error) throw result.error;
  return result.status ?? 1;
}

const program = findElectron();
const env = { ...process.env, PHASEWISE_TEST_ELECTRON: program ?? 'missing' };
const playwright = path.join(path.dirname(require.resolve('@playwright/test/package.json')), 'cli.js');
const built = program === null ? 0 : run(path.join(root, 'build/build.ts'), [], process.env);
const code = built || run(playwright, ['test', '--project=app', 'test/electron/', ...process.argv.slice(2)], env);
if (program === null)
  console.log("Skipped: Electron's program is not installed here (`npx install-electron` downloads it).");
process.exitCode = code;
