import type { AppError } from '@shared/errors.ts';

/** What "Copy details" puts on the clipboard: small facts for support, never rows or secrets. */
export function errorForSupport(error: AppError, subject?: string): string {
  const facts = Object.entries(error.details ?? {}).map(([name, value]) => `  ${name}: ${String(value)}`);
  return [
    `${error.code}: ${error.title}`,
    ...(subject === undefined ? [] : [`File: ${subject}`]),
    `What happened: ${error.message}`,
    `Is the data safe: ${error.safety}`,
    `What to do: ${error.nextStep}`,
    ...(facts.length === 0 ? [] : ['Facts:', ...facts]),
  ].join('\n');
}
