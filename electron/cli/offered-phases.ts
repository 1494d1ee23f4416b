import { type AppError } from '@shared/errors.ts';
import type { Host } from '@host/host.ts';
import type { Command } from './arguments.ts';
import { endAtOnce } from './signals.ts';
import { errorText, type Outcome } from './terminal.ts';

/** With the phases that there are, where one was asked for that there is not. */
export async function withOfferedPhases(host: Host, command: Command, outcome: Outcome): Promise<Outcome> {
  const { error } = outcome.json as { readonly error?: AppError };
  if (error?.code !== 'E_PHASE_UNAVAILABLE' || !('file' in command)) return outcome;
  const database = host.databases.open(command.file);
  if (!database.ok) return outcome;
  const looking = host.engines.ask(database.value.path, 'inspect', { path: database.value.path, check: 'schema' });
  const looked = await looking.finally(endAtOnce(() => host.close()));
  if (!looked.ok) return outcome;
  const { phases } = looked.value;
  // A phase behind one that is not there cannot be reached.
  const end = phases.findIndex(({ state }) => state === 'unavailable');
  const offered = phases.slice(0, end === -1 ? phases.length : end);
  if (offered.length === 0) return outcome;
  const names = offered.map(({ number, name }) => `${number} (${name})`).join(', ');
  const told = { ...error, nextStep: `Choose one of the phases ${names}.` };
  return { ...outcome, json: { ...outcome.json, error: told }, text: errorText(told) };
}
