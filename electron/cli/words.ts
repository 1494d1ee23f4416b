import type { WholeReport } from '@shared/channels.ts';
import { aboutOrigin } from '@shared/origin-words.ts';
import { aboutOriginal } from '@shared/original-words.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { BackupRecord, Plan, RunReport, SourceCoverage } from '@shared/run.ts';
import type { DatabaseStatus, PhaseState } from '@shared/status.ts';
import { sizeText } from '@shared/sizes.ts';
import type { BegunWay } from '@host/begun-way.ts';
import { printable } from '@host/printable.ts';
import { migrateLine, recoveryText } from './recovery-words.ts';
import { commandLine } from './suggested.ts';

export const number = (value: number): string => value.toLocaleString('en-US');
export const some = (count: number, one: string, many = `${one}s`): string =>
  `${number(count)} ${count === 1 ? one : many}`;
/** Of work that went on without what lay beside the file: empty where it lost nothing. */
export const keptLines = (keptIn: string | undefined): string[] =>
  keptIn === undefined
    ? []
    : [
        `The last changes of another program may be missing: SQLite could not read everything in the journal or log beside the file. File, journal and log are kept as they were found: ${printable(keptIn)}`,
      ];
const phaseText = (phase: number | null): string => (phase === null ? 'none' : `phase ${phase}`);
const milliseconds = (ms: number): string => (ms < 1_000 ? `${Math.round(ms)} ms` : `${(ms / 1_000).toFixed(1)} s`);

/** The words of the window, which docs/reference.md lists. */
export const phaseMarks: Record<PhaseState, string> = {
  done: 'done',
  attention: 'needs attention',
  running: 'under way',
  next: 'can be started',
  'not-started': 'not started',
  unavailable: 'not part of this version',
};

/** `2026-11-21 22:19:05 +01:00`: the computer's time for people, with its offset. JSON keeps ISO times in UTC. */
export function localTime(iso: string): string {
  const at = new Date(iso);
  if (Number.isNaN(at.getTime())) return iso;
  const offset = -at.getTimezoneOffset();
  const two = (value: number) => String(value).padStart(2, '0');
  const day = [at.getFullYear(), two(at.getMonth() + 1), two(at.getDate())].join('-');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  const zone = [Math.floor(Math.abs(offset) / 60), Math.abs(offset) % 60].map(two).join(':');
  return `${day} ${time} ${offset < 0 ? '-' : '+'}${zone}`;
}

/** @param way of an upgrade that was left where it stopped. */
export function statusText(
  status: DatabaseStatus,
  recovery: Recovery | null = null,
  way: BegunWay = { backupFolder: null, source: null },
): string {
  const { file, scoreCard: card } = status;
  const isNewer = file.readOnlyReason?.code === 'E_NEWER_SCHEMA';
  const lines = [
    `${printable(file.name)}: ${status.pack.title}, ${status.variant.title} (${sizeText(file.sizeBytes)})`,
    status.variant.description,
    status.health.summary,
    '',
    `Reached: ${phaseText(status.phaseReached)}`,
    ...status.phases.map((phase) => `  ${phase.number}  ${phase.name}: ${phaseMarks[phase.state]}`),
    '',
    `Tables: ${card.aligned} of ${card.canonicalTables} aligned, ${card.legacyName} under a legacy name, ` +
      `${card.wrongColumns} with wrong columns, ${card.missing} missing; ${some(card.indexesMissing, 'index', 'indexes')} missing`,
    // Beyond it nothing is pending, and a lower phase to be reached would only confuse.
    ...(isNewer || (status.phaseReached ?? -1) > status.defaultTarget ? [] : [pendingText(status)]),
    ...status.drift.map((drift) => `Drift: ${printable(drift.object)}: ${printable(drift.finding)}`),
    ...status.issues.map(
      (issue) => `Issue rows: ${number(issue.count)} in ${printable(issue.sourceTable)}: ${printable(issue.title)}`,
    ),
  ];
  if (status.unfinishedRun && !isNewer && recovery === null) lines.push(leftText(status, way));
  if (recovery === null && !file.readOnlyReason) lines.push(...lastPhaseLines(status));
  if (file.readOnlyReason)
    lines.push(
      `Cannot be changed: ${printable(file.readOnlyReason.message)} ${printable(file.readOnlyReason.nextStep)} (${file.readOnlyReason.code})`,
    );
  if (recovery === null) return lines.join('\n');
  return withRecovery(
    lines.join('\n'),
    recovery,
    recoveryText(recovery, file.path, isRemoving(status, recovery.toPhase)),
  );
}

