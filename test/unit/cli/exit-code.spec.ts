import { expect, it } from 'vitest';
import { appError, type Safety } from '@shared/errors.ts';
import { failure } from '../../../electron/cli/terminal.ts';

it('ends as refused only where nothing was touched, whatever the error is called', () => {
  const full = (safety: Safety) => failure(appError('E_NO_SPACE', '', undefined, { safety })).exitCode;

  expect([full('untouched'), full('not-ours'), full('backup-only')]).toEqual([3, 3, 3]);
  expect([full('unknown'), full('whole-step'), full('moved-away'), full('restored')]).toEqual([1, 1, 1, 1]);
  expect(failure(appError('E_USAGE', '')).exitCode).toBe(2);
});
