import { execFileSync, spawn } from 'node:child_process';
import {
  closeSync,
  constants,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readSync,
  writeFileSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it, vi } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedEngine } from '../host/scripted-host.ts';
import { build, errorCode, isBuilt, runCli, type Start } from './run-cli.ts';

const folder = temporaryFolder();
const newFolder = (): string => mkdtempSync(path.join(folder, 'case-'));
const run = (args: readonly string[], start: Partial<Start> = {}) =>
  runCli(args, { cwd: folder, home: path.join(folder, 'home'), ...start });

/** The tool beside an engine that only pretends: for what must not depend on how fast a real one is. */
function scriptedCli(): { cli: string; at: (script: string) => string } {
  const base = newFolder();
  mkdirSync(path.join(base, '.vite/build'), { recursive: true });
  copyFileSync(path.join(build, 'cli.cjs'), path.join(base, '.vite/build/cli.cjs'));
  copyFileSync(scriptedEngine, path.join(base, '.vite/build/engine.cjs'));
  writeFileSync(path.join(base, 'package.json'), '{"version":"1.2.3"}');
  const at = (script: string): string => {
    const file = path.join(base, `${script}.db`);
    writeFileSync(file, 'x');
    return file;
  };
  return { cli: path.join(base, '.vite/build/cli.cjs'), at };
}

/** Until the scripted engine has been asked about `file`, and the tool does nothing but wait for its answer. */
const asked = (file: string) => vi.waitFor(() => expect(existsSync(`${file}.asked`)).toBe(true), 10_000);

