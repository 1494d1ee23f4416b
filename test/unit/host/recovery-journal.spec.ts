import fs, { readdirSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import path from 'node:path';
import { isStillRunning, processIdentity } from '@host/process-identity.ts';
import { beginWork, openRunJournal, startedLine } from '@host/run-journal.ts';
import { readWorks } from '@host/works.ts';
import { describe, expect, it, vi } from 'vitest';
import { GONE, setUp } from '../../support/recovered-house.ts';

describe('the journal', () => {
  it('of any work has a begin and an end, and belongs to a process that is told from later ones', () => {
    const { dataFolder, file } = setUp();
    const end = beginWork(dataFolder, { kind: 'backup', path: file, runId: 'w1', appVersion: '0' });
    expect(readWorks(dataFolder, file)).toMatchObject([{ kind: 'backup', isOver: null }]);
    end(true);
    expect(readWorks(dataFolder, file)).toMatchObject([
      { isAlive: false, isOver: true, started: { process: processIdentity(process.pid) } },
    ]);
    expect(isStillRunning(process.pid, processIdentity(process.pid), '')).toBe(true);
    if (process.platform === 'linux') expect(isStillRunning(process.pid, 'boot:1', '')).toBe(false);
    expect(isStillRunning(process.pid, '', '2001-01-01T00:00:00Z')).toBe(false); // before the computer was started
    expect(isStillRunning(GONE, undefined, new Date().toISOString())).toBe(false);
  });

  it('that cannot be written does not keep a backup from being made', () => {
    const { home, file } = setUp();
    writeFileSync(path.join(home, 'data'), 'a file where the folder should be');
    expect(() =>
      beginWork(path.join(home, 'data'), { kind: 'backup', path: file, runId: 'w', appVersion: '0' })(true),
    ).not.toThrow();
  });

  it('that could not be read for a moment is read again, though it has not changed', () => {
    const { dataFolder, file } = setUp();
    beginWork(dataFolder, { kind: 'backup', path: file, runId: 'w1', appVersion: '0' });
    const opening = vi.spyOn(fs, 'openSync').mockImplementation(() => {
      throw Object.assign(new Error('EMFILE: too many open files, open'), { code: 'EMFILE', syscall: 'open' });
    });
    syncBuiltinESMExports();
    expect(readWorks(dataFolder, file)).toEqual([]);
    opening.mockRestore();
    syncBuiltinESMExports();

    expect(readWorks(dataFolder, file)).toMatchObject([{ runId: 'w1' }]);
  });

  it('of something else than a journal says nothing', () => {
    const { dataFolder, file, runs } = setUp();
    const journal = openRunJournal(dataFolder, file, 'r1');
    journal.write(
      startedLine({ kind: 'upgrade', at: '', runId: 'r1', path: file, toPhase: 1, appVersion: '0', plan: null }),
    );
    journal.close();
    writeFileSync(
      path.join(runs(), 'x.jsonl'),
      '\0\0\0\nnull\n[1]\n{"type":"started"}\n{"type":"ended","at":"","report":{}}\n',
    );
    expect(readWorks(dataFolder, file).map(({ runId }) => runId)).toEqual(['r1']);
    expect(readdirSync(runs())).toHaveLength(2);
  });
});
