import { expect, it } from 'vitest';
import { CrashNotice } from '../../../renderer/components/crash-notice.tsx';

const messageOf = (thrown: unknown) => CrashNotice.getDerivedStateFromError(thrown).error?.message;

it('says why a page could not be drawn, also where what was thrown has no words', () => {
  expect(messageOf(new Error('x is not a function'))).toBe('This page could not be drawn: x is not a function');
  expect(messageOf(new TypeError(' '))).toBe('This page could not be drawn: no reason was given (TypeError).');
  expect(messageOf('')).toBe('This page could not be drawn: no reason was given (string).');
});
