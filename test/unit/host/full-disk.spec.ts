import { type ChildProcess, spawn } from 'node:child_process';
import {
  closeSync,
  mkdtempSync,
  openSync,
  readFileSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { appError, safetyText } from '@shared/errors.ts';
import type { Plan } from '@shared/run.ts';
import { doingOwn } from '@host/fs-errors.ts';
import { openRunJournal, startedLine } from '@host/run-journal.ts';
import { unrecorded } from '@host/run-record.ts';
import type { RunRequest } from '@host/runs.ts';
import { firstSnapshot } from '@host/run-snapshot.ts';
import { stoppedError } from '@host/run-stop.ts';
import { afterEach, describe, expect, it } from 'vitest';
import { CANNOT_MOUNT, canMount, mounting, seenBy, tmpfs } from '../../faults/inputs/support/namespace.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { must, scriptedHost, until } from './scripted-host.ts';

/** The data folder on a disk that is full, over quota or gone: what a person is told, and what goes on all the same. */

const folder = temporaryFolder();
const ended: (() => void)[] = [];
afterEach(() => {
  for (const end of ended.splice(0)) end();
});

const PAGE = 4096;

/** A data folder on a disk of its own, which another process has mounted for itself. */
async function smallDisk(): Promise<{ dataFolder: string; fill: () => void; makeRoom: () => void }> {
  const place = mkdtempSync(path.join(folder, 'disk-'));
  const [command, ...args] = mounting(tmpfs(place, 32 * PAGE));
  const holder: ChildProcess = spawn(command ?? '', [...args, 'sleep', '600'], { stdio: 'ignore' });
  ended.push(() => holder.kill('SIGKILL'));
  await until(() => readFileSync(`/proc/${holder.pid}/mounts`, 'utf8').includes(place));
  const dataFolder = seenBy(holder.pid ?? 0, place);
  const filler = path.join(dataFolder, 'filler');
  const fill = (): void => {
    const descriptor = openSync(filler, 'w');
    try {
      for (;;) writeSync(descriptor, Buffer.alloc(PAGE));
    } catch {
      closeSync(descriptor); // full, as wanted
    }
  };
  return { dataFolder, fill, makeRoom: () => rmSync(filler) };
}

function house(dataFolder?: string) {
  const made = scriptedHost(folder, {}, dataFolder);
  ended.push(() => made.host.close());
  return made;
}

/** `length` bytes of a first line, so that the next one does not fit into the same block. */
const planOf = (length: number) => ({ olderPrograms: '-'.repeat(length) }) as Plan;
const requestIn = (home: string, plan: Plan | null): RunRequest => ({
  ...{ toPhase: 1, fingerprint: 'f1', plan, backupFolder: path.join(home, 'b') },
  ...{ source: { kind: 'none' }, isRemovalConfirmed: false },
});
const full = {
  ok: false,
  error: { code: 'E_NO_SPACE', safety: safetyText.untouched, nextStep: expect.stringContaining('Free some space') },
};

describe.skipIf(!canMount)(`a data folder on a full disk (${CANNOT_MOUNT})`, () => {
  it('refuses what a person wants remembered, says why, and keeps what was there', async () => {
    const { dataFolder, fill } = await smallDisk();
    const { router, host, open } = house(dataFolder);
    const { handle, path: file } = open('good');
    await router('settings:set', { colorScheme: 'dark' });
    await router('database:status', { handle });
    const [recent] = await host.recents.list();
    fill();

    const layout = { order: ['b'], pinned: [], hidden: [], widths: [] };
    expect(await router('browse:setLayout', { handle, table: 't', layout })).toMatchObject(full);
    expect(await router('recents:remove', { recentId: recent?.recentId })).toMatchObject(full);
    const set = await router('settings:set', { colorScheme: 'light' });
    expect(set).toMatchObject(full);
    expect(set).toMatchObject({
      error: { message: `${path.join(dataFolder, 'settings.json')} cannot be used (ENOSPC: no space left on device).` },
    });

    expect(await router('settings:get', {})).toEqual({ ok: true, value: { colorScheme: 'dark' } });
    expect(host.recents.knows(file)).toBe(true);
    expect(readdirSync(dataFolder).filter((name) => name.endsWith('.tmp'))).toEqual([]);
  });

  it('looks at a database, lists its backups and makes one, though nothing can be noted of that', async () => {
    const { dataFolder, fill } = await smallDisk();
    const { router, host, open } = house(dataFolder);
    const { handle, path: file } = open('good');
    await router('database:status', { handle });
    host.recents.knowsBroken(file, 'another');
    fill();

    expect(await router('database:check', { handle })).toMatchObject({ ok: true });
    expect(await router('backup:list', { handle })).toMatchObject({ ok: true });
    expect(await router('backup:create', { handle })).toMatchObject({ ok: true });
  });

  it('starts no upgrade', async () => {
    const { dataFolder, fill } = await smallDisk();
    const { host, open, home } = house(dataFolder);
    const database = open('good');
    fill();

    const started = host.runs.start(database, requestIn(home, null));

    expect(started).toMatchObject(full);
    expect(started).toMatchObject({
      error: {
        message: expect.stringMatching(
          /^The run journal could not be written, so nothing was started: .*\(ENOSPC: no space left on device\)\.$/,
        ),
      },
    });
    expect(host.busy.any()).toBe(false);
  });

  it('stops an upgrade at a whole step, and says why and what is kept', async () => {
    const { dataFolder, fill } = await smallDisk();
    const { host, open, home } = house(dataFolder);
    const started = must(host.runs.start(open('waits'), requestIn(home, planOf(PAGE - 450))));
    fill();

    const run = await started.done;

    expect([run.state, run.error?.code]).toEqual(['failed', 'E_NO_SPACE']);
    expect(run.error?.message).toMatch(
      /^The run journal could not be written: \S+\.jsonl cannot be used \(ENOSPC: no space left on device\)\. It was stopped with 1 of 2 steps applied; they are kept\.$/,
    );
    expect(run.error?.safety).toBe(safetyText['whole-step']);
    expect(run.report?.error).toEqual(run.error);
  });

  it('cuts off a line of a journal, and not the one after it', async () => {
    const { dataFolder, fill, makeRoom } = await smallDisk();
    const journal = openRunJournal(dataFolder, '/a.db', 'r1');
    const at = '2026-11-21T12:00:00.000Z';
    const start = { kind: 'upgrade', at, runId: 'r1', path: '/a.db', toPhase: 1, appVersion: '0' } as const;
    journal.write(startedLine({ ...start, plan: planOf(PAGE - 450) }));
    fill();
    const applied = (migrationId: string) => ({ type: 'applied', at, migrationId, ms: 5 }) as const;
    expect(() => journal.write(applied('m'.repeat(2 * PAGE)))).toThrow('E_NO_SPACE');
    makeRoom();

    journal.write(applied('m2'));
    journal.close();

    const [name = ''] = readdirSync(path.join(dataFolder, 'runs'));
    const lines = readFileSync(path.join(dataFolder, 'runs', name, 'r1.jsonl'), 'utf8')
      .trimEnd()
      .split('\n');
    expect(lines).toHaveLength(3);
    expect(lines[1]).toMatch(/m$/); // as far as there was room
    expect(JSON.parse(lines[2] ?? '')).toEqual(applied('m2'));
  });
});

describe('a disk that takes nothing more', () => {
  it.skipIf(process.platform !== 'linux')('is full as well where a quota is used up, and that is said in words', () => {
    const quota = { errno: -122, code: 'Unknown system error -122', syscall: 'open' };
    const words = "Unknown system error -122: Unknown system error -122, open '/home/q'";
    const write = () => {
      throw Object.assign(new Error(words), quota);
    };
    expect(() => doingOwn('/home/q', write)).toThrow(
      'E_NO_SPACE: /home/q cannot be used (EDQUOT: disk quota exceeded).',
    );
  });

  it('stops an upgrade that has no backup yet without speaking of one', () => {
    const ids = { runId: 'r1', handle: 'h', fromPhase: null, toPhase: 1, startedAt: '' };
    const stopped = stoppedError(firstSnapshot(ids), appError('E_CANCELLED', ''), null);
    const error = unrecorded(appError('E_IO', '/j cannot be used (EIO: i/o error).'), stopped);
    expect(error).toMatchObject({ code: 'E_IO', safety: safetyText.untouched });
    expect(error.message).toContain('It was stopped before anything was changed.');
  });

  it('and is gone when a run is stopped: what is known of the run is told all the same', async () => {
    const { host, open, home, dataFolder } = house();
    const started = must(host.runs.start(open('deaf'), requestIn(home, null)));
    const { handle } = started.snapshot;
    await until(() => host.runs.get(handle)?.steps[0]?.state === 'applied');
    renameSync(dataFolder, `${dataFolder} away`);
    writeFileSync(dataFolder, '');

    host.runs.control(handle, 'cancel');
    const run = await started.done;

    expect([run.state, run.error?.code]).toEqual(['cancelled', 'E_CANCELLED']);
    expect(run.error?.message).toContain(
      '1 of 2 steps applied; they are kept. The file could not be looked at afterwards: ',
    );
    expect(run.error?.safety).toBe(safetyText.unknown);
  });
});
