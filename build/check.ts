// `npm run check`, which is what CI runs: every check, then the totals.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { styleText } from 'node:util';
import { root } from './layout.mjs';
import {
  countPlaywright,
  countStep,
  countVitest,
  failuresOfPlaywright,
  failuresOfVitest,
  type Totals,
} from './test-reports.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Record<string, string>;
  /** Where the step leaves its JSON report, and how to read it. */
  readonly report?: {
    readonly file: string;
    readonly count: (report: never) => Totals;
    readonly failures: (report: never) => readonly string[];
  };
  /** A step that makes no sense when another has failed. */
  readonly needs?: string;
  /** What it says is read where all is well, too. */
  readonly isTold?: true;
}

const unitReport = 'test-results/unit.json';
const e2eReport = 'test-results/e2e.json';

/** One thread for as long as all others of the sources together: taken beside them. */
const format: readonly Step[] = [{ name: 'format', command: ['prettier', '--check', '.'] }];
const sources: readonly Step[] = [
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'] },
  { name: 'boundaries', command: ['node', 'build/boundaries.ts'] },
  { name: 'types', command: ['tsc', '-p', '.'] },
  // Before the specs: those of the CLI and of killed engines run the bundles.
  { name: 'build', command: ['node', 'build/build.ts'] },
  // What would be shipped, of a copy: Forge's plugin empties .vite/.
  { name: 'package', command: ['node', 'build/package-dry-run.ts'], needs: 'build', isTold: true },
];
/** One after the other, because each of them wants the whole machine. */
const specs: readonly Step[] = [
  {
    name: 'unit',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`],
    report: { file: unitReport, count: countVitest, failures: failuresOfVitest },
  },
  {
    name: 'e2e',
    command: ['node', 'build/e2e.ts', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: e2eReport },
    report: { file: e2eReport, count: countPlaywright, failures: failuresOfPlaywright },
    needs: 'build',
  },
];

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const summary: string[] = [];
const failed = new Set<string>();

mkdirSync(path.join(root, 'test-results'), { recursive: true });
await Promise.all([takeAll(format), takeAll(sources)]);
await takeAll(specs);

console.log(`\n${summary.join('\n')}\n`);
console.log(sentence(totals));
process.exitCode = failed.size === 0 ? 0 : 1;

async function takeAll(steps: readonly Step[]): Promise<void> {
  for (const step of steps) await take(step);
}

async function take(step: Step): Promise<void> {
  if (step.needs !== undefined && failed.has(step.needs)) {
    totals.failed += 1;
    return finish(step, false, `not run, because ${step.needs} failed`);
  }
  const startedAt = performance.now();
  const isGood = await execute(step);
  const seconds = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  const report = step.report && readReport(step.report.file);
  const counted = count(step, isGood, report);
  finish(step, isGood, counted ? `${sentence(counted)}, ${seconds}` : seconds);
  // Once more, because what the runner said is thousands of lines above.
  if (!isGood && report !== undefined) console.log(step.report?.failures(report as never).join('\n\n'));
}

/** Test runners show their progress; the other tools speak only when they have something to say. */
async function execute({ command, env, report, isTold, name }: Step): Promise<boolean> {
  if (report) {
    console.log(styleText('bold', `\n${name}`));
    rmSync(path.join(root, report.file), { force: true });
  }
  const [tool = '', ...args] = command;
  const child = spawn(tool, args, {
    cwd: root,
    env: { ...process.env, ...env }, // run.mjs has put our Node and our tools first in PATH
    stdio: report ? 'inherit' : ['ignore', 'pipe', 'pipe'],
    shell: process.platform === 'win32', // the programs of node_modules/.bin are .cmd files there
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream?.setEncoding('utf8').on('data', (text: string) => (said += text));
  const isGood = await new Promise<boolean>((resolve) => {
    child.on('error', (error) => {
      console.error(`${tool} could not be started: ${error.message}`);
      resolve(false);
    });
    child.on('close', (code) => resolve(code === 0));
  });
  if (!report && (isTold || !isGood)) console.log(`${styleText('bold', `\n${name}`)}\n${said}`);
  return isGood;
}

/** @returns the report; undefined where the runner left none. */
function readReport(name: string): unknown {
  const file = path.join(root, name);
  return existsSync(file) ? JSON.parse(readFileSync(file, 'utf8')) : undefined;
}

/** Adds a step to the totals. @returns what its report says; undefined for a step that leaves none. */
function count({ report: reader }: Step, isGood: boolean, report: unknown): Totals | undefined {
  const counted = countStep(isGood, report === undefined ? undefined : reader?.count(report as never));
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  totals.skipped += counted.skipped;
  return reader && counted;
}

function finish({ name }: Step, isGood: boolean, remark: string) {
  if (!isGood) failed.add(name);
  const line = `${isGood ? styleText('green', 'ok  ') : styleText('red', 'FAIL')} ${name.padEnd(11)} ${remark}`;
  summary.push(line);
  console.log(line);
}

function sentence({ passed, failed: broken, skipped }: Totals): string {
  return `${passed} passed, ${broken} failed, ${skipped} skipped`;
}
