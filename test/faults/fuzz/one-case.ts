import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { errorCodes, type Result } from '@shared/errors.ts';
import type { EngineRequestName, EngineRequests } from '@engine/protocol.ts';
import type { EngineChild } from '@host/engine-process.ts';
import { mutantOf, type Mutant } from './mutate.ts';
import { randomOf } from './random.ts';
import type { SeedFile } from './seeds.ts';

/** What became of one damaged file. */
export interface CaseResult {
  readonly number: number;
  readonly what: string;
  /** `request code` for everything that was asked. */
  readonly outcomes: readonly string[];
  /** What must never be. */
  readonly violations: readonly string[];
  /** The engine process ended by itself, or was ended because it took too long. */
  readonly didDie: boolean;
}

/** A look at a file of a few dozen pages takes 20 ms; what takes so long hangs. */
const LIMIT_MS = 10_000;
/** Every so manyeth file that could be looked at is upgraded too. */
const RUN_EVERY = 25;

/**
 * Damages a seed as the number says, has the result looked at, and then planned or backed up and restored (some: upgraded
 * too), each asked of a warm engine process with a watchdog.
 */
export async function runCase(
  seeds: readonly SeedFile[],
  seed: number,
  number: number,
  { engine, folder }: { engine: EngineChild; folder: string },
): Promise<CaseResult> {
  const random = randomOf(seed, number);
  const mutant = mutantOf(seeds, random);
  const room = path.join(folder, `case-${number}`);
  const file = writeMutant(mutant, path.join(room, 'project'));
  writeFileSync(path.join(room, 'victim.txt'), 'a file of the user beside it');
  const outcomes: string[] = [];
  const violations: string[] = [];
  const before = treeOf(room);

  const ask = async <K extends EngineRequestName>(name: K, input: EngineRequests[K]['input']) => {
    const result = await engine.ask(name, input, { limitMs: LIMIT_MS });
    outcomes.push(`${name} ${codeOf(result)}`);
    const code = codeOf(result);
    // E_INTERNAL is what a bug is called: nobody can act on it.
    if (code !== 'ok' && (!known.has(code) || code === 'E_INTERNAL'))
      violations.push(`${name} answered ${code}: ${result.ok ? '' : result.error.message}`);
    return result.ok ? result.value : null;
  };
  const backups = path.join(room, 'backups');
  const isFull = random.isOnce(3);
  const looked = await ask('inspect', { path: file, check: isFull ? 'data' : 'schema' });
  // One or the other: another damaged file says more than a second question about this one. Where the schema could be read,
  // a plan takes twenty times as long as a look, and is the same for most of them.
  const isPlanned = random.isOnce(looked === null ? 2 : 8);
  if (isPlanned) await ask('plan', { path: file, toPhase: 4, backupFolder: backups });
  violations.push(...differences(before, treeOf(room)).map((difference) => `a look changed ${difference}`));
  const common = { appVersion: '0', runId: null };
  const backup = isPlanned ? null : await ask('backup', { path: file, folder: backups, reason: 'fuzz', ...common });
  if (backup) {
    if (sha256(backup.path) !== backup.sha256) violations.push('a backup is not what its record says');
    await ask('restore', {
      backupPath: backup.path,
      path: file,
      backupFolder: backups,
      appVersion: '0',
      allowForeign: false,
    });
  }
  if (looked && number % RUN_EVERY === 0) {
    const run = { path: file, toPhase: 4, fingerprint: null, backupFolder: backups, runId: 'fuzz', appVersion: '0' };
    const report = await ask('run', { ...run, lockFolder: path.join(room, 'locks') });
    if (report?.ok === true) await ask('verify', { path: file, toPhase: 4, backupPath: report.backup?.path ?? null });
  }
  if (existsSync(path.join(room, 'victim.txt')) === false) violations.push("a file of the user's was removed");
  const didDie = outcomes.some((outcome) => /E_WORKER_DIED|E_TIMEOUT|E_NO_MEMORY/.test(outcome));
  const result = { number, what: `${mutant.from}: ${mutant.what.join('; ')}`, outcomes, violations, didDie };
  rmSync(room, { recursive: true, force: true });
  return result;
}

const known: ReadonlySet<string> = new Set(errorCodes);
const codeOf = (result: Result<unknown>): string => (result.ok ? 'ok' : result.error.code);
const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

/** Writes the file and what lies beside it. @returns its path. */
export function writeMutant(mutant: Mutant, folder: string): string {
  mkdirSync(folder, { recursive: true });
  const file = path.join(folder, 'project.db');
  writeFileSync(file, mutant.main);
  if (mutant.wal) writeFileSync(`${file}-wal`, mutant.wal);
  if (mutant.journal) writeFileSync(`${file}-journal`, mutant.journal);
  return file;
}

/** Content of everything below a folder, by name. */
function treeOf(folder: string): Map<string, string> {
  const names = readdirSync(folder, { recursive: true, withFileTypes: true });
  return new Map(
    names.map((entry) => {
      const full = path.join(entry.parentPath, entry.name);
      return [path.relative(folder, full), entry.isFile() ? sha256(full) : 'folder'];
    }),
  );
}

const differences = (before: Map<string, string>, after: Map<string, string>): string[] =>
  [...new Set([...before.keys(), ...after.keys()])].filter((name) => before.get(name) !== after.get(name));
