import { intentFile } from './beside.ts';

/** What to do where the note of an interrupted restore cannot be read. @param databaseName without its folder. */
export const unreadableNoteStep = (databaseName: string): string =>
  `Restore a backup of ${databaseName}: what is there now is kept. That also replaces ${intentFile(databaseName)}.`;
