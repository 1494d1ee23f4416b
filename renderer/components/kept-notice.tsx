import { Notice } from './notice.tsx';
import { PathText } from './path-text.tsx';

const WHAT = 'Not all that lay beside the file may have been taken in.';
const WHERE = 'File, journal and log as they were found:';

/** The same as text, for a report. */
export const keptWords = (keptIn: string): string => `${WHAT} ${WHERE} ${keptIn}`;

/** Of work that went on without what SQLite could not read: nobody else has it. Nothing where there was nothing such. */
export function KeptNotice({ keptIn }: { readonly keptIn: string | undefined }) {
  if (keptIn === undefined) return null;
  return (
    <Notice tone="attention" title={WHAT}>
      {WHERE} <PathText path={keptIn} maxLength={76} />
    </Notice>
  );
}
