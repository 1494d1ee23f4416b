import type { Stats } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import type { RecoveryNotice } from '@shared/recovery.ts';
import type { Busy } from './busy.ts';
import { databaseKey } from './databases.ts';
import { type Drives, lookOnDrives } from './drives.ts';
import { journalFiles, stampOf } from './journal-lines.ts';
import { fileIdOn } from './on-drives.ts';
import { causeOf, openWork } from './open-work.ts';
import type { Recents } from './recents.ts';
import { whatHappened } from './recovery-words.ts';
import { inSlices } from './slices.ts';
import { journalFolders, leftKey, type Work, worksInSlices } from './works.ts';

/** A line of the first page, and the path that only the host knows. */
export interface FoundNotice {
  readonly file: string;
  readonly notice: RecoveryNotice;
}

export interface NoticesContext {
  readonly dataFolder: string;
  readonly recents: Pick<Recents, 'files'>;
  readonly busy: Pick<Busy, 'refusal'>;
}

/**
 * Everything that was interrupted on this computer, the latest first: from journals and notes, without opening a database.
 * What the journals tell is told although a drive does not answer; only a note beside a database there has to wait.
 * However many there are, the process answers others meanwhile.
 * @param look for tests.
 */
export async function findNotices(
  { dataFolder, recents, busy }: NoticesContext,
  look: Drives = lookOnDrives,
): Promise<FoundNotice[]> {
  const pause = inSlices();
  const files = new Map<string, Told | null>(recents.files().map((file) => [file, null]));
  const allLeft = new Set<string>();
  for (const folder of journalFolders(dataFolder)) {
    const { file, told, left } = await notedIn(folder, pause);
    for (const each of left) allLeft.add(each);
    if (file !== null) files.set(file, told);
    await pause();
  }
  const free = [...files].filter(([file]) => busy.refusal(file) === null);
  const notices = await Promise.all(free.map(([file, told]) => noticeOf(file, told, allLeft, look)));
  return notices.flatMap((found) => found ?? []).sort((a, b) => b.notice.lastSignAt.localeCompare(a.notice.lastSignAt));
}

/** What the journals of one database say of it: `file` null where they name none, `told` null where nothing is open. */
interface Noted {
  readonly file: string | null;
  readonly told: Told | null;
  /** As `leftKey`; of a file that had another name then, it is noted in another folder than what is open. */
  readonly left: readonly string[];
}
interface Told extends Said {
  readonly runId: string;
}
type Said = Pick<RecoveryNotice, 'kind' | 'what' | 'lastSignAt'>;

/** By folder, as long as its journals are the same: reading all of them takes seconds where there are a thousand databases. */
const noted = new Map<string, { readonly stamp: string; readonly said: Noted }>();
const MOST_NOTED = 20_000;

async function notedIn(folder: string, pause: () => Promise<void>): Promise<Noted> {
  const stamp = journalFiles(folder)
    .map((file) => `${path.basename(file)} ${stampOf(file)}`)
    .join('\n');
  const known = noted.get(folder);
  if (known?.stamp === stamp) return known.said;
  const { works, left, isWhole } = await worksInSlices(folder, pause);
  const open = openWork(works)?.work;
  const said = { file: works[0]?.path ?? null, told: open ? toldOf(open) : null, left };
  if (noted.size >= MOST_NOTED) noted.clear();
  // While a process may be at work on it, what is open changes with its end, of which no journal need tell.
  if (!isWhole || works.some(({ isAlive }) => isAlive)) noted.delete(folder);
  else noted.set(folder, { stamp, said });
  return said;
}

function toldOf(work: Work): Told {
  const { runId, kind, toPhase, verdict, lastSignAt } = work;
  const { cause, error } = causeOf(work);
  const isUnproven = kind === 'upgrade' && work.migrated !== null;
  return {
    kind,
    what: whatHappened({ kind, cause, error: verdict?.error ?? error, toPhase, isUnproven }),
    lastSignAt,
    runId,
  };
}

/** Of one that only its note beside the database tells of. */
const RESTORE_WITHOUT_A_WORD = whatHappened({
  ...{ kind: 'restore', cause: 'without-a-word', error: null, toPhase: null, isUnproven: false },
});

/**
 * A database that was deleted or moved away since is asked about where it turns up again. One whose drive does not answer
 * may be neither.
 */
async function noticeOf(
  file: string,
  open: Told | null,
  left: ReadonlySet<string>,
  look: Drives,
): Promise<FoundNotice | null> {
  const intent = statsIn(await look(intentFile(file)));
  const seen = open === null ? 'nothing' : await look(file);
  const mayBeLeft = open !== null && typeof seen === 'object' && left.size > 0;
  const isLeft = mayBeLeft && left.has(leftKey(open.runId, await fileIdOn(file)));
  const told = isLeft ? null : open;
  if (intent === null && (told === null || seen === 'nothing')) return null;
  const isOther = told === null || (intent !== null && told.kind !== 'restore');
  const said: Said = isOther
    ? {
        kind: 'restore' as const,
        what: RESTORE_WITHOUT_A_WORD,
        lastSignAt: (intent?.mtime ?? new Date()).toISOString(),
      }
    : { kind: told.kind, what: told.what, lastSignAt: told.lastSignAt };
  const notice = { recentId: databaseKey(file), name: path.basename(file), folder: path.dirname(file), ...said };
  return { file, notice };
}

const statsIn = (seen: Awaited<ReturnType<Drives>>): Stats | null => (typeof seen === 'object' ? seen : null);
