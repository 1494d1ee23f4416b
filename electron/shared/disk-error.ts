import { type AppError, type ErrorCode, safetyText } from './errors.ts';

/**
 * Of the disk, or of the system for it. What a step or a flush that ended with one has left, nobody knows who still has
 * the file open: a system that could not write a page may give it out as written from then on.
 */
const OF_THE_DISK: ReadonlySet<ErrorCode> = new Set(['E_IO', 'E_LOCKING_UNAVAILABLE']);

export const isOfTheDisk = ({ code }: Pick<AppError, 'code'>): boolean => OF_THE_DISK.has(code);

/**
 * What the file holds is for a fresh process to say. `diskError` in the details: another error came first, and the disk
 * failed at its end.
 */
export const isUnread = ({ code, safety, details }: Pick<AppError, 'code' | 'safety' | 'details'>): boolean =>
  (isOfTheDisk({ code }) || details?.['diskError'] !== undefined) && safety === safetyText.unknown;
