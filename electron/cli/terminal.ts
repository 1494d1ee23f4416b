import { createInterface } from 'node:readline/promises';
import { type AppError, appError, errorCatalogue, saysUntouched } from '@shared/errors.ts';
import { namesAlike } from '@shared/names-alike.ts';
import { printable, printableJson } from '@host/printable.ts';

/** 0 done and verified, 1 failed, 2 wrong usage, 3 refused, 130 and 143 ended by SIGINT and SIGTERM. */
export type ExitCode = 0 | 1 | 2 | 3 | 130 | 143;

/** How a command ends: one JSON document, or the same for a reader. */
export interface Outcome {
  readonly exitCode: ExitCode;
  readonly json: object;
  readonly text: string;
}

/** The exit code that the catalogue gives an error; what may have changed the data was no refusal, whatever its code. */
export function exitCodeOf({ code, safety }: AppError): ExitCode {
  const { outcome } = errorCatalogue[code];
  if (outcome === 'refused') return saysUntouched(safety) ? 3 : 1;
  return outcome === 'usage' ? 2 : 1;
}

/** An error as the end of a command. @param more fields that the command's document always has. */
export const failure = (error: AppError, more: object = {}): Outcome => ({
  exitCode: exitCodeOf(error),
  json: { ok: false, ...more, error },
  text: errorText(error),
});

/** What happened, is the data safe, what to do next. */
export const errorText = (error: AppError): string =>
  [`${error.title}  [${error.code}]`, printable(error.message), error.safety, error.nextStep].join('\n');

let isReported = false;

/** Writes how the command ended, once: whatever comes later is not heard. @param onWritten called when it is out. */
export function report({ exitCode, json, text }: Outcome, asJson: boolean, onWritten = () => {}): void {
  if (isReported) return;
  isReported = true;
  const isText = !asJson && exitCode !== 0;
  const stream = isText ? process.stderr : process.stdout;
  stream.write(`${asJson ? printableJson(json) : text}\n`, onWritten);
}

/** One line on stderr, so that stdout holds the result alone. */
export const tell = (line: string): void => void process.stderr.write(`${line}\n`);

/** A line that the next one replaces, on terminals only. */
export function tellInPlace(line: string): void {
  if (process.stderr.isTTY) process.stderr.write(`\r\u001b[2K${line.slice(0, (process.stderr.columns ?? 80) - 1)}`);
}
export const endInPlace = (): void => tellInPlace('');

/** Whether somebody can be asked. */
export const canAsk = (): boolean => process.stdin.isTTY === true;

/** Asks on stderr. Only what is typed as `expected` counts as yes; Ctrl-C and Ctrl-D count as no. */
export async function isConfirmed(question: string, expected: string): Promise<boolean> {
  const reader = createInterface({ input: process.stdin, output: process.stderr });
  // A closed reader leaves its question unanswered for ever.
  const closed = new Promise<string>((resolve) => reader.once('close', () => resolve('')));
  reader.once('SIGINT', () => reader.close());
  const typed = await Promise.race([reader.question(`${question} `).catch(() => ''), closed]);
  reader.close();
  return namesAlike(typed.toLowerCase(), expected.toLowerCase());
}

/** Where somebody would have to be asked. The command with --yes follows it. */
export const nobodyToAsk = (): AppError =>
  appError('E_USAGE', 'Nobody can be asked here, and --yes is missing. Nothing was started.', undefined, {
    nextStep: 'Say --yes where you would have been asked.',
  });
