import path from 'node:path';
import type { WholeReport } from '@shared/channels.ts';
import { Manifest } from '@shared/manifest.ts';
import type { BackupRecord, RunReport, RunSnapshot } from '@shared/run.ts';
import type { EarlierBackup } from '@engine/protocol.ts';
import { defaultBackupFolder } from './databases.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { readText } from './json-file.ts';
import { partsFrom } from './open-work.ts';
import { statsOf } from './stats.ts';
import { readWorks, type Work } from './works.ts';

/**
 * The upgrades that one beginning now goes on from, as far as the journals tell, oldest first: those since the last proven
 * one that had made a backup, also where a person left them as they were. A restore leads on to what made its backup.
 */
export const earlierParts = (dataFolder: string, databasePath: string): Work[] =>
  partsFrom(readWorks(dataFolder, databasePath), 0)
    .filter(({ backupPath }) => backupPath !== null)
    .reverse();

/**
 * What the verdict on an upgrade has to compare with beside its own backup: the backups of the earlier parts, oldest
 * first. What came before a part that a person left as it is was accepted with it.
 */
export function earlierBackups(parts: readonly Work[]): EarlierBackup[] {
  return parts
    .slice(parts.findLastIndex(({ isClosed }) => isClosed) + 1)
    .flatMap(({ runId, backupPath, path: database }) =>
      backupPath === null ? [] : [{ runId, backupPath: placeNow(backupPath, database) }],
    );
}

/** Moved into the usual folder meanwhile, it is the same backup still. */
function placeNow(backupPath: string, database: string): string {
  const moved = path.join(defaultBackupFolder(database), path.basename(backupPath));
  return statsOf(backupPath) === undefined && statsOf(moved) ? moved : backupPath;
}

/** A run that may go on from earlier parts. */
export interface ContinuingRun {
  readonly parts: readonly Work[];
  readonly snapshot: Pick<RunSnapshot, 'steps'>;
  readonly stop: AbortController;
  /** The process that is asked: whoever stops the run ends it. */
  child: EngineChild | null;
}

/**
 * The report of an upgrade that went on from earlier parts, told as the whole of it: where it began, every step and every
 * backup, that of the original first, and what was kept. The engine has counted over all parts. What is gone since is not named, nor is a
 * part that the file itself does not know: another file may lie there by now. A wish to stop leaves it as it is.
 */
export async function asWhole(engines: Engines, run: ContinuingRun, report: RunReport): Promise<WholeReport> {
  const parts = run.parts.filter(({ runId }) => report.continuedRuns?.includes(runId));
  const [first] = parts;
  if (first === undefined || report.backup === null || run.stop.signal.aborted) return report;
  const own = report.backups ?? [report.backup];
  const { steps } = run.snapshot;
  const { known, isListed } = await recordsOf(engines, run, parts);
  const original = known.find(({ path: at }) => at === first.backupPath) ?? null;
  const earlierKeptIn = parts.flatMap(({ keptIn }) => (keptIn !== null && statsOf(keptIn) ? [keptIn] : []));
  const whyNone = statsOf(first.backupPath ?? '') === undefined ? 'gone' : isListed ? 'broken' : 'unread';
  return {
    ...report,
    fromPhase: first.started.plan?.fromPhase ?? null,
    migrations: [...appliedBefore(parts, steps, report), ...report.migrations],
    backups: [...known, ...own],
    tables: withRowsOf(original, report.tables),
    ...(earlierKeptIn.length > 0 ? { earlierKeptIn } : {}),
    continues: {
      ...{ runIds: parts.map(({ runId }) => runId), startedAt: first.startedAt, original },
      ...(original === null ? { whyNone } : {}),
    },
  };
}

/**
 * What the earlier parts have applied, by the file: whoever was killed may not have written down the last step any more;
 * how long that took is not known then.
 */
function appliedBefore(parts: readonly Work[], steps: RunSnapshot['steps'], { migrations }: RunReport) {
  const again = new Set(migrations.map(({ id }) => id));
  const atStart = parts.find((part) => part.steps.length > 0)?.steps ?? [];
  const wasThere = new Set(atStart.filter(({ isApplied }) => isApplied).map(({ migrationId }) => migrationId));
  const times = new Map(parts.flatMap(({ applied }) => applied.map(({ migrationId, ms }) => [migrationId, ms])));
  return steps
    .filter(({ state, migrationId: id }) => state === 'applied' && !again.has(id) && !wasThere.has(id))
    .map(({ migrationId: id, title }) => ({ id, title, ms: times.get(id) ?? 0 }));
}

/** The backups of the parts that are still there and good, in their order. `isListed`: somebody could look at them. */
async function recordsOf(
  engines: Engines,
  run: ContinuingRun,
  parts: readonly Work[],
): Promise<{ known: BackupRecord[]; isListed: boolean }> {
  const wanted = parts.flatMap(({ backupPath }) => (backupPath !== null && statsOf(backupPath) ? [backupPath] : []));
  const [first] = parts;
  if (first === undefined || wanted.length === 0) return { known: [], isListed: true };
  const folders = [...new Set([defaultBackupFolder(first.path), ...wanted.map((file) => path.dirname(file))])];
  const asked = engines.askAlone(first.path, 'listBackups', { folders, databasePath: first.path });
  run.child = asked.child;
  const listed = await asked.answer.finally(() => (run.child = null));
  if (!listed.ok) return { known: [], isListed: false };
  const good = listed.value.filter(({ state, verified }) => verified && state === 'verified');
  return { known: wanted.flatMap((file) => good.find((record) => record.path === file) ?? []), isListed: true };
}

/** "Before" is before the first part. */
function withRowsOf(original: BackupRecord | null, tables: RunReport['tables']): RunReport['tables'] {
  const rows = original && tableRows(original);
  if (!rows) return tables;
  const theirs = Object.keys(rows).filter((name) => !/^(_phasewise_|sqlite_)/.test(name));
  const names = [...new Set([...theirs, ...tables.map(({ name }) => name)])].toSorted();
  const after = new Map(tables.map(({ name, rowsAfter }) => [name, rowsAfter]));
  return names.map((name) => ({ name, rowsBefore: rows[name] ?? null, rowsAfter: after.get(name) ?? null }));
}

function tableRows({ folder, id }: BackupRecord): Record<string, number> | null {
  try {
    const manifest = readText(path.join(folder, `${id}.json`));
    return Manifest.pick({ tableRows: true }).parse(JSON.parse(manifest)).tableRows;
  } catch {
    return null; // only the counts of this part are known then
  }
}
