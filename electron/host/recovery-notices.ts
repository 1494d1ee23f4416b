import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import type { RecoveryNotice } from '@shared/recovery.ts';
import type { Busy } from './busy.ts';
import { databaseKey } from './databases.ts';
import { causeOf, openWork } from './open-work.ts';
import type { Recents } from './recents.ts';
import { whatHappened } from './recovery-words.ts';
import { statsOf } from './stats.ts';
import { journalFolders, type Work, worksIn } from './works.ts';

/** A line of the first page, and the path that only the host knows. */
export interface FoundNotice {
  readonly file: string;
  readonly notice: RecoveryNotice;
}

export interface NoticesContext {
  readonly dataFolder: string;
  readonly recents: Pick<Recents, 'list'>;
  readonly busy: Pick<Busy, 'refusal'>;
}

/** Everything that was interrupted on this computer, the latest first: from journals and notes, without opening a database. */
export function findNotices({ dataFolder, recents, busy }: NoticesContext): FoundNotice[] {
  const noted = journalFolders(dataFolder).flatMap((folder): [string, Work | null][] => {
    const works = worksIn(folder);
    const file = works[0]?.path;
    return file === undefined ? [] : [[file, openWork(works)?.work ?? null]];
  });
  const known = recents.list().map(({ folder, name }): [string, Work | null] => [path.join(folder, name), null]);
  return [...new Map([...known, ...noted])]
    .flatMap(([file, work]) => {
      const notice = busy.refusal(file) === null ? noticeOf(file, work) : null;
      return notice ? [{ file, notice }] : [];
    })
    .sort((a, b) => b.notice.lastSignAt.localeCompare(a.notice.lastSignAt));
}

/** A database that was deleted or moved away since is asked about where it turns up again. */
function noticeOf(file: string, work: Work | null): RecoveryNotice | null {
  const intent = statsOf(intentFile(file));
  if (intent === undefined && (work === null || statsOf(file) === undefined)) return null;
  const kind = intent !== undefined ? 'restore' : (work?.kind ?? 'restore');
  const told = work !== null && work.kind === kind ? work : null;
  const { cause, error } = told ? causeOf(told) : { cause: 'without-a-word' as const, error: null };
  const isUnproven = told?.kind === 'upgrade' && told.migrated !== null;
  const toPhase = told?.toPhase ?? null;
  return {
    recentId: databaseKey(file),
    name: path.basename(file),
    folder: path.dirname(file),
    kind,
    what: whatHappened({ kind, cause, error: told?.verdict?.error ?? error, toPhase, isUnproven }),
    lastSignAt: told?.lastSignAt ?? (intent?.mtime ?? new Date()).toISOString(),
  };
}
