import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { root } from '../../build/layout.mjs';
import { skippedOfVitest, type VitestReport } from '../../build/test-reports.ts';

/** How a part that is a program of its own ended; not whole = something of it does not run on this computer. */
export interface Ended {
  readonly isGood: boolean;
  readonly isWhole: boolean;
}

export const runControls = (): Ended => ({ isGood: endsWell(['test/faults/controls/main.mjs'], {}), isWhole: true });

const REPORT = 'test-results/inputs.json';

/** The specs of `inputs/`, and what could not be tried of them here: without root, mounts, strace, a build or disk space. */
export function runInputs(env: NodeJS.ProcessEnv): Ended {
  const report = path.join(root, REPORT);
  rmSync(report, { force: true });
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${REPORT}`];
  const isGood = endsWell(['node_modules/vitest/vitest.mjs', 'run', 'test/faults/inputs', ...reporters], env);
  const skipped = existsSync(report)
    ? skippedOfVitest(JSON.parse(readFileSync(report, 'utf8')) as VitestReport)
    : ['all: there is no report'];
  if (skipped.length > 0) console.log(`Not all of the inputs could be tried here. Skipped:\n${skipped.join('\n')}`);
  return { isGood, isWhole: skipped.length === 0 };
}

function endsWell(args: readonly string[], env: NodeJS.ProcessEnv): boolean {
  const options = { stdio: 'inherit', cwd: root, env: { ...process.env, ...env } } as const;
  return spawnSync(process.execPath, ['--no-warnings', ...args], options).status === 0;
}
