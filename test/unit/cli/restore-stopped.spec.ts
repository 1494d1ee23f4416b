import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appError, err, type Result } from '@shared/errors.ts';
import { readWorks } from '@host/works.ts';
import { afterEach, expect, it, vi } from 'vitest';
import { restore } from '../../../electron/cli/restore.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';

/** The first Ctrl-C ends a restore of whichever kind as long as it may be ended; what refuses is waited for. */

const folder = temporaryFolder();
afterEach(() => vi.restoreAllMocks());

async function interrupted(how: 'finish' | 'put-back', isHeard: boolean) {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const { path: file } = open('good');
  const aside = `${file} replaced-Abc123`;
  mkdirSync(aside);
  writeFileSync(path.join(aside, 'good.db'), 'bytes');
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);
  const waited = vi.fn();
  vi.spyOn(host.engines, 'askAlone').mockImplementation(((_file: string, name: string) => {
    let settle: (result: Result<never>) => void = () => {};
    const answer = new Promise<Result<never>>((resolve) => (settle = resolve));
    setImmediate(() => process.emit('SIGINT', 'SIGINT'));
    const cancel = (): boolean => {
      waited(name);
      settle(err(isHeard ? appError('E_CANCELLED', 'It was stopped.') : appError('E_RESTORE_FAILED', 'At its end.')));
      return isHeard;
    };
    return { answer, child: { cancel } };
  }) as never);
  const outcome = await restore(host, { name: 'restore', how, source: how === 'finish' ? '' : aside, file, yes: true });
  host.close();
  return { outcome, asked: waited.mock.calls, works: readWorks(host.dataFolder, file), left: host.busy.any() };
}

it.each([
  ['finish', 'finishRestore'],
  ['put-back', 'putBack'],
] as const)('%s is asked to stop, and says with the code of the signal what it ended with', async (how, name) => {
  for (const isHeard of [true, false]) {
    const { outcome, asked, works, left } = await interrupted(how, isHeard);
    expect(asked).toEqual([[name]]);
    expect(outcome).toMatchObject({
      ...{ exitCode: 130, json: { ok: false, error: { code: isHeard ? 'E_CANCELLED' : 'E_RESTORE_FAILED' } } },
    });
    expect([works.map(({ isOver }) => isOver), left]).toEqual([[false], false]);
  }
});
