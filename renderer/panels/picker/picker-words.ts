import type { FileEntry, Output } from '@shared/channels.ts';
import type { PickerRequest } from '../../stores/dialogs.ts';
import { bytes, counted } from '../../words/numbers.ts';

/** Folders first, then databases, then the rest; by name as people count (a2 before a10). */
export function sortEntries(entries: readonly FileEntry[]): FileEntry[] {
  return entries.toSorted((a, b) => rank(a) - rank(b) || a.name.localeCompare(b.name, 'en', { numeric: true }));
}

/** Entries whose name contains the text; with `onlyDatabases`, no other files. */
export function filterEntries(entries: readonly FileEntry[], text: string, onlyDatabases: boolean): FileEntry[] {
  const wanted = text.trim().toLowerCase();
  return entries.filter(
    (entry) =>
      entry.name.toLowerCase().includes(wanted) &&
      (!onlyDatabases || entry.kind === 'folder' || entry.looksLikeDatabase),
  );
}

export function describeEntry(entry: FileEntry): string {
  if (entry.kind === 'folder') return 'folder';
  const size = entry.sizeBytes === null ? [] : [bytes(entry.sizeBytes)];
  return [...(entry.looksLikeDatabase ? ['database'] : []), ...size].join(', ');
}

/** The row that an arrow key leads to. */
export function nextIndex(key: string, index: number, length: number): number | null {
  if (length === 0) return null;
  const steps: Record<string, number> = {
    ArrowDown: index + 1,
    ArrowUp: index - 1,
    Home: 0,
    End: length - 1,
    PageDown: index + 10,
    PageUp: index - 10,
  };
  const wanted = steps[key];
  return wanted === undefined ? null : Math.min(length - 1, Math.max(0, wanted));
}

const rank = (entry: FileEntry): number => (entry.kind === 'folder' ? 0 : entry.looksLikeDatabase ? 1 : 2);

/** Folders can always be walked into; of the files, those that are asked for. */
export function canChoose(entry: FileEntry, request: PickerRequest): boolean {
  if (entry.kind === 'folder') return true;
  if (request.mode === 'database') return entry.looksLikeDatabase;
  return request.mode === 'files' && entry.name.toLowerCase().endsWith(request.extension);
}

/** What lies in the folder and is not listed, and why; null = nothing. */
export function notListedWords({ isCut, silent, entries }: Output<'files:list'>): string | null {
  const others = silent.length > 3 ? ` and ${silent.length - 3} more` : '';
  const words = [
    isCut &&
      `There is more in it: only ${counted(entries.length, 'entry', 'entries')} are listed, databases and folders first.`,
    silent.length > 0 &&
      `Not listed, as the drive does not answer just now: ${silent.slice(0, 3).join(', ')}${others}.`,
  ].filter((each) => each !== false);
  return words.length > 0 ? words.join(' ') : null;
}

export const chosenWords = (files: number): string =>
  files === 0 ? 'No file chosen yet' : `${counted(files, 'file')} chosen`;

/** The folder's own name; the whole path is the tooltip. */
export const shortTitle = (title: string): string => title.split(/[/\\]/).findLast((part) => part !== '') ?? title;
