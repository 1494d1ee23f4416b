import { coded } from '@shared/errors.ts';
import type { CheckResult, Health } from '@shared/status.ts';
import { checkIntegrity, foreignKeyViolations } from './integrity.ts';
import type { Db } from './migration.ts';

/** Up to this size the quick check takes a moment only, so it is part of every look. */
const QUICK_CHECK_BYTES = 32 * 1024 * 1024;
const MOST_LINES = 100;

/**
 * Whether the file is whole. check 'schema' looks at small files only; 'data' reads everything.
 * @throws CodedError E_CORRUPT when the structure is damaged: nothing else about such a file can be believed.
 */
export function checkHealth(db: Db, sizeBytes: number, check: 'schema' | 'data'): Health {
  if (check === 'data') {
    const integrity = integrityCheck(db);
    const violations = foreignKeyViolations(db);
    return judge([integrity, foreignKeyCheck(violations)], total(violations));
  }
  if (sizeBytes > QUICK_CHECK_BYTES) {
    return {
      state: 'not-checked',
      summary: 'The content of the file has not been checked yet.',
      checks: [],
      foreignKeyViolations: null,
    };
  }
  return judge([quickCheck(db)], null);
}

function judge(checks: CheckResult[], violations: number | null): Health {
  const isHealthy = checks.every(({ state }) => state === 'met');
  const summary = isHealthy ? 'Your file is healthy.' : 'Your file is whole, but some rows do not keep its rules.';
  return { state: isHealthy ? 'healthy' : 'problems', summary, checks, foreignKeyViolations: violations };
}

function quickCheck(db: Db): CheckResult {
  const lines = (db.pragma(`quick_check(${MOST_LINES})`) as { quick_check: string }[]).map((row) => row.quick_check);
  const ruleBreaks = lines.filter((line) => line.startsWith('NULL value in '));
  requireSound(
    lines.length === 1 && lines[0] === 'ok' ? [] : lines.filter((line) => !ruleBreaks.includes(line)),
    lines.length > 0,
  );
  return contentResult('quick-check', 'The file is whole (quick check)', ruleBreaks.length, ruleBreaks);
}

function integrityCheck(db: Db): CheckResult {
  const { isSound, lines, contentFindings } = checkIntegrity(db);
  requireSound(isSound ? [] : lines, isSound || lines.length > 0);
  return contentResult('integrity-check', 'The file is whole', contentFindings, lines);
}

function requireSound(damage: readonly string[], hasAnswer: boolean): void {
  if (hasAnswer && damage.length === 0) return;
  const first = damage[0] ?? 'the check gave no answer';
  throw coded('E_CORRUPT', `SQLite found damage: ${first.slice(0, 300)}.`, {
    findings: damage.length,
    first: first.slice(0, 300),
  });
}

const contentResult = (id: string, title: string, count: number, lines: readonly string[]): CheckResult => ({
  id,
  title,
  state: count === 0 ? 'met' : 'unmet',
  summary: count === 0 ? 'SQLite found no damage.' : `${count} values break a rule of their own table.`,
  evidence: lines.slice(0, 20).map((text) => ({ label: 'finding', text })),
});

function foreignKeyCheck(violations: ReadonlyMap<string, number>): CheckResult {
  const broken = [...violations].filter(([, count]) => count !== 0);
  return {
    id: 'foreign-keys',
    title: 'Every reference leads to a row that exists',
    state: broken.length === 0 ? 'met' : 'unmet',
    summary:
      broken.length === 0
        ? 'Every reference leads to a row that exists.'
        : `${total(violations)} rows refer to rows that do not exist.`,
    evidence: broken.map(([table, count]) => ({
      label: table,
      text: count < 0 ? 'its references cannot be checked' : `${count} rows`,
    })),
  };
}

/** A table whose check could not run counts as none here; the finding names it. */
const total = (violations: ReadonlyMap<string, number>): number =>
  [...violations.values()].reduce((sum, count) => sum + Math.max(count, 0), 0);
