import { mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { readWorks } from '@host/works.ts';
import { expect, it, vi } from 'vitest';
import { restore } from '../../../electron/cli/restore.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { scriptedHost } from '../host/scripted-host.ts';
import { backup } from '../renderer/values.ts';

const folder = temporaryFolder();

it.each([
  ['the database', 'good.db', /To undo this: .*restore --put-back .*replaced-Abc123/],
  ['a log without its database', 'good.db-wal', /No database was there, .* is kept in .*replaced-Abc123\.$/],
])('what a restore has set aside is offered to be put back only where that can be: %s', async (_, holds, words) => {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const { path: file } = open('good');
  const kept = `${file} replaced-Abc123`;
  mkdirSync(kept);
  writeFileSync(path.join(kept, holds), 'bytes');
  const value = { restored: backup(), before: null, replacedFolder: kept };
  const answer = Promise.resolve({ ok: true, value });
  vi.spyOn(host.engines, 'askAlone').mockReturnValue({ answer, child: {} } as never);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);

  const ended = await restore(host, { name: 'restore', how: 'backup', source: file, file, yes: true });

  expect(ended).toMatchObject({ exitCode: 0, json: { ok: true, replacedFolder: kept } });
  expect(ended.text).toMatch(words);
  expect(readWorks(host.dataFolder, file)).toMatchObject([{ isOver: true, setAside: path.basename(kept) }]);
  if (holds !== 'good.db') expect(ended.text).not.toContain('--put-back');
  host.close();
  vi.restoreAllMocks();
});

it('an undoing that is carried through after an interruption is not told as a backup', async () => {
  const { host, open } = scriptedHost(mkdtempSync(path.join(folder, 'home-')));
  const { path: file } = open('good');
  const [old, kept] = [`${file} replaced-Old123`, `${file} replaced-New456`];
  for (const each of [old, kept]) mkdirSync(each);
  writeFileSync(path.join(kept, 'good.db'), 'bytes');
  const restored = backup({ id: path.basename(old), path: old, folder: path.dirname(old), state: 'broken' });
  const answer = Promise.resolve({ ok: true, value: { restored, before: null, replacedFolder: kept } });
  vi.spyOn(host.engines, 'askAlone').mockReturnValue({ answer, child: {} } as never);
  vi.spyOn(process.stderr, 'write').mockReturnValue(true);

  const ended = await restore(host, { name: 'restore', how: 'finish', source: '', file, yes: true });

  expect(ended.text.split('\n')).toEqual([
    `Finished: ${file} is again what was set aside in ${old}.`,
    `What was there is kept, byte for byte, in ${kept}.`,
    expect.stringMatching(/^To undo this: .*restore --put-back .*replaced-New456/),
  ]);
  host.close();
  vi.restoreAllMocks();
});
