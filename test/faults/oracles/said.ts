import { isOfTheDisk } from '@shared/disk-error.ts';
import { safetyText, saysUntouched, type AppError } from '@shared/errors.ts';
import type { Ending } from '../flows/flow.ts';

/** What the engine said at the end, in the few ways that matter. */
export interface Said {
  /** "It worked." */
  readonly isSuccess: boolean;
  readonly error: AppError | null;
}

/** @returns undefined when it could not say anything any more. */
export function saidBy(ending: Ending): Said | undefined {
  if (ending.kind !== 'answered') return undefined;
  if (!ending.result.ok) return { isSuccess: false, error: ending.result.error };
  const report = ending.result.value as { ok?: boolean; error?: AppError } | null;
  return report?.ok === false ? { isSuccess: false, error: report.error ?? null } : { isSuccess: true, error: null };
}

/** An engine cannot say so of a disk that failed under it. */
const SAYS_WHOLE: readonly string[] = [safetyText['whole-step'], safetyText['step-only']];

/**
 * Words of safety are promises too: "nothing was changed" and "there is a backup" must be true.
 * @param facts what was really found.
 */
export function untrueWords(said: Said | undefined, facts: { isUntouched: boolean; hasBackup: boolean }): string[] {
  if (said === undefined || said.isSuccess) return [];
  if (said.error === null) return ['it failed and gave no reason'];
  const { code, safety, message } = said.error;
  const problems = code === 'E_INTERNAL' ? [`the error has no code of its own: ${message}`] : [];
  if (saysUntouched(safety) && safety !== safetyText['backup-only'] && !facts.isUntouched)
    problems.push(`${code} says that nothing was changed, but it was: ${message}`);
  if ([safetyText['whole-step'], safetyText['moved-away']].some((text) => text === safety) && !facts.hasBackup)
    problems.push(`${code} says that there is a verified backup, but there is none: ${message}`);
  if (isOfTheDisk(said.error) && SAYS_WHOLE.includes(safety))
    problems.push(`${code} says that the file is at a whole step, and nobody has opened it anew: ${message}`);
  return problems;
}
