import { Notice } from './notice.tsx';
import { PathText } from './path-text.tsx';

const WHAT = 'The last changes of another program may be missing.';
/** The folders come last, so that they can be copied out of a text. */
const whereWords = (folders: readonly string[]): string =>
  `SQLite could not read everything in the journal or log beside the file. Nothing was thrown away: file, journal and log are kept as they were found. If something that you did last is missing, send support ${folders.length === 1 ? 'this folder' : 'these folders'}:`;

/** The same as text, for a report. @param earlier of the parts that were gone on from, oldest first. */
export const keptWords = (keptIn: string | undefined, earlier: readonly string[] = []): string | null => {
  const folders = foldersOf(keptIn, earlier);
  return folders.length === 0 ? null : `${WHAT} ${whereWords(folders)} ${folders.join(', ')}`;
};

/** Of work that went on without what SQLite could not read: nobody else has it. Nothing where there was nothing such. */
export function KeptNotice({
  keptIn,
  earlier = [],
}: {
  readonly keptIn: string | undefined;
  readonly earlier?: readonly string[] | undefined;
}) {
  const folders = foldersOf(keptIn, earlier);
  if (folders.length === 0) return null;
  return (
    <Notice tone="attention" title={WHAT}>
      {whereWords(folders)}{' '}
      {folders.map((folder) => (
        <PathText key={folder} path={folder} maxLength={76} />
      ))}
    </Notice>
  );
}

const foldersOf = (keptIn: string | undefined, earlier: readonly string[]): string[] =>
  keptIn === undefined ? [...earlier] : [...earlier, keptIn];
