import { coded } from '@shared/errors.ts';
import type { CheckResult, Health } from '@shared/status.ts';
import { number, some } from './counted.ts';
import { checkIntegrity, foreignKeyViolations, requireRead } from './integrity.ts';
import type { Db } from './migration.ts';

/** Up to this size the quick check takes a moment only, so it is part of every look. */
const QUICK_CHECK_BYTES = 32 * 1024 * 1024;
const MOST_LINES = 100;
const MOST_CHARACTERS = 300;

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

/** Damage never comes this far: 'problems' are rows as other programs left them, which is a matter for attention only. */
function judge(checks: CheckResult[], violations: number | null): Health {
  const found = checks.filter(({ state }) => state === 'unmet');
  const isHealthy = found.length === 0;
  const summary = isHealthy
    ? 'Your file is healthy.'
    : `Your file is whole. ${found.map((check) => check.summary).join(' ')}`;
  return { state: isHealthy ? 'healthy' : 'problems', summary, checks, foreignKeyViolations: violations };
}

function quickCheck(db: Db): CheckResult {
  const lines = (db.pragma(`quick_check(${MOST_LINES})`) as { quick_check: string }[]).map((row) => row.quick_check);
  requireRead(lines);
  const ruleBreaks = lines.filter((line) => line.startsWith('NULL value in '));
  requireSound(
    lines.length === 1 && lines[0] === 'ok' ? [] : lines.filter((line) => !ruleBreaks.includes(line)),
    lines.length > 0,
  );
  return contentResult('quick-check', 'Content of the file (quick check)', ruleBreaks.length, ruleBreaks);
}

function integrityCheck(db: Db): CheckResult {
  const { isSound, lines, contentFindings } = checkIntegrity(db);
  requireSound(isSound ? [] : lines, isSound || lines.length > 0);
  return contentResult('integrity-check', 'Content of the file', contentFindings, lines);
}

function requireSound(damage: readonly string[], hasAnswer: boolean): void {
  if (hasAnswer && damage.length === 0) return;
  const first = inOneLine(damage[0] ?? 'the check gave no answer');
  throw coded('E_CORRUPT', `SQLite found damage: ${first.replace(/\.$/, '')}.`, { findings: damage.length, first });
}

/** SQLite breaks its finding into lines. Cut between two words. */
function inOneLine(text: string): string {
  const line = text.replaceAll(/\s+/g, ' ').trim();
  return line.length <= MOST_CHARACTERS ? line : `${line.slice(0, MOST_CHARACTERS).replace(/\s\S*$/, '')} …`;
}

const contentResult = (id: string, title: string, count: number, lines: readonly string[]): CheckResult => ({
  id,
  title,
  state: count === 0 ? 'met' : 'unmet',
  summary:
    count === 0
      ? 'SQLite found no damage.'
      : `${some(count, 'value')} ${count === 1 ? 'breaks' : 'break'} a rule of ${count === 1 ? 'its' : 'their'} own table; ${count === 1 ? 'it is' : 'they are'} kept.`,
  evidence: lines.slice(0, 20).map((text) => ({ label: 'finding', text })),
});

function foreignKeyCheck(violations: ReadonlyMap<string, number>): CheckResult {
  const broken = [...violations].filter(([, count]) => count !== 0);
  return {
    id: 'foreign-keys',
    title: 'References between rows',
    state: broken.length === 0 ? 'met' : 'unmet',
    summary:
      broken.length === 0
        ? 'Every reference leads to a row that exists.'
        : orphanWords(total(violations), broken.length),
    evidence: broken.map(([table, count]) => ({
      label: table,
      text: count < 0 ? 'its references cannot be checked' : some(count, 'row'),
    })),
  };
}

/** No row may be counted and a table still be broken: its references could not be checked. */
export function orphanWords(rows: number, tables: number): string {
  if (rows === 0) return `The references of ${some(tables, 'table')} cannot be checked.`;
  return rows === 1
    ? '1 row refers to a row that does not exist; it is kept.'
    : `${number(rows)} rows refer to rows that do not exist; they are kept.`;
}

/** A table whose check could not run counts as none here; the finding names it. */
const total = (violations: ReadonlyMap<string, number>): number =>
  [...violations.values()].reduce((sum, count) => sum + Math.max(count, 0), 0);
