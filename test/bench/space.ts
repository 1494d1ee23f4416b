// `npm run bench -- 200000 --space`: what an upgrade really takes on each disk, beside what the plan said. See README.md.
import { chmodSync, copyFileSync, existsSync, mkdirSync, readdirSync, readlinkSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { createHost } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import type { EngineProcess } from '@host/engine-process.ts';

const LOOK_EVERY_MS = 4;
type Disk = 'database' | 'backup' | 'temporary';
export type Peaks = Record<Disk | 'journal' | 'growth' | 'trial', number>;

/** Runs upgrades of `legacy` in both journal modes and to both ends, and prints peak use beside the plan's numbers. */
export async function measureSpace(legacy: string, folder: string, engine: string): Promise<void> {
  for (const mode of ['delete', 'wal'])
    for (const toPhase of [1, 4, 5]) {
      const { needs, peaks, databaseBytes } = await measureOne(
        legacy,
        path.join(folder, 'space'),
        engine,
        mode,
        toPhase,
      );
      const share = (bytes: number) => (bytes / databaseBytes).toFixed(2).padStart(7);
      const of = (disk: Disk) => `${disk} ${share(peaks[disk])} of ${share(needs[disk])}`;
      console.log(
        `${mode.padEnd(7)}phase ${toPhase}  ${(databaseBytes / 1e6).toFixed(1)} MB: ${of('database')}, ${of('backup')}, ${of('temporary')}; ` +
          `growth ${share(peaks.growth)}, journal ${share(peaks.journal)}`,
      );
    }
}

/** @returns what the plan said must be free, and the most that was in use beyond what was there before, per disk. */
export async function measureOne(original: string, folder: string, engine: string, mode: string, toPhase: number) {
  mkdirSync(folder);
  const file = path.join(folder, 'project.db');
  copyFileSync(original, file);
  chmodSync(file, 0o600);
  new Database(file).exec(`PRAGMA journal_mode = ${mode}`).close();
  const engines = new Set<EngineProcess>();
  const host = createHost({
    dataFolder: path.join(folder, 'data'),
    appVersion: 'bench',
    spawn: () => {
      const child = spawnWithNode(engine)();
      engines.add(child);
      child.onExit(() => engines.delete(child));
      return child;
    },
  });
  const opened = host.databases.open(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const backupFolder = path.join(folder, 'backups');
  const planned = await host.looks.plan(opened.value, toPhase, { backupFolder, source: { kind: 'none' } });
  if (!planned.ok) throw new Error(planned.error.message);
  const { space } = planned.value;
  const databaseBytes = statSync(file).size;
  const peaks: Peaks = { database: 0, backup: 0, temporary: 0, journal: 0, growth: 0, trial: 0 };
  const most = (name: keyof Peaks, bytes: number) => (peaks[name] = Math.max(peaks[name], bytes));
  const look = (): void => {
    const growth = sizeOf(file) - databaseBytes;
    const journal = sizeOf(`${file}-wal`) + sizeOf(`${file}-journal`);
    most('growth', growth);
    most('journal', journal);
    most('database', growth + journal);
    most('backup', sizesIn(backupFolder));
    most(
      'temporary',
      [...engines].reduce((sum, { pid }) => sum + deletedBytes(pid), 0),
    );
  };
  const timer = setInterval(look, LOOK_EVERY_MS);
  const started = host.runs.start(opened.value, {
    ...{ toPhase, fingerprint: null, plan: null, backupFolder, source: { kind: 'none' }, isRemovalConfirmed: true },
  });
  if (!started.ok) throw new Error(started.error.message);
  const run = await started.value.done;
  clearInterval(timer);
  host.close();
  if (run.state !== 'completed') throw new Error(run.error?.message);
  rmSync(folder, { recursive: true });
  const needs = { database: 0, backup: 0, temporary: 0 };
  for (const part of space.parts ?? []) needs[part.disk] += part.bytes;
  return { needs, peaks, databaseBytes };
}

const sizeOf = (file: string): number => statSync(file, { throwIfNoEntry: false })?.size ?? 0;
const sizesIn = (folder: string): number =>
  existsSync(folder) ? readdirSync(folder).reduce((sum, name) => sum + sizeOf(path.join(folder, name)), 0) : 0;

/** Files that a process has open and that have no name any more: SQLite's temporary files. Linux only. */
function deletedBytes(pid: number | undefined): number {
  const fds = `/proc/${pid}/fd`;
  try {
    return readdirSync(fds)
      .filter((fd) => /etilqs|sqlite/.test(linkOf(path.join(fds, fd))))
      .reduce((sum, fd) => sum + sizeOf(path.join(fds, fd)), 0);
  } catch {
    return 0;
  }
}
function linkOf(link: string): string {
  try {
    return readlinkSync(link);
  } catch {
    return '';
  }
}
