import { execFileSync } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdirSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect } from 'vitest';
import { type AppError, type Result, untouchedText } from '@shared/errors.ts';
import type { RunInput } from '@engine/run.ts';
import { buildLegacyOdd } from '../../../support/kroma/legacy.ts';
import { folderState } from '../../../support/folder-state.ts';
import type { Engine } from './engine.ts';

/** Any user but root; nothing on this machine needs to know the number. */
export const OTHER_UID = 65_534;
export const isRoot = process.getuid?.() === 0;
export const NOT_ROOT = 'skipped: needs root, to become another user';

/** Whether `command` works here, for cases that need a mount, a flag of the file system or a user namespace. */
export function canDo(command: string): boolean {
  try {
    execFileSync('sh', ['-c', command], { stdio: 'ignore', timeout: 5_000 });
    return true;
  } catch {
    return false;
  }
}

/** A folder with a database in it; everything else that Phasewise keeps of it lies outside that folder. */
export interface Sandbox {
  readonly folder: string;
  readonly file: string;
  readonly backupFolder: string;
  readonly lockFolder: string;
}

let template = '';
let count = 0;

/** A legacy Kroma database with every odd row, 300 kB; built once per spec file. */
export function templateDatabase(base: string): string {
  if (template !== '' && existsSync(template)) return template;
  template = path.join(base, 'template.db');
  const db = new Database(template);
  buildLegacyOdd(db);
  db.close();
  return template;
}

/** @param owner who owns all of it; root otherwise. @param from the database; the template otherwise. */
export function makeSandbox(
  base: string,
  { owner, from, name = 'project.db' }: { owner?: number; from?: string; name?: string } = {},
): Sandbox {
  const top = path.join(base, `case-${(count += 1)}`);
  const folder = path.join(top, 'project');
  const backupFolder = path.join(top, 'backups');
  const lockFolder = path.join(top, 'locks');
  for (const each of [top, folder, backupFolder, lockFolder]) mkdirSync(each, { mode: 0o755 });
  const file = path.join(folder, name);
  copyFileSync(from ?? templateDatabase(base), file);
  if (owner !== undefined)
    for (const each of [top, folder, backupFolder, lockFolder, file]) chownSync(each, owner, owner);
  return { folder, file, backupFolder, lockFolder };
}

let runs = 0;
export const runInput = ({ file, backupFolder, lockFolder }: Sandbox, change: Partial<RunInput> = {}): RunInput => ({
  ...{ path: file, toPhase: null, fingerprint: null, backupFolder, lockFolder, appVersion: '0.0.0' },
  ...{ runId: `run-${(runs += 1)}`, source: { kind: 'none' }, ...change },
});

/** A refused request may not take longer: nobody waits for a pipe or a link. */
const REFUSED_WITHIN_MS = 2_000;

export type Door = 'inspect' | 'plan' | 'run' | 'backup';
const doors: readonly Door[] = ['inspect', 'plan', 'run', 'backup'];

function knock(engine: Engine, door: Door, box: Sandbox): Promise<Result<unknown>> {
  const { file, backupFolder } = box;
  switch (door) {
    case 'inspect':
      return engine.ask('inspect', { path: file, check: 'data' });
    case 'plan':
      return engine.ask('plan', { path: file, toPhase: null, backupFolder });
    case 'run':
      return engine.ask('run', runInput(box));
    case 'backup':
      return engine.ask('backup', {
        path: file,
        folder: backupFolder,
        reason: 'by hand',
        runId: null,
        appVersion: '0',
      });
  }
}

/**
 * Asks the engine for everything that can be wanted of a file. Each must be refused with a code, in time, with the
 * sentence that nothing was changed, and that must be true: bytes, names, modes and times of the folder.
 * @returns the codes by request; `null` where it was not refused.
 */
export async function refusals(
  engine: Engine,
  box: Sandbox,
  { only = doors, withinMs = REFUSED_WITHIN_MS }: { only?: readonly Door[]; withinMs?: number } = {},
): Promise<Partial<Record<Door, string | null>>> {
  const found: Partial<Record<Door, string | null>> = {};
  for (const door of only) {
    const before = folderState(box.folder);
    const startedAt = performance.now();
    const result = await knock(engine, door, box);
    const tookMs = performance.now() - startedAt;
    found[door] = result.ok ? null : result.error.code;
    if (result.ok) continue;
    expect(result.error.code, `${door}: ${result.error.message}`).not.toBe('E_INTERNAL');
    expect(folderState(box.folder), `${door} left the folder as it was`).toEqual(before);
    expect(tookMs, `${door} did not hang`).toBeLessThan(withinMs);
    expectUntouched(result.error, door);
    expect(readdirSync(box.backupFolder), `${door} left no backup`).toEqual([]);
    expect(readdirSync(box.lockFolder), `${door} left no lock`).toEqual([]);
  }
  return found;
}

export function expectUntouched(error: AppError, what: string): void {
  const said = `${what} says that nothing was changed: ${error.code} ${error.message}`;
  expect(error.safety, said).toBe(untouchedText(error.code));
  expect(error.message, `${what} has no stack trace`).not.toMatch(/\n\s+at |node:internal/);
}

/** The same answer from every door. */
export const everywhere = (code: string, only: readonly Door[] = doors): Partial<Record<Door, string>> =>
  Object.fromEntries(only.map((door) => [door, code]));

/** Runs the upgrade and asks for the verdict. @returns the checks that do not hold; null when all is well. */
export async function upgradeAndVerify(engine: Engine, box: Sandbox): Promise<string | null> {
  const run = await engine.ask('run', runInput(box), { limitMs: 900_000 });
  if (!run.ok) return `${run.error.code}: ${run.error.message}`;
  if (!run.value.ok) return `${run.value.error?.code}: ${run.value.error?.message}`;
  const toPhase = run.value.toPhase;
  const backupPath = run.value.backup?.path ?? null;
  const verdict = await engine.ask('verify', { path: box.file, toPhase, backupPath }, { limitMs: 900_000 });
  if (!verdict.ok) return `${verdict.error.code}: ${verdict.error.message}`;
  return verdict.value.checks.find(({ state }) => state !== 'met')?.summary ?? null;
}

/** A folder that other users can enter, unlike those of the system's own for tests. */
export function openFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'phasewise-inputs-'));
  execFileSync('chmod', ['0755', folder]);
  return folder;
}

export const put = (file: string, content: Buffer | string): void => writeFileSync(file, content);