function pendingText({ defaultTarget, phaseReached, pending }: DatabaseStatus): string {
  return pending.length === 0 && phaseReached === defaultTarget
    ? `Nothing is pending: phase ${defaultTarget} is reached, the last that removes nothing.`
    : `Pending for phase ${defaultTarget}: ${some(pending.length, 'migration')}`;
}

/** At the goal, what else there is: no more than a look at it, since what it removes is gone for good. */
function lastPhaseLines({ defaultTarget, phaseReached, phases, file, unfinishedRun }: DatabaseStatus): string[] {
  const last = phases.find(({ number: each, state }) => each === defaultTarget + 1 && state === 'next');
  if (phaseReached !== defaultTarget || unfinishedRun || !last?.removesAnything) return [];
  return [
    `Next: use it as usual. Once no older program needs the old names, phase ${last.number} (${last.name}) removes them for good;`,
    `to see what it would do: ${commandLine('plan', file.path, '--to', String(last.number))}`,
  ];
}

/** An unfinished restore comes first: until it is settled nobody knows which file the rest speaks of. */
export const withRecovery = (text: string, { kind }: Recovery, told: string): string =>
  kind === 'restore' ? `${told}\n\n${text}` : `${text}\n\n${told}`;

/** One quiet line: whoever left it as it is knows. */
function leftText(status: DatabaseStatus, way: BegunWay): string {
  const { toPhase, stoppedAt } = status.unfinishedRun ?? { toPhase: status.defaultTarget, stoppedAt: '' };
  const goOn = migrateLine(status.file.path, { ...way, toPhase, removes: isRemoving(status, toPhase) });
  return `The upgrade to phase ${toPhase} stands at “${printable(stoppedAt)}”. To go on: ${goOn}`;
}

const isRemoving = ({ phases, phaseReached }: DatabaseStatus, toPhase: number | null): boolean =>
  phases.some(
    ({ number: each, removesAnything }) =>
      removesAnything && toPhase !== null && each <= toPhase && each > (phaseReached ?? -1),
  );

export function planText(plan: Plan): string {
  if (plan.steps.length === 0 && (plan.fromPhase ?? -1) >= plan.toPhase)
    return `There is nothing to do: phase ${plan.toPhase} is reached.`;
  const lines = [
    plan.steps.length === 0
      ? `From ${phaseText(plan.fromPhase)} to phase ${plan.toPhase}: a backup and the checks of the phase, no migration.`
      : `From ${phaseText(plan.fromPhase)} to phase ${plan.toPhase}, ${some(plan.steps.length, 'migration')}:`,
  ];
  for (const step of plan.steps) {
    const rows = step.rows > 0 ? `, about ${some(step.rows, 'row')}` : '';
    lines.push(
      `  ${step.migrationId}  ${step.title} (${step.reason}${rows})`,
      ...step.what.map((what) => `      ${printable(what)}`),
    );
  }
  lines.push('', plan.removesAnything ? 'Something is removed for good.' : 'Nothing is removed.');
  if (plan.olderPrograms) lines.push(plan.olderPrograms);
  const { backupBytes, growthBytes, needBytes, freeBytes } = plan.space;
  const growth = growthBytes > 0 ? `, the file grows by about ${sizeText(growthBytes)}` : '';
  lines.push(
    `Space: the backup takes about ${sizeText(backupBytes)}${growth}; ` +
      `up to ${sizeText(needBytes)} must be free, ${sizeText(freeBytes)} are.`,
    ...spaceLines(plan.space),
  );
  if (plan.timeSeconds)
    lines.push(`Time: ${Math.round(plan.timeSeconds.min)} to ${Math.round(plan.timeSeconds.max)} s.`);
  if (plan.source) lines.push(sourceText(plan.source));
  for (const { count, title } of plan.gating) lines.push(`In the way: ${some(count, 'row')}: ${printable(title)}`);
  lines.push(`Backup goes to: ${printable(plan.backupFolder)}`);
  for (const finding of plan.preflight.filter((found) => found.state !== 'ok')) {
    const what = finding.state === 'blocking' ? 'Prevents the upgrade' : 'Note';
    lines.push(`${what}: ${findingText(finding)}`);
  }
  return lines.join('\n');
}

/** Some details are the second half of their title, as the window shows them below it. */
const findingText = ({ id, title, detail }: Plan['preflight'][number]): string =>
  printable(id === 'in-use' ? `${title}: ${detail.replace(/^Close/, 'close')}` : detail);

const disks = {
  database: ['the disk of the database', 'freeBytes'],
  backup: ['the disk of the backup', 'backupFreeBytes'],
  temporary: ['the disk for temporary files', 'temporaryFreeBytes'],
} as const;

