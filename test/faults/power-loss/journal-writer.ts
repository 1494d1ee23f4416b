import { openRunJournal, type JournalLine } from '@host/run-journal.ts';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';

/**
 * Writes the host's journal of a run as the host does, and says after each line that it is written. Speaks like an engine,
 * so that it can be recorded like one.
 */
const send = (message: FromEngine): void => void process.send?.(message);

process.on('message', (message: ToEngine) => {
  if (message.type !== 'request') return;
  const { folder, runId } = message.input as { folder: string; runId: string };
  const at = '2026-11-21T14:02:33.000Z';
  const journal = openRunJournal(folder, '/a/project.db', runId);
  const lines: JournalLine[] = [
    {
      ...{ type: 'started', at, runId, path: '/a/project.db', toPhase: 4, pid: 1 },
      appVersion: '0.0.0-test',
      plan: null,
    },
    { ...{ type: 'backup', at, backupPath: '/a/backups/one.db', sha256: 'a'.repeat(64), verified: true } },
    ...Array.from({ length: 12 }, (_, index): JournalLine => ({
      ...{ type: 'applied', at, migrationId: `step ${index} ${'x'.repeat(index * 90)}`, ms: 3 },
    })),
    { type: 'checkpoint', at, phase: 4 },
  ];
  for (const [index, line] of lines.entries()) {
    journal.write(line);
    send({ type: 'run', event: { type: 'applied', migrationId: String(index), ms: 0 } });
  }
  journal.close();
  send({ type: 'answer', id: message.id, result: { ok: true, value: lines.length } });
});
process.on('disconnect', () => process.exit(0));
send({ type: 'ready' });
