// Counts the tests in the JSON reports of our two test runners.

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
  testResults: { status: string; assertionResults: unknown[] }[];
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

export interface PlaywrightReport {
  stats: { expected: number; unexpected: number; flaky: number; skipped: number };
  errors: unknown[];
}

export function countPlaywright({ stats, errors }: PlaywrightReport): Totals {
  return { passed: stats.expected, failed: stats.unexpected + stats.flaky + errors.length, skipped: stats.skipped };
}
