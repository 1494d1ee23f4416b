import fs, { appendFileSync, mkdtempSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { readHistory, reportsOf } from '@host/run-history.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it, vi } from 'vitest';
import { noteRuns } from '../../support/many-runs.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const FILE = '/somewhere/a.db';

function upgraded(times: number) {
  const dataFolder = mkdtempSync(path.join(folder, 'data-'));
  return { dataFolder, journals: noteRuns(dataFolder, FILE, times) };
}

/** Opened journals, by their names, while `act` runs. */
function opened(act: () => unknown): string[] {
  const opening = vi.spyOn(fs, 'openSync');
  syncBuiltinESMExports();
  act();
  const files = opening.mock.calls.map(([file]) => String(file)).filter((file) => file.endsWith('.jsonl'));
  opening.mockRestore();
  syncBuiltinESMExports();
  return files;
}

describe('the journals of a database with very many runs', () => {
  it('are read once for all questions, and those that grew again', () => {
    const { dataFolder, journals } = upgraded(200);
    const size = journals.reduce((sum, journal) => sum + fs.statSync(journal).size, 0);
    expect(size).toBeGreaterThan(12e6);
    expect(opened(() => readWorks(dataFolder, FILE))).toHaveLength(200);

    expect(opened(() => expect(readWorks(dataFolder, FILE)).toHaveLength(200))).toEqual([]);
    const end = { type: 'settled', at: '2026-11-21T15:00:00Z' };
    appendFileSync(journals[3] ?? '', `${JSON.stringify(end)}\n`);
    const read = opened(() => expect(readWorks(dataFolder, FILE)[196]).toMatchObject({ runId: 'r3', isSettled: true }));
    expect(read).toEqual([journals[3]]);
  });

  it('are read again only as far as somebody asks for their reports', () => {
    const { dataFolder, journals } = upgraded(20);
    readWorks(dataFolder, FILE);

    const read = opened(() => {
      const [last] = reportsOf(dataFolder, FILE, () => false);
      expect(last).toMatchObject({ runId: 'r19', tables: expect.any(Array) });
    });

    expect(read).toEqual([journals[19]]);
    expect(readHistory(dataFolder, FILE, () => false).map(({ tables }) => tables.length)).toEqual(Array(20).fill(600));
  });
});
