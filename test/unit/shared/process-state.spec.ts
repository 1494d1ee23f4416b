import { isLivingProcess } from '@shared/process-state.ts';
import { expect, it } from 'vitest';

/** What the system says of a process: of its own, of another user's, of none, and of one that only waits to be fetched. */
it.each([
  ['a process of ours', null, '7 (node) S 1 7', true],
  ["another user's", 'EPERM', '7 (node) S 1 7', true],
  ['none', 'ESRCH', '', false],
  ['one that has ended and is not fetched', null, '7 (a) Z 1 b) Z 1 7', false],
  ['one whose name looks as if it had ended', null, '7 (a) Z 1) S 1 7', true],
  ['one of a system that tells nothing more', null, '', true],
])('%s', (_, code, stat, isLiving) => {
  const signal = (): void => {
    if (code !== null) throw Object.assign(new Error(code), { code });
  };
  expect(isLivingProcess(7, { signal, stat: () => stat })).toBe(isLiving);
});
