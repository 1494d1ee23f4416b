import { Notice } from './notice.tsx';
import { PathText } from './path-text.tsx';

const WHAT = 'Not all that lay beside the file may have been taken in.';
const WHERE = 'File, journal and log as they were found:';

/** The same as text, for a report. @param earlier of the parts that were gone on from, oldest first. */
export const keptWords = (keptIn: string | undefined, earlier: readonly string[] = []): string | null => {
  const folders = foldersOf(keptIn, earlier);
  return folders.length === 0 ? null : `${WHAT} ${WHERE} ${folders.join(', ')}`;
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
      {WHERE}{' '}
      {folders.map((folder) => (
        <PathText key={folder} path={folder} maxLength={76} />
      ))}
    </Notice>
  );
}

const foldersOf = (keptIn: string | undefined, earlier: readonly string[]): string[] =>
  keptIn === undefined ? [...earlier] : [...earlier, keptIn];
