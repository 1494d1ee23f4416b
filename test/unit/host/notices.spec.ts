import fs, { appendFileSync, mkdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { findNotices } from '@host/recovery-notices.ts';
import { describe, expect, it, vi } from 'vitest';
import { GONE, setUp } from '../../support/recovered-house.ts';

/** A house in which upgrades of so many databases were interrupted, with journals as large as they become. */
function many(databases: number) {
  const { dataFolder, home, busy } = setUp();
  const applied = { type: 'applied', at: '2026-11-21T14:00:00Z', migrationId: 'x'.repeat(200), ms: 1 };
  const padding = `${JSON.stringify(applied)}\n`.repeat(200);
  const journals = Array.from({ length: databases }, (_, index) => {
    const file = path.join(home, `${index}.db`);
    writeFileSync(file, 'bytes');
    const folder = path.join(dataFolder, 'runs', `d${index}`);
    mkdirSync(folder, { recursive: true });
    const at = new Date(Date.UTC(2026, 10, 21, 14, 0, index)).toISOString();
    const started = {
      type: 'started',
      at,
      runId: `r${index}`,
      path: file,
      toPhase: 1,
      pid: GONE,
      appVersion: '0',
      plan: null,
    };
    writeFileSync(path.join(folder, `r${index}.jsonl`), `${JSON.stringify(started)}\n${padding}`);
    return path.join(folder, `r${index}.jsonl`);
  });
  const context = { dataFolder, busy, recents: { files: () => [] } };
  return { journals, notices: () => findNotices(context) };
}

/** Opened files, by their names, while `act` runs. */
async function opened(act: () => Promise<unknown>): Promise<string[]> {
  const opening = vi.spyOn(fs, 'openSync');
  syncBuiltinESMExports();
  await act();
  const files = opening.mock.calls.map(([file]) => String(file)).filter((file) => file.endsWith('.jsonl'));
  opening.mockRestore();
  syncBuiltinESMExports();
  return files;
}

describe('notices of very many databases', () => {
  it('are found without keeping the process from answering, and journals that did not grow are not read again', async () => {
    const { journals, notices } = many(600);
    const opening = vi.spyOn(fs, 'openSync');
    syncBuiltinESMExports();
    const opens: number[] = [];
    const turns = setInterval(() => opens.push(opening.mock.calls.length), 1);
    expect(await notices()).toHaveLength(600);
    clearInterval(turns);
    opening.mockRestore();
    syncBuiltinESMExports();
    const inOneGo = opens.map((count, turn) => count - (opens[turn - 1] ?? 0));
    expect(Math.max(...inOneGo)).toBeLessThan(300);

    expect(await opened(notices)).toEqual([]);
    const end = { type: 'settled', at: '2026-11-21T15:00:00Z' };
    appendFileSync(journals[3] ?? '', `${JSON.stringify(end)}\n`);
    const read = await opened(async () => expect(await notices()).toHaveLength(599));
    expect(read).toEqual([journals[3]]);
  });

  it('are not forgotten where a journal could not be read for a moment', async () => {
    const { notices } = many(1);
    const opening = vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE', syscall: 'open' });
    });
    syncBuiltinESMExports();
    expect(await notices()).toEqual([]);
    opening.mockRestore();
    syncBuiltinESMExports();
    expect(await notices()).toHaveLength(1);
  });
});
