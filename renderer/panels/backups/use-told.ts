import { useEffect } from 'react';
import type { AppError } from '@shared/errors.ts';
import { forgetError } from '../../stores/backups.ts';

/** What a dialog has told need not be told once more by the page, when the dialog is gone. @param error that it shows. */
export function useTold(handle: string, error: AppError | null): void {
  useEffect(() => (error === null ? undefined : () => forgetError(handle)), [handle, error]);
}
