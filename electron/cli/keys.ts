import { appError, type Result } from '@shared/errors.ts';
import type { PlainSecretsReport } from '@shared/run.ts';
import type { Host } from '@host/host.ts';
import { printable } from '@host/printable.ts';
import type { Command } from './arguments.ts';
import { stopOf, stopped, whileRunning } from './signals.ts';
import { canAsk, failure, isConfirmed, nobodyToAsk, type Outcome, tell } from './terminal.ts';
import { keptLines, some } from './words.ts';

type KeysCommand = Extract<Command, { name: 'keys' }>;

/** `keys`: says whose keys stand in the database in plain text, or empties them. Never shows one. */
export async function keys(host: Host, command: KeysCommand): Promise<Outcome> {
  const database = host.databases.open(command.file);
  if (!database.ok) return failure(database.error);
  const { path } = database.value;
  if (!command.clear) {
    const listed: Result<PlainSecretsReport> = await host.engines.ask(path, 'listPlainSecrets', { path });
    return listed.ok ? outcome(listed.value, listText(listed.value)) : failure(listed.error);
  }
  if (!command.yes) {
    if (!canAsk()) return failure(nobodyToAsk());
    tell(`All keys that stand in ${printable(path)} in plain text will be emptied, behind a verified backup.`);
    if (!(await isConfirmed('Start? Type "yes" to start:', 'yes')))
      return failure(appError('E_CONFIRMATION', 'Nothing was started.'));
  }
  const work = host.ingests.clearSecrets(database.value, command.backupFolder ?? undefined);
  const { value: done, signalCode } = await whileRunning(work, stopOf(host, database.value));
  if (!done.ok) return stopped(failure(done.error), signalCode);
  const { cleared, backup, keptIn } = done.value;
  const lines = [
    `${some(cleared, 'key')} cleared.`,
    `Backup: ${printable(backup?.path ?? '')}, verified. It still holds the keys: delete it once you need it no more.`,
    ...keptLines(keptIn),
  ];
  return outcome(done.value, lines.join('\n'));
}

const outcome = (report: PlainSecretsReport, text: string): Outcome => ({
  exitCode: 0,
  json: { ok: true, ...report },
  text,
});

function listText({ owners }: PlainSecretsReport): string {
  if (owners.length === 0) return 'No key stands in this file in plain text.';
  return [...owners.map(({ owner }) => printable(owner)), `${some(owners.length, 'key')} in plain text.`].join('\n');
}
