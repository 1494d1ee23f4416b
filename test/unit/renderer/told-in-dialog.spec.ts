import { beforeEach, expect, it, vi } from 'vitest';
import { appError, type AppError } from '@shared/errors.ts';
import { mount } from './hooks.ts';

/** The hook as React runs it. */
vi.mock('react', async () => (await import('./hooks.ts')).hooks);
const forgetError = vi.fn();
vi.mock('../../../renderer/stores/backups.ts', () => ({ forgetError }));
const { useTold } = await import('../../../renderer/panels/backups/use-told.ts');

beforeEach(() => forgetError.mockClear());
const refused = appError('E_BACKUP_NEEDED', '');

it('what a dialog has told goes with it', () => {
  const dialog = mount(() => useTold('k3', refused));
  dialog.draw();
  expect(forgetError).not.toHaveBeenCalled();
  dialog.takeAway();
  expect(forgetError).toHaveBeenCalledExactlyOnceWith('k3');
});

it('also where it stays and only puts the error away, and what it has not told stays', () => {
  let error: AppError | null = null;
  const dialog = mount(() => useTold('k3', error));
  dialog.draw();
  dialog.takeAway();
  expect(forgetError).not.toHaveBeenCalled();
  error = refused;
  dialog.draw();
  error = null;
  dialog.draw();
  expect(forgetError).toHaveBeenCalledTimes(1);
});
