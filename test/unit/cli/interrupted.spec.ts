import { mkdtempSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { holdersOf } from '@engine/lock-holders.ts';
import type { Recovery } from '@shared/recovery.ts';
import { describe, expect, it, vi } from 'vitest';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { isBuilt, runCli } from './run-cli.ts';

const folder = temporaryFolder();
const limit = { timeout: 90_000 };

type Send = (signal: NodeJS.Signals) => void;

/** The command line on a home folder of its own. @param onApplied called once, when the first step is applied. */
function start(home: string, args: string[], onApplied: (send: Send) => void = () => {}) {
  let isTold = false;
  const onStderr = (text: string, send: Send): void => {
    if (isTold || !text.includes('applied:')) return;
    isTold = true;
    onApplied(send);
  };
  return runCli(args, { home: path.join(home, 'phasewise'), onStderr });
}

/** It outlives its host for a moment; where the system does not tell who holds a file, that long is waited. */
async function untilEngineIsGone(file: string): Promise<void> {
  if (process.platform !== 'linux') return wait(4_500);
  await vi.waitFor(() => expect(holdersOf(file)).toEqual([]), 20_000);
}

/** A sample whose upgrade was ended by `end` after its first step. */
async function interrupted(end: (send: Send) => void) {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const file = path.join(home, 'sample.db');
  await start(home, ['sample', file]);
  const ended = await start(home, ['migrate', file, '--to', '1', '--yes', '--json'], end);
  const json = async (...args: string[]) => {
    const answer = await start(home, [...args, '--json']);
    return { code: answer.code, stderr: answer.stderr, ...answer.json };
  };
  const status = async () =>
    (await json('status', file)) as unknown as { recovery: Recovery | null; phaseReached: number };
  return { home, file, ended, json, status };
}

describe.skipIf(!isBuilt)('an upgrade by the command line that was interrupted', () => {
  it('A14: by KILL: status tells of it and leaves no trace, migrate goes on and says so', limit, async () => {
    const { home, file, ended, json, status } = await interrupted((send) => send('SIGKILL'));
    expect([ended.code, ended.signal, ended.stdout]).toEqual([null, 'SIGKILL', '']);
    await untilEngineIsGone(file);
    const before = [home, path.join(home, 'sample.db backups'), path.join(home, 'phasewise')].map(folderState);

    const { recovery } = await status();
    const { stdout } = await start(home, ['status', file]);

    expect([home, path.join(home, 'sample.db backups'), path.join(home, 'phasewise')].map(folderState)).toEqual(before);
    expect(recovery).toMatchObject({ kind: 'upgrade', state: 'interrupted', isSafe: true, code: 'E_INTERRUPTED' });
    expect(recovery?.stepsDone).toBeGreaterThan(0);
    expect(recovery?.backup?.state).toBe('verified');
    for (const sentence of [recovery?.what ?? '-', recovery?.where ?? '-', ...(recovery?.reasons ?? [])])
      expect(stdout).toContain(sentence);
    expect(stdout).toContain(`npm run -s phasewise -- migrate ${file} --to ${recovery?.toPhase} --yes\n`);
    expect(stdout).toContain(`--to ${file} --yes\n`); // the way back

    const gone = await json('migrate', file, '--to', '1', '--yes');

    expect(gone).toMatchObject({ code: 0, ok: true, verified: true, continues: { runId: recovery?.runId } });
    expect(gone.stderr).toContain('Continuing from there.');
    // What is told is the whole upgrade: where it began, every step and row, the original's backup first.
    const { sha256, path: original } = recovery?.backup ?? {};
    expect(gone).toMatchObject({ fromPhase: null, backup: { path: original, sha256 }, backups: [{ sha256 }, {}] });
    expect(gone).toMatchObject({ migrations: { length: recovery?.stepsTotal } });
    expect(JSON.stringify((gone as Record<string, unknown>)['backfills'])).toContain('20260221_0001_rename_users/');
    expect(await status()).toMatchObject({ recovery: null, phaseReached: recovery?.toPhase });
  });

  it('A14: by SIGHUP, as a closed terminal sends it: ends with 143 at a whole step', limit, async () => {
    const { home, file, ended, json, status } = await interrupted((send) => send('SIGHUP'));
    expect(ended.code).toBe(143);
    expect(JSON.parse(ended.stdout)).toMatchObject({ ok: false, verified: false, error: { code: 'E_CANCELLED' } });
    const { recovery } = await status();
    expect(recovery).toMatchObject({ isSafe: true, code: 'E_CANCELLED' });
    expect(recovery?.what).toContain('was stopped on request');
    expect(ended.stderr.match(/Stopped at your request|Stopping at/g)).toEqual(['Stopping at']); // the outcome says the rest

    // Left as it is, it is told in one line from then on.
    expect(await json('stay', file)).toMatchObject({ code: 0, ok: true });
    expect((await status()).recovery).toBeNull();
    const { stdout } = await start(home, ['status', file]);
    expect(stdout).not.toContain('Unfinished');
    expect(stdout.match(/^The upgrade to phase 1 stands at .* To go on: (.*)$/m)?.[1]).toBe(
      `npm run -s phasewise -- migrate ${file} --to 1 --yes`,
    );
    expect(await json('stay', file)).toMatchObject({ code: 3, error: { code: 'E_NOTHING_TO_DO' } });
  });

  it('A14: by TERM and then KILL, as a service manager does: the next migrate ends it', limit, async () => {
    const { json, status, file } = await interrupted((send) => {
      send('SIGTERM');
      setTimeout(() => send('SIGKILL'), 30);
    });
    expect((await status()).recovery).toMatchObject({ kind: 'upgrade', isSafe: true });
    expect(await json('migrate', file, '--to', '1', '--yes')).toMatchObject({ code: 0, verified: true });
    expect((await status()).recovery).toBeNull();
  });
});
