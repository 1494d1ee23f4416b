import type { BackupRecord } from '@shared/run.ts';
import type { ColumnShape, DatabaseStatus, Priority, ScoreCard, TableState, TableStatus } from '@shared/status.ts';
import { counted, rowCount } from '../../words/numbers.ts';
import { sentence } from '../../words/text.ts';
import { variantWords } from '../../words/variants.ts';
import type { Tone } from '../../words/states.ts';

/** "Kroma project database · legacy version" */
export const packAndVariant = ({ pack, variant, phaseReached }: DatabaseStatus): string =>
  `${pack.title} · ${variantWords(variant.title, phaseReached)}`;

/** "Kroma project database, legacy version" */
export function headline({ pack, variant, phaseReached }: DatabaseStatus): string {
  const what = /database/i.test(pack.title) ? pack.title : `${pack.title} database`;
  return `${what}, ${variantWords(variant.title, phaseReached)}`;
}

/** Health, then how far it has come. */
export function stateOfThings(status: DatabaseStatus): string {
  return `${sentence(status.health.summary)} ${progressSentence(status)}`;
}

/** A newer version of this program has worked on it: what this one knows of its progress is not the whole of it. */
export const isNewer = ({ file }: Pick<DatabaseStatus, 'file'>): boolean =>
  file.readOnlyReason?.code === 'E_NEWER_SCHEMA';

function progressSentence(status: DatabaseStatus): string {
  if (isNewer(status)) return 'A newer version of Phasewise has worked on it; this one only looks.';
  const done = status.phases.filter(({ state }) => state === 'done').length;
  const all = status.phases.length;
  const cleanup = status.phases.find(
    ({ removesAnything, state: cleanupState }) => removesAnything && cleanupState !== 'unavailable',
  );
  if (isUpToDate(status) && cleanup)
    return cleanup.state === 'done'
      ? `The upgrade is complete: phase ${cleanup.number} is reached and only the new names are left.`
      : `The upgrade is done: phase ${status.phaseReached ?? 0} is reached, and old and new names are kept in step. Removing the old names is a separate step, whenever you are ready.`;
  if (isUpToDate(status))
    return `Everything that this version offers is done: phase ${status.phaseReached ?? 0} is reached. What is still missing belongs to later phases.`;
  if (status.drift.length > 0) {
    return `${counted(status.drift.length, 'thing is', 'things are')} no longer as an applied migration left them; the plan repairs that.`;
  }
  if (done === 0) return `It was written by an older version; 0 of ${all} phases are done.`;
  return `${done} of ${all} phases ${done === 1 ? 'is' : 'are'} done; ${counted(status.pending.length, 'migration is', 'migrations are')} still to do.`;
}

const isUpToDate = (status: DatabaseStatus): boolean =>
  status.pending.length === 0 &&
  status.drift.length === 0 &&
  status.phaseReached !== null &&
  status.phaseReached >= status.defaultTarget;

/** The one obvious next step of the overview. */
export type NextStep =
  | { kind: 'watch'; label: string }
  | { kind: 'continue'; label: string; toPhase: number }
  | { kind: 'plan'; label: string; toPhase: number }
  | { kind: 'look'; label: string };

export function nextStep(status: DatabaseStatus, hasActiveRun: boolean): NextStep {
  if (hasActiveRun) return { kind: 'watch', label: 'Watch the run' };
  if (isNewer(status)) return { kind: 'look', label: 'Look at the phases' };
  if (status.unfinishedRun)
    return { kind: 'continue', label: 'Continue the upgrade', toPhase: status.unfinishedRun.toPhase };
  if (isUpToDate(status)) return { kind: 'look', label: 'Look at the phases' };
  const label = status.drift.length > 0 && status.pending.length === 0 ? 'Plan the repair' : 'Plan the upgrade';
  return { kind: 'plan', label, toPhase: status.defaultTarget };
}

/** What the person recognises the data by: "3 projects", "about 200,000 candidates". */
export const highlightWords = (status: DatabaseStatus): string[] =>
  status.highlights.map(({ label, rows }) => `${rowCount(rows)} ${rows.value === 1 ? label.replace(/s$/, '') : label}`);

export interface Tile {
  readonly value: number;
  readonly label: string;
  readonly tone: Tone;
}

/** The counts of the score card. No gaps is good news; gaps that only a later phase closes are no alarm. */
export function scoreTiles(status: DatabaseStatus): Tile[] {
  const card: ScoreCard = status.scoreCard;
  const gapTone: Tone = isUpToDate(status) ? 'none' : 'attention';
  const gap = (value: number, label: string): Tile => ({ value, label, tone: value === 0 ? 'done' : gapTone });
  return [
    { value: card.canonicalTables, label: 'tables in the target', tone: 'none' },
    { value: card.aligned, label: 'aligned', tone: card.aligned === card.canonicalTables ? 'done' : 'none' },
    gap(card.legacyName, 'under an older name'),
    gap(card.missing, 'missing'),
    gap(card.wrongColumns, 'with other columns'),
    gap(card.columnsMissing, card.columnsMissing === 1 ? 'column missing' : 'columns missing'),
    gap(card.indexesMissing, card.indexesMissing === 1 ? 'index missing' : 'indexes missing'),
    {
      value: card.approvedExtensions,
      label: card.approvedExtensions === 1 ? 'table or column kept on purpose' : 'tables and columns kept on purpose',
      tone: 'none',
    },
  ];
}

/** How urgent what is missing is: nothing, where nothing is. */
export const priorityLeft = ({ state, priority }: Pick<TableStatus, 'state' | 'priority'>): Priority =>
  state === 'aligned' ? 'none' : priority;

export type StateFilter = 'all' | 'gaps' | TableState;

/** Rows whose name or gap contains the text and whose state is asked for. */
export function filterTables(tables: readonly TableStatus[], text: string, state: StateFilter): TableStatus[] {
  const wanted = text.trim().toLowerCase();
  return tables.filter(
    (table) =>
      hasState(table.state, state) &&
      [table.name, table.presentName ?? '', table.group, table.whatIsMissing].some((words) =>
        words.toLowerCase().includes(wanted),
      ),
  );
}

const hasState = (state: TableState, wanted: StateFilter): boolean =>
  wanted === 'all' ||
  state === wanted ||
  (wanted === 'gaps' && ['wrong-columns', 'legacy-name', 'missing'].includes(state));

/** "TEXT, not null, default ''" */
export function describeColumn(shape: ColumnShape | null): string {
  if (shape === null) return '–';
  return [
    shape.type === '' ? 'any type' : shape.type,
    ...(shape.isPrimaryKey ? ['primary key'] : []),
    ...(shape.isNullable || shape.isPrimaryKey ? [] : ['not null']),
    ...(shape.defaultSql === null ? [] : [`default ${shape.defaultSql}`]),
  ].join(', ');
}

/** The newest backup that still counts. */
export const lastVerified = (backups: readonly BackupRecord[]): BackupRecord | null =>
  backups
    .filter(({ state, madeOfGone }) => state === 'verified' && !madeOfGone)
    .toSorted((a, b) => b.createdAt.localeCompare(a.createdAt))[0] ?? null;

export const unfinishedSentence = ({ unfinishedRun }: DatabaseStatus): string =>
  unfinishedRun === null
    ? ''
    : `The run to phase ${unfinishedRun.toPhase} stopped at “${unfinishedRun.stoppedAt}”. Every finished step is kept; continuing goes on from there.`;
