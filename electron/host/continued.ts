import path from 'node:path';
import type { WholeReport } from '@shared/channels.ts';
import { Manifest } from '@shared/manifest.ts';
import type { BackupRecord, RunReport, RunSnapshot } from '@shared/run.ts';
import type { EarlierBackup } from '@engine/protocol.ts';
import { defaultBackupFolder } from './databases.ts';
import { isUnknown, lookOnDrives } from './drives.ts';
import type { EngineChild } from './engine-process.ts';
import type { Engines } from './engines.ts';
import { insideOf, textOn } from './on-drives.ts';
import { partsFrom } from './open-work.ts';
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
export async function earlierBackups(parts: readonly Work[]): Promise<EarlierBackup[]> {
  const earlier: EarlierBackup[] = [];
  for (const { runId, backupPath, path: database } of parts.slice(parts.findLastIndex(({ isClosed }) => isClosed) + 1))
    if (backupPath !== null) earlier.push({ runId, backupPath: await placeNow(backupPath, database) });
  return earlier;
}

/**
 * Moved into the usual folder meanwhile, it is the same backup still, also where nobody knows whether it lies at its first
 * place, too: the verdict reads whichever it is given.
 */
async function placeNow(backupPath: string, database: string): Promise<string> {
  if (typeof (await lookOnDrives(backupPath, true)) === 'object') return backupPath;
  const moved = path.join(defaultBackupFolder(database), path.basename(backupPath));
  return typeof (await lookOnDrives(moved, true)) === 'object' ? moved : backupPath;
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
 * @param isStopped since before this was begun; a wish that comes later ends the look at the backups alone.
 */
export async function asWhole(
  engines: Engines,
  run: ContinuingRun,
  report: RunReport,
  isStopped = run.stop.signal.aborted,
): Promise<WholeReport> {
  const parts = run.parts.filter(({ runId }) => report.continuedRuns?.includes(runId));
  const [first] = parts;
  if (first === undefined || report.backup === null || isStopped) return report;
  const own = report.backups ?? [report.backup];
  const { steps } = run.snapshot;
  const { known, isListed } = await recordsOf(engines, run, parts);
  const original = known.find(({ path: at }) => at === first.backupPath) ?? null;
  const earlierKeptIn: string[] = [];
  for (const { keptIn } of parts) if (keptIn !== null && (await mayBeThere(keptIn))) earlierKeptIn.push(keptIn);
  const place = await lookOnDrives(first.backupPath ?? '', true);
  const whyNone = place === 'nothing' ? 'gone' : typeof place === 'object' && isListed ? 'broken' : 'unread';
  return {
    ...report,
    fromPhase: first.started.plan?.fromPhase ?? null,
    migrations: [...appliedBefore(parts, steps, report), ...report.migrations],
    backups: [...known, ...own],
    tables: await withRowsOf(original, report.tables),
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
  const wanted: string[] = [];
  for (const { backupPath } of parts)
    if (backupPath !== null && (await mayBeThere(backupPath))) wanted.push(backupPath);
  const [first] = parts;
  if (first === undefined || wanted.length === 0) return { known: [], isListed: true };
  const all = new Set([defaultBackupFolder(first.path), ...wanted.map((file) => path.dirname(file))]);
  const folders = await answering([...all]);
  if (folders.length === 0 || run.stop.signal.aborted) return { known: [], isListed: false };
  const asked = engines.askAlone(first.path, 'listBackups', { folders, databasePath: first.path });
  run.child = asked.child;
  const listed = await asked.answer.finally(() => (run.child = null));
  if (!listed.ok) return { known: [], isListed: false };
  const good = listed.value.filter(({ state, verified }) => verified && state === 'verified');
  return { known: wanted.flatMap((file) => good.find((record) => record.path === file) ?? []), isListed: true };
}

/** "Before" is before the first part. */
async function withRowsOf(original: BackupRecord | null, tables: RunReport['tables']): Promise<RunReport['tables']> {
  const rows = original && (await tableRows(original));
  if (!rows) return tables;
  const theirs = Object.keys(rows).filter((name) => !/^(_phasewise_|sqlite_)/.test(name));
  const names = [...new Set([...theirs, ...tables.map(({ name }) => name)])].toSorted();
  const after = new Map(tables.map(({ name, rowsAfter }) => [name, rowsAfter]));
  return names.map((name) => ({ name, rowsBefore: rows[name] ?? null, rowsAfter: after.get(name) ?? null }));
}

async function tableRows({ folder, id }: BackupRecord): Promise<Record<string, number> | null> {
  const read = await textOn(path.join(folder, `${id}.json`));
  if (typeof read !== 'object' || !('text' in read)) return null;
  try {
    return Manifest.pick({ tableRows: true }).parse(JSON.parse(read.text)).tableRows;
  } catch {
    return null; // only the counts of this part are known then
  }
}

/** Of what nobody knows it is not said that it is gone. */
async function mayBeThere(file: string): Promise<boolean> {
  const seen = await lookOnDrives(file, true);
  return typeof seen === 'object' || isUnknown(seen);
}

/** One folder that hangs would keep the engine from telling of the others. */
async function answering(folders: readonly string[]): Promise<string[]> {
  const answer: string[] = [];
  for (const folder of folders) if ((await lookOnDrives(insideOf(folder), true)) !== 'silent') answer.push(folder);
  return answer;
}
