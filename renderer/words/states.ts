import type { BackupRecord, PreflightFinding, RunState, RunStep } from '@shared/run.ts';
import type {
  CheckResult,
  Gap,
  Health,
  LedgerEntry,
  MigrationState,
  PhaseState,
  Priority,
  TableState,
} from '@shared/status.ts';

/** One look per state, everywhere: the tone chooses icon and colour, the word says it. Never colour alone. */
export type Tone = 'done' | 'attention' | 'blocked' | 'running' | 'idle' | 'none';
export interface Mark {
  readonly tone: Tone;
  readonly word: string;
}

const mark = (tone: Tone, word: string): Mark => ({ tone, word });

export const tableMarks: Record<TableState, Mark> = {
  aligned: mark('done', 'aligned'),
  'wrong-columns': mark('attention', 'columns differ'),
  'legacy-name': mark('attention', 'older name'),
  missing: mark('idle', 'missing'),
  'approved-extension': mark('done', 'kept on purpose'),
  legacy: mark('none', 'older table'),
  bookkeeping: mark('none', 'bookkeeping'),
  unknown: mark('none', 'somebody else’s'),
};

export const phaseMarks: Record<PhaseState, Mark> = {
  done: mark('done', 'done'),
  attention: mark('attention', 'needs attention'),
  running: mark('running', 'under way'),
  next: mark('idle', 'can be started'),
  'not-started': mark('idle', 'not started'),
  unavailable: mark('none', 'not part of this version'),
};

export const migrationMarks: Record<MigrationState, Mark> = {
  applied: mark('done', 'applied'),
  pending: mark('idle', 'to do'),
  started: mark('running', 'started, not finished'),
  claimed: mark('attention', 'recorded elsewhere, not done'),
  untrue: mark('attention', 'no longer true'),
};

export const checkMarks: Record<CheckResult['state'], Mark> = {
  met: mark('done', 'met'),
  unmet: mark('attention', 'not met'),
  'not-checked': mark('idle', 'not checked yet'),
};

export const preflightMarks: Record<PreflightFinding['state'], Mark> = {
  ok: mark('done', 'fine'),
  warning: mark('attention', 'please read'),
  blocking: mark('blocked', 'stops the upgrade'),
};

export const stepMarks: Record<RunStep['state'], Mark> = {
  waiting: mark('idle', 'waiting'),
  running: mark('running', 'running'),
  applied: mark('done', 'applied'),
  failed: mark('blocked', 'failed'),
};

export const runMarks: Record<RunState, Mark> = {
  starting: mark('running', 'starting'),
  'backing-up': mark('running', 'backing up'),
  migrating: mark('running', 'upgrading'),
  pausing: mark('running', 'pausing'),
  paused: mark('attention', 'paused'),
  cancelling: mark('running', 'stopping'),
  verifying: mark('running', 'verifying'),
  completed: mark('done', 'completed'),
  failed: mark('blocked', 'failed'),
  cancelled: mark('attention', 'stopped'),
};

/** Of a run that was under way when last heard of: without a connection nobody knows whether it still is. */
export const runMarkNow = (state: RunState, isLost: boolean): Mark =>
  isLost ? mark('idle', `not connected; it was ${runMarks[state].word}`) : runMarks[state];

export const healthMarks: Record<Health['state'], Mark> = {
  healthy: mark('done', 'healthy'),
  problems: mark('attention', 'needs a look'),
  'not-checked': mark('idle', 'not checked in full'),
};

/** State of a backup with the proof in words. A copy that was not restored and checked is only a copy. */
export function backupMark(backup: BackupRecord): Mark {
  if (backup.state === 'missing') return mark('blocked', 'the file is missing');
  if (backup.state === 'broken') return mark('blocked', 'broken, do not rely on it');
  return backup.verified ? mark('done', 'verified') : mark('attention', 'a copy, not verified');
}

export const gapMarks: Record<Gap, Mark> = {
  none: mark('done', 'as it should be'),
  missing: mark('idle', 'missing'),
  differs: mark('attention', 'differs'),
  legacy: mark('none', 'older'),
  'approved-extension': mark('done', 'kept on purpose'),
  unknown: mark('none', 'somebody else’s'),
};

export const ledgerMarks: Record<LedgerEntry['state'], Mark> = {
  true: mark('done', 'true'),
  untrue: mark('attention', 'not true'),
  'evidence-only': mark('none', 'evidence only'),
};

export const priorityWords: Record<Priority, string> = {
  'must-now': 'must now',
  'must-v1': 'must in v1',
  later: 'later',
  none: '–',
};

/** For sorting: what a person has to look at comes first. */
export const priorityRank: Record<Priority, number> = { 'must-now': 0, 'must-v1': 1, later: 2, none: 3 };
export const tableRank: Record<TableState, number> = {
  'wrong-columns': 0,
  'legacy-name': 1,
  missing: 2,
  unknown: 3,
  legacy: 4,
  'approved-extension': 5,
  aligned: 6,
  bookkeeping: 7,
};
