import type { Result } from '@shared/errors.ts';
import type { Recovery } from '@shared/recovery.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { begunWay } from './begun-way.ts';
import { causeOf, type OpenWork } from './open-work.ts';
import type { FoundBackup } from './recovery-backup.ts';
import { progressIn } from './recovery-look.ts';
import { type Findings, tellRecovery } from './recovery-words.ts';
import type { UnfinishedRestore } from './restore-note.ts';

/** All that was looked at. */
export interface Looked {
  readonly open: OpenWork | null;
  readonly runId: string;
  /** As the file names it. */
  readonly run: { readonly startedAt: string; readonly toPhase: number } | null;
  readonly look: Result<DatabaseStatus>;
  readonly kept: FoundBackup;
  readonly restore: UnfinishedRestore | null;
  readonly hasOpenUpgrade: boolean;
}

/** What a person is told of it. */
export async function recoveryOf({
  open,
  runId,
  run: runInFile,
  look,
  kept,
  restore,
  hasOpenUpgrade,
}: Looked): Promise<Recovery> {
  const backup = kept.record ?? kept.others[0] ?? null;
  const status = look.ok ? look.value : null;
  const isRestore = restore !== null;
  const work = isRestore && open?.work.kind !== 'restore' ? null : (open?.work ?? null);
  const run = isRestore ? null : runInFile;
  const kind = isRestore ? 'restore' : (work?.kind ?? 'upgrade');
  const toPhase = kind === 'upgrade' ? (work?.toPhase ?? run?.toPhase ?? null) : null;
  const progress = progressIn(status, work, toPhase, open?.chain ?? []);
  const verdict = work?.verdict ?? null;
  const { cause, error } = work ? causeOf(work) : { cause: 'without-a-word' as const, error: null };
  const findings: Findings = {
    kind,
    cause: verdict?.error && error?.code !== 'E_CANCELLED' ? 'failed' : cause,
    error: verdict?.error ?? error,
    toPhase,
    ...progress,
    look: look.ok ? { health: look.value.health, error: null } : { health: null, error: look.error },
    backup,
    partOf: kept.partOf,
    hasOpenUpgrade,
    unusableBackup: kept.unusable,
    lostBackup: kept.lost,
    copy: kept.copy,
    keptIn: kept.keptIn,
    canBeUndone: kept.undoneWith !== null,
    oldFiles: kept.oldFiles,
    otherBackups: kept.others,
    restoredFrom: kept.restoredFrom,
    setAside: kept.setAside,
    restoreWay: restore?.way ?? null,
    isBeforeKept: (restore?.beforePath ?? kept.keptIn) !== null,
    beforePath: restore?.beforePath ?? null,
    unreadableRestore: restore?.unreadable ?? null,
  };
  const putBack = kept.undoneWith ?? (kept.setAside?.isLast ? kept.setAside.folder : null);
  const { backupFolder, source } = await begunWay(kind === 'upgrade' ? (open?.chain ?? []) : [], status);
  const startedAt = restore?.startedAt ?? work?.startedAt ?? run?.startedAt ?? new Date().toISOString();
  return {
    kind,
    runId,
    startedAt,
    lastSignAt: work?.lastSignAt ?? startedAt,
    toPhase,
    stepsDone: progress.stepsDone,
    stepsTotal: progress.stepsTotal,
    backup,
    ...(kept.partOf === null ? {} : { partOf: kept.partOf }),
    ...(backupFolder === null ? {} : { backupFolder }),
    ...(source === null ? {} : { source }),
    ...(putBack === null ? {} : { setAside: putBack }),
    code: findings.error?.code ?? (isRestore ? 'E_RESTORE_UNFINISHED' : 'E_INTERRUPTED'),
    ...tellRecovery(findings),
  };
}
