// Reads the JSON reports of our two test runners: how many tests there were, and what those that failed said.

import { stripVTControlCharacters } from 'node:util';

export interface Totals {
  passed: number;
  failed: number;
  skipped: number;
}

/**
 * What a step adds to the totals: its tests, or nothing where it has none. A step that failed counts as one failure at
 * least: a format check has no tests, and a runner may fail without a failed test or without leaving a report.
 */
export function countStep(isGood: boolean, told: Totals | undefined): Totals {
  const { passed, failed, skipped } = told ?? { passed: 0, failed: 0, skipped: 0 };
  return { passed, failed: isGood ? failed : Math.max(failed, 1), skipped };
}

export interface VitestReport {
  numPassedTests: number;
  numFailedTests: number;
  numPendingTests: number;
  numTodoTests: number;
  testResults: {
    name: string;
    status: string;
    message: string;
    assertionResults: { status: string; fullName: string; failureMessages: string[] }[];
  }[];
}

/** A file that could not even be loaded holds no tests; it counts as one failure. */
export function countVitest(report: VitestReport): Totals {
  const unloadable = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.length === 0,
  );
  return {
    passed: report.numPassedTests,
    failed: report.numFailedTests + unloadable.length,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** What failed, each in a few lines: the name and how its first message begins. */
export const failuresOfVitest = ({ testResults }: VitestReport): string[] =>
  testResults.flatMap(({ name, status, message, assertionResults: tests }) =>
    status === 'failed' && tests.length === 0
      ? [told(name, message)]
      : tests
          .filter((test) => test.status === 'failed')
          .map(({ fullName, failureMessages: [first] }) => told(`${name} > ${fullName}`, first)),
  );

/** Full names of the tests that did not run. */
export const skippedOfVitest = ({ testResults }: VitestReport): string[] =>
  testResults.flatMap(({ assertionResults }) =>
    assertionResults.filter(({ status }) => status === 'skipped').map(({ fullName }) => fullName),
  );

interface PlaywrightSuite {
  readonly suites?: readonly PlaywrightSuite[];
  readonly specs: readonly {
    readonly title: string;
    readonly file: string;
    readonly tests: readonly {
      readonly status: string;
      readonly results: readonly { readonly errors: readonly { readonly message?: string }[] }[];
    }[];
  }[];
}
export interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  errors: { message?: string }[];
  suites: PlaywrightSuite[];
}

export function countPlaywright({ stats, errors }: PlaywrightReport): Totals {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped };
}

/** As `failuresOfVitest`; of a flaky test, what it said when it failed. */
export const failuresOfPlaywright = ({ suites, errors }: PlaywrightReport): string[] => [
  ...errors.map(({ message }) => told('outside of any test', message)),
  ...suites.flatMap(failuresOfSuite),
];

const failuresOfSuite = ({ suites = [], specs }: PlaywrightSuite): string[] => [
  ...specs.flatMap(({ title, file, tests }) =>
    tests
      .filter(({ status }) => status === 'unexpected' || status === 'flaky')
      .map(({ results }) => told(`${file} > ${title}`, results.flatMap(({ errors }) => errors)[0]?.message)),
  ),
  ...suites.flatMap(failuresOfSuite),
];

const told = (name: string, message = 'it did not say why'): string =>
  `${name}\n${stripVTControlCharacters(message).split('\n').slice(0, 12).join('\n')}`;
