import { stat } from 'node:fs/promises';
import type * as Drives from '@host/drives.ts';
import { limitFor } from '@host/engines.ts';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, makeFolder, must, scriptedHost } from './scripted-host.ts';

/** Two drives that hang keep as many threads as they may: nobody may say that a third one does not answer. */

const drive = vi.hoisted(() => ({ look: null as unknown as (file: string) => Promise<unknown> }));
const seen = vi.hoisted(() => ({ bytes: 0, isGone: false }));
vi.mock('@host/drives.ts', async (original) => {
  const drives = await original<typeof Drives>();
  const look = drives.createDrives({
    limitMs: 500, // what is there answers in time on a busy computer, too
    own: () => ['/'],
    driveOf: (file) => /^\/hanging\/..|.*\/usb/.exec(file)?.[0] ?? '/',
    ask: async (file) => {
      if (file.startsWith('/hanging')) return new Promise(() => {});
      if (seen.isGone) throw Object.assign(new Error('ESTALE'), { code: 'ESTALE' });
      return Object.assign(await stat(file), { size: seen.bytes });
    },
  });
  drive.look = look;
  return { ...drives, lookOnDrives: look };
});

const folder = temporaryFolder();
function setUp() {
  const house = closedAfter(scriptedHost(folder));
  makeFolder(house.home, 'usb');
  return house;
}
beforeEach(() => Promise.all(['/hanging/n1/a.db', '/hanging/n2/a.db'].map((file) => drive.look(file))));

describe('beside two drives that hang, a third', () => {
  it.each([
    ['backup:list', {}],
    ['recovery:get', {}],
  ])('answers %s', async (name, input) => {
    const { router, open } = setUp();
    const { handle } = open('usb/good');

    expect(codeOf(await router(name, { handle, ...input }))).toBe('no error');
  });

  it('has its recent databases opened again', async () => {
    const { client, host, open } = setUp();
    const { handle } = open('usb/good');
    must(await client.call('database:status', { handle }));
    must(await client.call('database:close', { handle }));
    const [recent] = must(await client.call('recents:list', {}));

    expect(codeOf(await client.call('database:openRecent', { recentId: recent?.recentId ?? '' }))).toBe('no error');
    expect(host.databases.list()).toHaveLength(1);
  });
});

it('a drive that falls silent is given the time that its file took when it was seen last', async () => {
  const { open } = setUp();
  const { path: file } = open('usb/good');
  seen.bytes = 20_000_000_000;
  const before = await limitFor('verify', null, file);
  expect(before).toBeGreaterThan(20_000_000);

  seen.isGone = true;

  expect(await limitFor('verify', null, file)).toBe(before);
});