describe.skipIf(!isBuilt)('the command line tool, beside an engine that only pretends', () => {
  it('writes exactly one document, also for wrong usage', async () => {
    const { cli } = scriptedCli();
    expect(await run(['--json'], { cli })).toMatchObject({ code: 2, json: { ok: false, error: { code: 'E_USAGE' } } });
    expect(await run(['--help', '--json'], { cli })).toMatchObject({ code: 0, json: { ok: true } });
    expect(await run(['--version'], { cli })).toMatchObject({ code: 0, stdout: '1.2.3\n', stderr: '' });
    const explained = await run(['frobnicate'], { cli });
    expect([explained.code, explained.stdout]).toEqual([2, '']);
    expect(explained.stderr).toContain('--help');
  });

  it('asks nobody when nobody is there: without --yes it ends with 2', async () => {
    const { cli, at } = scriptedCli();
    expect(await run(['migrate', at('good'), '--json'], { cli })).toMatchObject({
      code: 2,
      json: { error: { code: 'E_USAGE' }, migrations: [] },
    });
    expect(await run(['restore', at('b'), '--to', at('good'), '--json'], { cli })).toMatchObject({ code: 2 });
  });

  it.each([
    ['good', 0, undefined],
    ['done', 0, undefined],
    ['blocked', 3, 'E_NO_SPACE'],
    ['refused', 3, 'E_STATE_CHANGED'],
    ['untrue', 1, 'E_VERIFY_FAILED'],
    ['nothing', 1, 'E_VERIFY_FAILED'],
    ['dies', 1, 'E_WORKER_DIED'],
    ['fatal', 3, 'E_RUNTIME_MISMATCH'],
  ])('ends migrate of "%s" with %i', async (script, code, error) => {
    const { cli, at } = scriptedCli();
    const ended = await run(['migrate', at(script), '--yes', '--json'], { cli });
    expect([ended.code, errorCode(ended), ended.json['ok']]).toEqual([code, error, code === 0]);
    for (const field of ['fromPhase', 'toPhase', 'migrations', 'backfills', 'backup', 'verified'])
      expect(ended.json).toHaveProperty(field);
    expect(ended.json['verified']).toBe(code === 0);
  });

  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends on %s at a safe place with %i', async (signal, code) => {
    const { cli, at } = scriptedCli();
    let isSent = false;
    const onStderr: NonNullable<Start['onStderr']> = (text, kill) => {
      if (isSent || !text.includes('applied')) return;
      isSent = true;
      kill(signal);
      kill(signal); // npm passes on what the terminal has sent already
    };
    const ended = await run(['migrate', at('waits'), '--yes', '--json'], { cli, onStderr });
    expect([ended.code, ended.signal]).toEqual([code, null]);
    expect(ended.json).toMatchObject({
      ok: false,
      error: { code: 'E_CANCELLED' },
      migrations: [{ id: 'm1', ms: 5 }],
      verified: false,
    });
  });

  it.each([
    ['status', 'endless', [], /before it changed anything/],
    ['status', 'endless', ['--check'], /before it changed anything/],
    ['keys', 'endless', [], /before it changed anything/],
    ['verify', 'endless', [], /neither good nor broken/],
    ['migrate', 'endless', ['--yes'], /before it changed anything/],
    ['migrate', 'reached', ['--yes'], /no more proven than before/],
  ])('%s of "%s" ends at once on the first signal where nothing is changed', async (command, script, more, kept) => {
    const { cli, at } = scriptedCli();
    const file = at(script);
    const looking = spawn(process.execPath, [cli, command, file, ...more, '--json'], {
      env: { ...process.env, PHASEWISE_HOME: folder },
    });
    let stdout = '';
    looking.stdout.setEncoding('utf8').on('data', (text: string) => (stdout += text));
    const code = new Promise((resolve) => looking.on('close', resolve));
    await asked(file);
    const askedAt = performance.now();
    looking.kill('SIGINT');
    expect(await code).toBe(130);
    expect(performance.now() - askedAt).toBeLessThan(6_000); // far above the 2 s that are promised
    expect(JSON.parse(stdout)).toMatchObject({
      ok: false,
      error: {
        code: 'E_CANCELLED',
        message: expect.stringMatching(kept) as string,
        safety: script === 'reached' ? safetyText.unknown : safetyText.untouched,
      },
    });
  });

  describe.skipIf(process.platform === 'win32')('with a full pipe that nobody reads', () => {
    /** `status` of a file that never answers, its stdout a pipe without room; `read` empties that. */
    async function unread() {
      const { cli, at } = scriptedCli();
      const pipe = path.join(newFolder(), 'pipe');
      execFileSync('mkfifo', [pipe]);
      const reader = openSync(pipe, constants.O_RDWR | constants.O_NONBLOCK);
      const writer = openSync(pipe, constants.O_RDWR);
      fill(reader);
      const env = { ...process.env, PHASEWISE_HOME: folder };
      const file = at('endless');
      const looking = spawn(process.execPath, [cli, 'status', file, '--json'], {
        ...{ env, stdio: ['ignore', writer, 'ignore'] },
      });
      closeSync(writer);
      let ended: unknown;
      const end = new Promise<void>((resolve) =>
        looking.on('exit', (code, signal) => {
          ended = { code, signal };
          resolve();
        }),
      );
      await asked(file);
      const askedAt = performance.now();
      return {
        interrupt: () => looking.kill('SIGINT'),
        /** How it ended, and ms since it could be interrupted. */
        end: async () => {
          await Promise.race([end, wait(5_000)]);
          if (ended === undefined) looking.kill('SIGKILL');
          return { ...(ended as object | undefined), ms: performance.now() - askedAt };
        },
        read: () => readAvailable(reader),
        close: () => closeSync(reader),
      };
    }

    it('ends after a second', async () => {
      const { interrupt, end, close } = await unread();
      interrupt();
      const { ms, ...ended } = await end();
      close();

      expect(ended).toEqual({ code: 130, signal: null });
      expect(ms).toBeLessThan(3_000);
    });

    it('tells one document, however often it is interrupted, when somebody reads after all', async () => {
      const { interrupt, end, read, close } = await unread();
      interrupt();
      await wait(50);
      interrupt();
      await wait(250);
      read();
      const { ms: _ms, ...ended } = await end();
      const text = read();
      close();

      expect(ended).toEqual({ code: 130, signal: null });
      expect(JSON.parse(text)).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    });
  });

  it('shows names without letting them act on the terminal', async () => {
    const { cli } = scriptedCli();
    const ended = await run(['status', `evil\u001b[2J\u202egnp.db`], { cli });
    expect(ended.code).toBe(3);
    expect(ended.stderr).toContain('\\u001b[2J\\u202egnp.db');
    expect(ended.stderr).not.toMatch(/[\u001b\u202e]/);
  });
});

/** Writes blanks until there is no room left. @param pipe must not block. */
function fill(pipe: number): void {
  for (const bytes of [4_096, 1]) {
    try {
      for (;;) writeSync(pipe, ' '.repeat(bytes));
    } catch (error) {
      expect(error).toMatchObject({ code: 'EAGAIN' });
    }
  }
}

/** All that lies in the pipe now, without the blanks that filled it. @param pipe must not block. */
function readAvailable(pipe: number): string {
  const bytes = Buffer.alloc(1 << 20);
  try {
    return bytes.toString('utf8', 0, readSync(pipe, bytes)).trim();
  } catch {
    return ''; // it is empty
  }
}
