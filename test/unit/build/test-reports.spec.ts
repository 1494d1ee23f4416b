import { expect, it } from 'vitest';
import { countPlaywright, countStep, countVitest } from '../../../build/test-reports.ts';

it('counts skipped and todo specs as skipped, and a file that could not be loaded as one failure', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      { status: 'passed', assertionResults: [{}, {}] },
      { status: 'failed', assertionResults: [{}] },
      { status: 'failed', assertionResults: [] },
    ],
  };

  expect(countVitest(report)).toEqual({ passed: 5, failed: 2, skipped: 3 });
});

it('counts a flaky end-to-end test, and an error outside of any test, as failures', () => {
  const report = { stats: { expected: 7, unexpected: 1, flaky: 1, skipped: 2 }, errors: [{}] };

  expect(countPlaywright(report)).toEqual({ passed: 7, failed: 3, skipped: 2 });
});

it('counts a failed step without tests, or whose tests all passed, as one failure', () => {
  const told = { passed: 5, failed: 0, skipped: 1 };

  expect(countStep(true, undefined)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  expect(countStep(false, undefined)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countStep(true, told)).toEqual(told);
  expect(countStep(false, told)).toEqual({ ...told, failed: 1 });
  expect(countStep(false, { ...told, failed: 3 }).failed).toBe(3);
});
