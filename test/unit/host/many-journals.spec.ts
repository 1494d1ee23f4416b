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

  it('share the list of their steps, where that is the same', () => {
    const { dataFolder, journals } = upgraded(3);
    const steps = [{ migrationId: 'one', title: 'Do one', isApplied: false }];
    const add = (journal = '', line: object) =>
      appendFileSync(journal, `${JSON.stringify({ type: 'steps', at: '2026-11-21T15:00:00Z', ...line })}\n`);
    add(journals[0], { steps });
    add(journals[1], { steps });
    add(journals[2], { steps: [{ ...steps[0], isApplied: true }] });

    const [third, second, first] = readWorks(dataFolder, FILE);

    expect([first?.steps, third?.steps[0]?.isApplied]).toEqual([steps, true]);
    expect(second?.steps).toBe(first?.steps);
  });

  it('are kept as far as there is room for what they tell, and those are not read again for the others', () => {
    const { dataFolder, journals } = upgraded(40);
    const applied = { type: 'applied', at: '2026-11-21T15:00:00Z', migrationId: 'm'.repeat(1_000_000), ms: 1 };
    for (const journal of journals) appendFileSync(journal, `${JSON.stringify(applied)}\n`);
    readWorks(dataFolder, FILE);

    const read = opened(() => expect(readWorks(dataFolder, FILE)).toHaveLength(40)).length;

    expect(read).toBeGreaterThan(5);
    expect(read).toBeLessThan(35);
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
