import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { journalFolder } from '@host/run-journal.ts';
import { report } from '../unit/renderer/values.ts';

/** Journals of so many proven upgrades of a database, as large as they become. @returns their paths, oldest first. */
export function noteRuns(dataFolder: string, file: string, times: number): string[] {
  const folder = journalFolder(dataFolder, file);
  mkdirSync(folder, { recursive: true });
  const tables = Array.from({ length: 600 }, (_, at) => ({ name: `a table ${at}`, rowsBefore: at, rowsAfter: at }));
  return Array.from({ length: times }, (_, index) => {
    const runId = `r${index}`;
    const at = new Date(Date.UTC(2026, 10, 21, 14, 0, index)).toISOString();
    const ended = { ...report(), runId, ok: true, verified: true, tables };
    const lines = [
      {
        ...{ type: 'started', order: index + 1, at, runId },
        path: file,
        toPhase: 1,
        pid: GONE,
        appVersion: '0',
        plan: null,
      },
      { type: 'migrated', at, report: { ...ended, verified: false } },
      { type: 'ended', at, report: ended },
    ];
    const journal = path.join(folder, `${runId}.jsonl`);
    writeFileSync(journal, lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
    return journal;
  });
}

/** A process that nobody has. */
const GONE = 999_999_999;
