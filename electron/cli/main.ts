import path from 'node:path';
import { type AppError, toAppError } from '@shared/errors.ts';
import { readAppVersion } from '@host/app-version.ts';
import { dataFolderPath } from '@host/data-folder.ts';
import { createHost } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { adviceFor } from './advice.ts';
import { type Command, parseCommand } from './arguments.ts';
import { execute } from './commands.ts';
import { failure, type Outcome, report } from './terminal.ts';

void main(process.argv.slice(2));

/** One command, one document on stdout, one exit code. */
async function main(args: readonly string[]): Promise<void> {
  process.stderr.on('error', () => {}); // what cannot be told is no reason to stop in the middle
  process.stdout.on('error', whenUnread);
  const outcome = await outcomeOf(args);
  process.exitCode = outcome.exitCode;
  report(outcome, args.includes('--json'));
}

/** A reader that went away (`| head`) has what it wanted; who saved the document to a full disk has not. */
function whenUnread(error: NodeJS.ErrnoException): void {
  if (error.code === 'EPIPE') return;
  console.error(`The result could not be written (${error.code ?? error.message}).`);
  process.exitCode = 1;
}

async function outcomeOf(args: readonly string[]): Promise<Outcome> {
  const command = parseCommand(args);
  if (!command.ok) return failure(command.error);
  const host = createHost({
    dataFolder: dataFolderPath(),
    appVersion: readAppVersion(__dirname),
    spawn: spawnWithNode(path.join(__dirname, 'engine.cjs')),
  });
  try {
    return advised(await execute(host, command.value), command.value, args);
  } catch (cause) {
    return failure(toAppError(cause));
  } finally {
    host.close();
  }
}

/** With the command for what an error says to do next. */
function advised(outcome: Outcome, command: Command, args: readonly string[]): Outcome {
  const { error } = outcome.json as { readonly error?: AppError };
  const suggested = error ? adviceFor(error, command, args) : null;
  if (suggested === null) return outcome;
  return { ...outcome, json: { ...outcome.json, suggested }, text: `${outcome.text}\n  ${suggested}` };
}
