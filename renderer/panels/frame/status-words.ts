import type { AppError } from '@shared/errors.ts';
import type { FileFacts } from '@shared/status.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { bytes, percent } from '../../words/numbers.ts';
import type { Tab } from '../../route.ts';
import { canShowRows, wasNotStarted } from '../../words/errors.ts';
import { supersededShort, type Superseded } from '../result/superseded.ts';
import { runMarks } from '../../words/states.ts';
import { kindWords } from '../run/run-words.ts';

/** "59.9 MB + 4.1 MB not yet merged". How the file keeps its journal is a matter for the evidence. */
export const describeFile = (file: FileFacts): string =>
  file.walBytes > 0 ? `${bytes(file.sizeBytes)} + ${bytes(file.walBytes)} not yet merged` : bytes(file.sizeBytes);

/** Of a file that is not what we know: on the page of its rows, these are there to be seen. */
export const unshownWords = (error: AppError, tab: Tab): string =>
  tab === 'data' && canShowRows(error) ? 'only its rows can be shown' : 'cannot be shown';

/** "run: none", "run: upgrading, 64 %", "last run: completed" */
export function describeRunState(
  run: RunSnapshot | null,
  isActive: boolean,
  superseded: Superseded | null = null,
): string {
  if (run === null) return 'run: none';
  const { word } = runMarks[run.state];
  if (!isActive && wasNotStarted(run.error)) return 'last run: not started';
  if (!isActive && superseded) return `last run: ${supersededShort(superseded)}`;
  if (!isActive) return `last run: ${word}`;
  const now = run.kind === 'upgrade' ? word : kindWords[run.kind].state;
  return run.progress ? `run: ${now}, ${percent(run.progress.rowsDone, run.progress.rowsTotal)} %` : `run: ${now}`;
}
