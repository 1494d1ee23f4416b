import { expect, it } from 'vitest';
import {
  countPlaywright,
  countStep,
  countVitest,
  failuresOfPlaywright,
  failuresOfVitest,
  skippedOfVitest,
} from '../../../build/test-reports.ts';

it('counts skipped and todo specs as skipped, and a file that could not be loaded as one failure', () => {
  const report = {
    numPassedTests: 5,
    numFailedTests: 1,
    numPendingTests: 2,
    numTodoTests: 1,
    testResults: [
      {
        name: 'good.spec.ts',
        status: 'passed',
        message: '',
        assertionResults: [unit('is good'), { ...unit('has no disk'), status: 'skipped' }],
      },
      {
        name: 'bad.spec.ts',
        status: 'failed',
        message: '',
        assertionResults: [unit('is good'), unit('is red', '\u001B[31mno\u001B[39m\nat bad.spec.ts:3')],
      },
      { name: 'unloadable.spec.ts', status: 'failed', message: 'no such module', assertionResults: [] },
    ],
  };

  expect(countVitest(report)).toEqual({ passed: 5, failed: 2, skipped: 3 });
  expect(failuresOfVitest(report)).toEqual([
    'bad.spec.ts > is red\nno\nat bad.spec.ts:3',
    'unloadable.spec.ts\nno such module',
  ]);
  expect(skippedOfVitest(report)).toEqual(['has no disk']);
});

it('counts a flaky end-to-end test, and an error outside of any test, as failures', () => {
  const specs = [e2e('fine', 'expected'), e2e('sometimes', 'flaky', 'late'), e2e('never', 'unexpected', 'missing')];
  const report = {
    stats: { expected: 7, unexpected: 1, flaky: 1, skipped: 2 },
    errors: [{ message: 'no browser' }],
    suites: [{ specs: specs.slice(0, 1), suites: [{ specs: specs.slice(1) }] }],
  };

  expect(countPlaywright(report)).toEqual({ passed: 7, failed: 3, skipped: 2 });
  expect(failuresOfPlaywright(report)).toEqual([
    'outside of any test\nno browser',
    'app.spec.ts > sometimes\nlate',
    'app.spec.ts > never\nmissing',
  ]);
});

it('counts a failed step without tests, or whose tests all passed, as one failure', () => {
  const told = { passed: 5, failed: 0, skipped: 1 };

  expect(countStep(true, undefined)).toEqual({ passed: 0, failed: 0, skipped: 0 });
  expect(countStep(false, undefined)).toEqual({ passed: 0, failed: 1, skipped: 0 });
  expect(countStep(true, told)).toEqual(told);
  expect(countStep(false, told)).toEqual({ ...told, failed: 1 });
  expect(countStep(false, { ...told, failed: 3 }).failed).toBe(3);
});

const unit = (fullName: string, message?: string) => ({
  fullName,
  status: message === undefined ? 'passed' : 'failed',
  failureMessages: message === undefined ? [] : [message],
});

const e2e = (title: string, status: string, message?: string) => ({
  title,
  file: 'app.spec.ts',
  tests: [{ status, results: [{ errors: message === undefined ? [] : [{ message }] }, { errors: [] }] }],
});
