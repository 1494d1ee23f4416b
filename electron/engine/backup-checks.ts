import { coded } from '@shared/errors.ts';
import type { CheckResult } from '@shared/status.ts';

/** How the proofs of a backup are worded, and what is said when one fails. */

export const unverified = (why: string) =>
  coded('E_BACKUP_UNVERIFIED', `The backup was made, but ${why}. It was removed.`);

export const pagesCheck = (pages: number) =>
  met('pages', 'Every page was copied', `${pages} pages were copied.`, [['Pages', String(pages)]]);
export const hashCheck = (sha256: string, isFolderFlushed: boolean) =>
  met('stored', 'The backup is on the disk', 'Its bytes were flushed to the disk and their checksum was noted.', [
    ['SHA-256', sha256],
    ['Folder flushed', isFolderFlushed ? 'yes' : 'not possible on this file system'],
  ]);

export const restoreCheck = (contentFindings: number, tables: number) =>
  met('restore', 'A trial restore works', 'The backup was restored to a scratch file, opened, checked and removed.', [
    [
      'integrity_check',
      contentFindings === 0 ? 'ok' : `sound; ${contentFindings} rows break a rule of their table, as in the original`,
    ],
    ['Tables counted', String(tables)],
  ]);

export const met = (id: string, title: string, summary: string, evidence: [string, string][]): CheckResult => ({
  ...{ id, title, summary, state: 'met' },
  evidence: evidence.map(([label, text]) => ({ label, text })),
});
