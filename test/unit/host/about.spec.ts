import { existsSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, makeFolder, must, scriptedHost } from './scripted-host.ts';

const folder = temporaryFolder();
const publisher = { releasedOn: '2026-11-21', releasesUrl: 'https://example.org/releases', documentationUrl: null };

describe('version and updates', () => {
  it('says which version this is, what it can upgrade, and that nobody knows of a newer one', async () => {
    const { client, host } = scriptedHost(folder);
    expect(must(await client.call('app:about', {}))).toEqual({
      version: '0.0.0',
      releasedOn: null,
      packs: [{ title: 'Kroma', variants: ['Legacy version'], upTo: { number: 1, name: 'one' } }],
      releasesUrl: null,
      canOpenReleases: false,
      logFolder: null,
    });
    expect(codeOf(await client.call('app:openReleases', {}))).toBe('E_BAD_REQUEST');
    expect(codeOf(await client.call('app:showLog', {}))).toBe('E_BAD_REQUEST');
    host.close();
  });

  it("opens the publisher's page only when somebody asks for it", async () => {
    const opened: string[] = [];
    const { client, host } = scriptedHost(folder, { publisher, openAddress: (url) => void opened.push(url) });
    expect(must(await client.call('app:about', {}))).toMatchObject({
      releasedOn: '2026-11-21',
      releasesUrl: publisher.releasesUrl,
      canOpenReleases: true,
    });
    expect(opened).toEqual([]);
    must(await client.call('app:openReleases', {}));
    expect(opened).toEqual([publisher.releasesUrl]);
    host.close();
  });

  it('shows the address where it cannot be opened', async () => {
    const { client, host } = scriptedHost(folder, { publisher });
    const about = must(await client.call('app:about', {}));
    expect(about).toMatchObject({ releasesUrl: publisher.releasesUrl, canOpenReleases: false });
    expect(codeOf(await client.call('app:openReleases', {}))).toBe('E_BAD_REQUEST');
    host.close();
  });

  it('shows the folder of the log, once there is one', async () => {
    const revealed: string[] = [];
    const logs = path.join(folder, 'logs');
    const door = { log: { folder: logs }, revealFile: (file: string) => void revealed.push(file) };
    const { client, host } = scriptedHost(folder, door);
    expect(codeOf(await client.call('app:showLog', {}))).toBe('E_NOT_FOUND');
    makeFolder(logs);
    must(await client.call('app:showLog', {}));
    expect(revealed).toEqual([logs]);
    host.close();
  });
});

it('what the window says about itself is asked of the door each time', async () => {
  let trouble: string | null = null;
  const info = {
    ...({ version: '0', door: 'electron', fileChoosing: 'native', canRevealFiles: true, notice: null } as const),
    get trouble() {
      return trouble;
    },
  };
  const { client, host } = scriptedHost(folder, { info });
  expect(must(await client.call('app:info', {})).trouble).toBeNull();
  trouble = 'It was opened again.';
  expect(must(await client.call('app:info', {})).trouble).toBe('It was opened again.');
  host.close();
});

it('recent databases can be forgotten all at once, and whoever watches is told', async () => {
  const { host, dataFolder } = scriptedHost(folder);
  let times = 0;
  host.recents.watch(() => (times += 1));
  host.recents.clear();
  expect(times).toBe(1);
  expect(await host.recents.list()).toEqual([]);
  expect(existsSync(path.join(dataFolder, 'recents.json'))).toBe(true);
});
