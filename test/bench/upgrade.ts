// `npm run bench -- 200000`: an upgrade to phase 4 and to phase 5, and a backup, beside the least that they could take. See README.md.
import { copyFileSync, mkdirSync, mkdtempSync, rmSync, statSync } from 'node:fs';
import { loadavg, tmpdir } from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import { buildScaled } from '../support/kroma/scaled.ts';
import { measureStops } from './cancel.ts';
import { measureSpace } from './space.ts';
import { buildBundles, bundleOf, measureRequest, measureScript, type Measured } from './engine.ts';

const ROUNDS = 3;
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    growth: { type: 'boolean' },
    cancel: { type: 'boolean' },
    moments: { type: 'string' },
    space: { type: 'boolean' },
  },
});
const candidates = Number(positionals[0] ?? 200_000);
if (!Number.isSafeInteger(candidates) || candidates < 1)
  throw new Error('npm run bench -- [NUMBER_OF_CANDIDATES] [--growth] [--cancel [--moments N]] [--space]');

const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-bench-'));
try {
  await buildBundles();
  if (values.cancel === true) {
    await measureStops(writeLegacy(candidates), folder, bundleOf('engine'), Number(values.moments ?? 20));
  } else if (values.space === true) {
    await measureSpace(writeLegacy(candidates), folder, bundleOf('engine'));
  } else if (values.growth === true) {
    // Linear in the rows? A quarter, the whole, four times as many; once each, to the last phase.
    for (const size of [candidates / 4, candidates, candidates * 4]) {
      const legacy = writeLegacy(size);
      report([await measureRound(legacy, path.join(folder, 'growth'), 5)], size);
      rmSync(legacy);
    }
  } else {
    const legacy = writeLegacy(candidates);
    for (const toPhase of [4, 5]) {
      // Side by side in each round, so that a busy minute slows both.
      const rounds: Round[] = [];
      for (let round = 0; round < ROUNDS; round++)
        rounds.push(await measureRound(legacy, path.join(folder, `${round}`), toPhase));
      report(rounds, candidates);
    }
  }
} finally {
  rmSync(folder, { recursive: true, force: true });
}

function writeLegacy(size: number): string {
  const legacy = path.join(folder, `legacy-${size}.db`);
  const db = new Database(legacy);
  buildScaled(db, { candidates: size });
  db.close();
  return legacy;
}

type Subject = 'by hand' | 'run' | 'verdict' | 'copy + check' | 'backup';
type Round = Record<Subject, Measured> & {
  readonly megabytes: Record<'legacy' | 'upgraded', number>;
  readonly phase: number;
};

async function measureRound(legacy: string, here: string, phase: number): Promise<Round> {
  mkdirSync(here);
  const [byHand, ours] = [path.join(here, 'by-hand.db'), path.join(here, 'ours.db')];
  for (const file of [byHand, ours]) copyFileSync(legacy, file);
  const common = { appVersion: 'bench' };
  const copy = await measureScript('plain-copy', [legacy, path.join(here, 'copy.db')]);
  const backup = await measureRequest('backup', {
    ...{ ...common, path: ours, folder: path.join(here, 'one'), reason: 'bench', runId: null },
  });
  const hand = await measureScript('by-hand', [byHand, String(phase)]);
  const run = await measureRequest('run', {
    ...{ ...common, path: ours, toPhase: phase, fingerprint: null, runId: 'bench', isRemovalConfirmed: true },
    source: { kind: 'none' },
    ...{ backupFolder: path.join(here, 'backups'), lockFolder: path.join(here, 'locks') },
  });
  if (!run.value.ok) throw new Error(run.value.error?.message);
  const { toPhase, backup: made } = run.value;
  const verdict = await measureRequest('verify', { path: ours, toPhase, backupPath: made?.path ?? null });
  const unmet = verdict.value.checks.filter(({ state }) => state !== 'met');
  if (unmet.length > 0) throw new Error(`The verdict says no: ${unmet.map(({ id }) => id).join(', ')}`);
  const megabytes = { legacy: megabytesOf(legacy), upgraded: megabytesOf(ours) };
  rmSync(here, { recursive: true, force: true });
  return { 'by hand': hand, run, verdict, 'copy + check': copy, backup, megabytes, phase };
}

function megabytesOf(file: string): number {
  return statSync(file).size / 1e6;
}

function report(rounds: readonly Round[], size: number): void {
  const [first] = rounds;
  if (!first) return;
  console.log(
    `\n${size} candidates to phase ${first.phase}: ${first.megabytes.legacy.toFixed(0)} MB before, ` +
      `${first.megabytes.upgraded.toFixed(0)} MB after; load ${loadavg()[0]?.toFixed(1)}`,
  );
  const middle = (value: (round: Round) => number): number =>
    rounds.map(value).toSorted((a, b) => a - b)[Math.floor(rounds.length / 2)] ?? NaN;
  const line = (name: string, wall: string, cpu: string, memory: string): void =>
    console.log(`${name.padEnd(28)}${wall.padStart(10)}${cpu.padStart(10)}${memory.padStart(10)}`);
  const subject = (name: Subject): void =>
    line(
      name,
      `${middle((round) => round[name].seconds).toFixed(1)} s`,
      `${middle((round) => round[name].cpuSeconds).toFixed(1)} s`,
      `${middle((round) => round[name].peakMegabytes).toFixed(0)} MB`,
    );
  const ratio = (name: string, ours: readonly Subject[], beside: Subject): void => {
    const of = (unit: 'seconds' | 'cpuSeconds') =>
      `${middle((round) => ours.reduce((sum, each) => sum + round[each][unit], 0) / round[beside][unit]).toFixed(2)}x`;
    line(name, of('seconds'), of('cpuSeconds'), '');
  };
  line('', 'wall', 'CPU', 'peak');
  for (const name of ['by hand', 'run', 'verdict'] as const) subject(name);
  ratio('(run + verdict) / by hand', ['run', 'verdict'], 'by hand');
  for (const name of ['copy + check', 'backup'] as const) subject(name);
  ratio('backup / (copy + check)', ['backup'], 'copy + check');
}
