import { timingSafeEqual } from 'node:crypto';
import { sameSecret } from '../../../electron/browser-host/request-check.ts';
import { expect, it, vi } from 'vitest';

vi.mock('node:crypto', async (original) => {
  const real = await original<{ timingSafeEqual: typeof timingSafeEqual }>();
  return { ...real, timingSafeEqual: vi.fn(real.timingSafeEqual) };
});

it('secrets are compared in a time that does not tell where they differ', () => {
  expect([sameSecret('secret', 'secret'), sameSecret('secreT', 'secret'), sameSecret('Xecret', 'secret')]).toEqual([
    true,
    false,
    false,
  ]);
  expect(timingSafeEqual).toHaveBeenCalledTimes(3);
  expect([sameSecret('', 'secret'), sameSecret('secrets', 'secret'), sameSecret('sécré', 'secret')]).toEqual([
    false,
    false,
    false,
  ]);
});
