import type { RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus, Health } from '@shared/status.ts';
import { isWrittenSince } from './written-since.ts';

/** Checks of the verdict that tell of the content of the whole file; the first is SQLite's own. */
const OF_THE_CONTENT = ['integrity', 'references'];
/** How the verdict names, in the evidence of the first, what is counted but is no damage. */
const RULE_BREAKS = 'Rows that break a rule of their table';

/**
 * A short look leaves the content of a large file out. Where the verdict on an upgrade has read all of it, and the file is
 * still as that upgrade left it, what was found then is said instead of that nobody has looked.
 * @param reports of the runs of this file, newest first; asked for only where the look has left something out.
 */
export function withVerdictHealth(status: DatabaseStatus, file: string, reports: () => RunReport[]): DatabaseStatus {
  if (status.health.state !== 'not-checked') return status;
  const proven = reports().find(
    ({ verified, leftAs }) => verified && leftAs !== undefined && !isWrittenSince(file, leftAs),
  );
  const health = proven === undefined ? null : healthIn(proven);
  return health === null ? status : { ...status, health };
}

function healthIn({ checks, finishedAt }: RunReport): Health | null {
  const found = OF_THE_CONTENT.flatMap((wanted) => checks.filter(({ id }) => id === wanted));
  const [integrity] = found;
  const ruleBreaks = integrity?.evidence.find(({ label }) => label === RULE_BREAKS)?.text;
  if (integrity?.id !== 'integrity' || ruleBreaks === undefined || found.some(({ state }) => state !== 'met'))
    return null;
  const isHealthy = ruleBreaks === '0';
  return {
    state: isHealthy ? 'healthy' : 'problems',
    summary: `${isHealthy ? 'Your file is healthy' : 'Your file is whole, though it holds values that break a rule of their own table'}: all of it was read at the end of the upgrade, and it was not written to since.`,
    checks: found.map((check): CheckResult => {
      return { ...check, evidence: [...check.evidence, { label: 'Read at the end of the upgrade', text: finishedAt }] };
    }),
    foreignKeyViolations: null, // the verdict asks only whether there are more than before
  };
}
