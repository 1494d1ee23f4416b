import { BackupCheck } from '@shared/manifest.ts';
import { RunReport } from '@shared/run.ts';

/** JSON that we write ourselves: beside backups, and where a person saves a report or issue rows. */

/** True for a manifest, the note of a check, an intent, a report, or exported issue rows. */
export function isOwnJson(text: string): boolean {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return false;
  }
  if (Array.isArray(value)) return value.length > 0 && value.every(isIssueRow);
  return hasOwnFormat(value) || BackupCheck.safeParse(value).success || RunReport.safeParse(value).success;
}

const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null;

const hasOwnFormat = (value: unknown): boolean =>
  isObject(value) && typeof value['format'] === 'string' && /^phasewise-\w+ \d+$/.test(value['format']);

/** As issues-export.ts writes it. */
const isIssueRow = (value: unknown): boolean =>
  isObject(value) &&
  typeof value['isPlaced'] === 'boolean' &&
  ['backfill', 'recordedAt', 'row'].every((key) => key in value);