/** Every number that the space is made of. */
function spaceLines(space: Plan['space']): string[] {
  const lines = Object.entries(disks).flatMap(([disk, [title, free]]) => {
    const parts = space.parts.filter((part) => part.disk === disk);
    const each = parts.map(({ label, bytes, isTemporary }) => `${label} ${sizeText(bytes)}${isTemporary ? '*' : ''}`);
    const total = parts.reduce((sum, { bytes }) => sum + bytes, 0);
    return parts.length === 0
      ? []
      : [`  on ${title}: ${each.join(' + ')} = ${sizeText(total)} (free: ${sizeText(space[free])})`];
  });
  return space.parts.some(({ isTemporary }) => isTemporary)
    ? [...lines, '  Parts marked * are gone again when the run is over.']
    : lines;
}

/** Where files are read from, and how they match the rows. */
export function sourceText(source: SourceCoverage): string {
  const { title, folder, choice, rows, found, missing, unreadable, differing, isComplete } = source;
  const without = `${some(rows, 'row')} ${rows === 1 ? 'names' : 'name'} a file`;
  if (folder === null)
    return choice === 'declined'
      ? `${title}: not read, as you asked; ${without}.`
      : `${title}: none found; ${without}. If you have them, add --run-logs and their folder.`;
  const how = choice === 'guessed' ? ' (found by looking)' : '';
  const looked = found + missing + unreadable + differing;
  const part = isComplete ? '' : ` Only the first ${number(looked)} were looked into.`;
  return (
    `${title}: ${printable(folder)}${how}; ${without}: ${number(found)} found, ${number(missing)} missing, ` +
    `${number(unreadable)} unreadable, ${number(differing)} other than the rows say.${part}`
  );
}

export function reportText(report: WholeReport): string {
  const { continues, fromPhase, toPhase } = report;
  const from = fromPhase === null ? 'before any phase' : phaseText(fromPhase);
  const lines = [
    `Done and verified: ${from} -> phase ${toPhase}, ${some(report.migrations.length, 'migration')}.`,
    ...(continues ? [wholeText(continues)] : []),
    ...report.backfills.map(
      (backfill) =>
        `  ${printable(backfill.source)}: ${some(backfill.expected, 'row')} = ${number(backfill.moved)} moved + ` +
        `${number(backfill.alreadyRight)} already right + ${number(backfill.issueRows)} noted (${backfill.title})`,
    ),
    ...report.issues.map(
      (issue) => `  noted: ${some(issue.count, 'row')} of ${printable(issue.sourceTable)}: ${printable(issue.title)}`,
    ),
  ];
  lines.push(...backupsOf(report).flatMap((backup) => backupLines(report, backup)));
  lines.push(...[...(report.earlierKeptIn ?? []), report.keptIn].flatMap(keptLines));
  lines.push(`${some(report.checks.length, 'check')} held when a fresh process opened the file again.`);
  return lines.join('\n');
}

/** That of the original first. */
export const backupsOf = ({ backup, backups }: RunReport): readonly BackupRecord[] =>
  backups ?? (backup === null ? [] : [backup]);

function backupLines(report: RunReport, backup: BackupRecord): string[] {
  const { path, sha256, verified } = backup;
  return [
    `${whichBackup(report, backup)}: ${printable(path)}`,
    `  SHA-256 ${sha256}, ${verified ? 'verified' : 'not verified'}`,
  ];
}

function whichBackup(
  { continues, backup: own, runId }: RunReport,
  { path, runId: madeBy, reason }: BackupRecord,
): string {
  if (continues && path === continues.original?.path)
    return 'Backup of your original, from before the upgrade was begun';
  if (path !== own?.path && madeBy === runId) return `Backup ${reason}`;
  return continues ? 'Backup of the half upgraded file, from when the upgrade was gone on with' : 'Backup';
}

/** Of an upgrade that was gone on with. */
function wholeText(continues: NonNullable<RunReport['continues']>): string {
  const { runIds, startedAt } = continues;
  const parts = runIds.length === 1 ? 'both' : `all ${runIds.length + 1}`;
  return `It was begun at ${localTime(startedAt)} and gone on with; this is the whole of it, ${parts} parts.${aboutOriginal(continues)}`;
}

export const stepText = (title: string, ms: number): string => `  applied: ${title} (${milliseconds(ms)})`;

export function backupText(backup: BackupRecord): string {
  const state = { verified: 'verified', broken: 'BROKEN', missing: 'file is missing' }[backup.state];
  const content = backup.phase === null ? backup.variantTitle : `phase ${backup.phase}`;
  const origin = backup.madeOfGone ? `\n  ${printable(aboutOrigin(backup.databasePath))}` : '';
  return `${localTime(backup.createdAt)}  ${printable(backup.reason)}, ${content}, ${sizeText(backup.sizeBytes)}, ${state}${origin}\n  ${printable(backup.path)}`;
}
