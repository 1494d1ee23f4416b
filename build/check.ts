// `npm run check`, which is what CI runs: every check, then the totals. What only reads the sources goes side by side;
// the others one after the other, because the specs of some need the processors.
import { existsSync, mkdirSync, readFileSync, rmSync } from 'node:fs';
import { spawn } from 'node:child_process';
import path from 'node:path';
import { styleText } from 'node:util';
import { root } from './layout.mjs';
import { countPlaywright, countStep, countVitest, type Totals } from './test-reports.ts';

interface Step {
  readonly name: string;
  readonly command: readonly string[];
  readonly env?: Record<string, string>;
  /** Where the step leaves its JSON report, and how to count the tests in it. */
  readonly report?: { readonly file: string; readonly count: (report: never) => Totals };
  /** A step that makes no sense when another has failed. */
  readonly needs?: string;
  /** What it says is read where all is well, too. */
  readonly isTold?: true;
  /** Only reads the sources, on one processor. */
  readonly isReading?: true;
}

const unitReport = 'test-results/unit.json';
const e2eReport = 'test-results/e2e.json';

const steps: readonly Step[] = [
  { name: 'format', command: ['prettier', '--check', '.'], isReading: true },
  { name: 'lint', command: ['oxlint', '--type-aware', '--deny-warnings'], isReading: true },
  { name: 'boundaries', command: ['node', 'build/boundaries.ts'], isReading: true },
  { name: 'types', command: ['tsc', '-p', '.'], isReading: true },
  // Before the specs: those of the CLI and of killed engines run the bundles.
  { name: 'build', command: ['node', 'build/build.ts'] },
  // What would be shipped, of a copy: Forge's plugin empties .vite/.
  { name: 'package', command: ['node', 'build/package-dry-run.ts'], needs: 'build', isTold: true },
  {
    name: 'unit',
    command: ['vitest', 'run', '--reporter=default', '--reporter=json', `--outputFile.json=${unitReport}`],
    report: { file: unitReport, count: countVitest },
  },
  {
    name: 'e2e',
    command: ['node', 'build/e2e.ts', '--reporter=list,json'],
    env: { PLAYWRIGHT_JSON_OUTPUT_NAME: e2eReport },
    report: { file: e2eReport, count: countPlaywright },
    needs: 'build',
  },
];

const totals: Totals = { passed: 0, failed: 0, skipped: 0 };
const summary: string[] = [];
const failed = new Set<string>();

mkdirSync(path.join(root, 'test-results'), { recursive: true });
await Promise.all(steps.filter(({ isReading }) => isReading).map(take));
for (const step of steps.filter(({ isReading }) => !isReading)) await take(step);

console.log(`\n${summary.join('\n')}\n`);
console.log(sentence(totals));
process.exitCode = failed.size === 0 ? 0 : 1;

async function take(step: Step): Promise<void> {
  if (step.needs !== undefined && failed.has(step.needs)) {
    totals.failed += 1;
    return finish(step, false, `not run, because ${step.needs} failed`);
  }
  const startedAt = performance.now();
  const isGood = await execute(step);
  const seconds = `${((performance.now() - startedAt) / 1_000).toFixed(1)} s`;
  const counted = count(step, isGood);
  finish(step, isGood, counted ? `${sentence(counted)}, ${seconds}` : seconds);
}

/** Test runners show their progress; the other tools speak only when they have something to say. */
function execute({ name, command, env, report, isTold }: Step): Promise<boolean> {
  if (report) {
    console.log(styleText('bold', `\n${name}`));
    rmSync(path.join(root, report.file), { force: true });
  }
  const [tool = '', ...args] = command;
  const child = spawn(tool, args, {
    cwd: root,
    env: { ...process.env, ...env }, // run.mjs has put our Node and our tools first in PATH
    stdio: report ? 'inherit' : 'pipe',
    shell: process.platform === 'win32', // the programs of node_modules/.bin are .cmd files there
  });
  const said: Buffer[] = [];
  for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece: Buffer) => said.push(piece));
  return new Promise((done) => {
    child.on('error', (error) => {
      console.error(`${tool} could not be started: ${error.message}`);
      done(false);
    });
    child.on('close', (code) => {
      if (!report && (isTold || code !== 0)) {
        console.log(`${styleText('bold', `\n${name}`)}\n${Buffer.concat(said).toString('utf8')}`);
      }
      done(code === 0);
    });
  });
}

/** Adds a step to the totals. @returns what its report says; undefined where it has none. */
function count({ report }: Step, isGood: boolean): Totals | undefined {
  const file = report && path.join(root, report.file);
  const told = file && existsSync(file) ? report.count(JSON.parse(readFileSync(file, 'utf8')) as never) : undefined;
  const counted = countStep(isGood, told);
  totals.passed += counted.passed;
  totals.failed += counted.failed;
  totals.skipped += counted.skipped;
  return report && counted;
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
