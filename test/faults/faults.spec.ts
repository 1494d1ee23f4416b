import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { root } from '../../build/layout.mjs';
import { temporaryFolder } from '../support/temporary.ts';
import { buildBundles } from './engine/bundles.ts';
import type { Figures } from './report.ts';

/**
 * A part of `npm run faults` that fits into every run of the specs: other points each time, the seed is in the output.
 * The whole is thousands of faults, and a matter of minutes.
 */
const folder = temporaryFolder();
const engine = path.join(root, '.vite/faults', `spec-${process.pid}`);
beforeAll(() => buildBundles(engine).then(() => {}), 60_000);
afterAll(() => rmSync(engine, { recursive: true, force: true }));

async function runHarness(name: string, options: readonly string[]): Promise<{ figures: Figures; output: string }> {
  const json = path.join(folder, `${name}.json`);
  const main = path.join(root, 'test/faults/main.mjs');
  const running = spawn(process.execPath, ['--no-warnings', main, '--json', json, '--engine', engine, ...options], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  running.stdout.setEncoding('utf8').on('data', (text: string) => (output += text));
  await once(running, 'close');
  return { figures: JSON.parse(readFileSync(json, 'utf8')) as Figures, output };
}

const limit = { timeout: 400_000 }; // one trial that hangs is given up after 90 s and its pause, and told
/** How many come to pass in the time is a matter of the machine: it is asked only that there were any. */
const sums = ({ cells }: Figures, column: RegExp): number =>
  Object.values(cells)
    .flatMap((row) => Object.entries(row))
    .filter(([name]) => column.test(name))
    .reduce((sum, [, { faults }]) => sum + faults, 0);

describe('the engine, disturbed', () => {
  let figures: Figures;
  let output = '';

  beforeAll(async () => {
    const options = [
      '--only',
      'faults',
      '--trials',
      '260',
      '--minutes',
      '0.2',
      '--database',
      'kroma-wal,shop,shop-utf16',
    ];
    ({ figures, output } = await runHarness('faults', options));
    console.info(output.trim().split('\n').at(-1));
  }, limit.timeout);

  it('A01 A02 A03 A04 A05 A06 A07 A08: killed before any call, is as before or at a whole step, and carries on', () => {
    expectNone(violationsOf(figures, /KILL|kill/));
    expect(sums(figures, /^kill$/)).toBeGreaterThan(0);
  });

  it('A18: killed while recovering from a kill, converges', () => {
    expectNone(figures.violations.filter(({ flow }) => / again$|^resume$/.test(flow)));
  });

  it('P07 P08 P12 S04: an error of the disk, or a full one, at any call is told and leaves nothing half done', () => {
    expectNone(violationsOf(figures, /EIO|ENOSPC|EDQUOT|EMFILE/));
    expect(sums(figures, /^(EIO|ENOSPC|EDQUOT|EMFILE|read error)/)).toBeGreaterThan(0);
  });

  it('A15 A16 P09 S03: paused, without memory, cut short, starved, raced or interfered with, keeps its promise', () => {
    expectNone(figures.violations);
  });

  it('keeps its promise where strace may not trace, as far as switches can show', limit, async () => {
    const options = [
      '--only',
      'faults',
      '--no-strace',
      '--trials',
      '60',
      '--minutes',
      '0.08',
      '--database',
      'shop-wal',
      '--flow',
      'backup,upgrade,restore-by-file',
    ];
    const fallback = await runHarness('switches', options);
    expect(fallback.output).toContain('Without strace');
    expectNone(fallback.figures.violations);
    expect(fallback.figures.faults).toBeGreaterThan(0);
  });
});

const violationsOf = ({ violations }: Figures, fault: RegExp): Figures['violations'] =>
  violations.filter((violation) => fault.test(violation.fault));

/** Each with the line that repeats it: the points are others the next time. */
function expectNone(violations: Figures['violations']) {
  const told = violations.map(({ line, problems }) => `${line}\n${problems.join('\n')}`);
  expect(told, told.join('\n\n')).toEqual([]);
}
