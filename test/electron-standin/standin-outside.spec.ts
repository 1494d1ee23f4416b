import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { expect, test } from '@playwright/test';
import { launchStandIn, startAgain, type StandIn } from './launch.ts';

/** What stands around the page: processes, permissions, downloads, the taskbar, other starts of the same app. */
interface Host {
  invoke(channel: string, ...args: unknown[]): Promise<unknown>;
}
declare const host: Host;

const main = path.join(import.meta.dirname, 'fixture/main.ts');
let folder: string;
let app: StandIn;
let before = 0;

// One app for all. Those that end a part of it come last.
test.beforeAll(async () => {
  folder = mkdtempSync(path.join(tmpdir(), 'electron-standin-spec-'));
  app = await launchStandIn({ main, folder });
});
test.afterAll(async () => {
  await app.kill();
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
});
test.beforeEach(async () => {
  before = (await allHappened()).length;
});

/** What the app was told of since the test began. */
const happened = async () => (await allHappened()).slice(before);
const allHappened = () =>
  app.main.inWindow(`host.invoke('happened')`).then(
    (all) => all as unknown[],
    () => [],
  );
const invoke = (...args: unknown[]) => app.page.evaluate((all) => host.invoke(...(all as [string])), args);

test('the handlers of the session decide what Chromium lets the page do', async () => {
  const states = await app.page.evaluate(async () => {
    const names = ['geolocation', 'notifications', 'midi', 'clipboard-read'] as PermissionName[];
    return Promise.all(names.map(async (name) => (await navigator.permissions.query({ name })).state));
  });
  expect(states).toEqual(['denied', 'granted', 'denied', 'denied']);
  expect(await app.page.evaluate(() => navigator.mediaDevices.getUserMedia({ audio: true }).catch(String))).toMatch(
    /NotAllowedError|NotFoundError/,
  );
  expect(await app.main.grantsDevice('usb')).toBe(false);
});

test('a download, a redirect and a frame are told of, and the first two prevented', async () => {
  await app.page.evaluate(() => {
    const link = document.createElement('a');
    link.href = URL.createObjectURL(new Blob(['x']));
    link.download = 'rows.csv';
    link.click();
    const frame = document.createElement('iframe');
    frame.src = 'index.html?frame';
    document.body.append(frame);
  });
  const told = [
    ['download', 'rows.csv'],
    ['frame', 'app://fixture/index.html?frame'],
  ];
  await expect.poll(async () => (await happened()).toSorted()).toEqual(told);
  expect(await app.main.prevented()).toHaveLength(1);

  await app.page.evaluate(() => void (location.href = '/elsewhere'));
  await expect.poll(happened).toContainEqual(['redirect', 'app://fixture/index.html?elsewhere']);
  expect(app.page.url()).not.toContain('elsewhere');
});

test('notifications, taskbar, power and recent documents can be read, and a notification clicked', async () => {
  await invoke('work', true);
  expect(await app.main.windows()).toMatchObject([{ progress: 0.5, isFlashing: true, visible: true }]);
  expect(await app.main.outside()).toEqual({
    recentDocuments: ['/data/a.db'],
    blockers: ['prevent-app-suspension'],
    notifications: [],
  });
  await invoke('work', false);
  await invoke('notify');
  expect(await app.main.windows()).toMatchObject([{ progress: -1, isFlashing: false }]);
  expect(await app.main.outside()).toMatchObject({
    blockers: [],
    notifications: [{ title: 'Done', body: 'All of it' }],
  });
  await app.main.clickNotification();
  expect(await happened()).toEqual([['clicked']]);
});

test('a utility process that is killed is told of', async () => {
  await app.main.crashUtilities();
  await expect.poll(happened).toEqual([['Utility', 'crashed']]);
});

test('a page that crashes is really gone, is told of, and comes back when the app loads it again', async () => {
  const isGone = new Promise((resolve) => app.page.once('crash', resolve));
  await app.main.crashRenderer();
  await isGone;
  await expect.poll(happened).toEqual([['renderer', 'crashed']]);
  const page = await app.reconnect();
  await expect(page.getByRole('heading')).toHaveText('Fixture');
  expect(await page.evaluate(() => host.invoke('echo', 1))).toBe(1);
});

test('a second process finds the lock taken, hands over what it carries, and ends; a dead one leaves it', async () => {
  expect(await startAgain({ main, folder, args: ['/data/a.db'] })).toBe(3);
  expect(await startAgain({ main, folder, args: [] })).toBe(3);

  const expected = [
    ['second-instance', { files: ['/data/a.db'] }],
    ['second-instance', { files: [] }],
  ];
  await expect.poll(happened).toEqual(expected);

  await app.kill();
  app = await launchStandIn({ main, folder });
  expect(await app.page.title()).toContain('fixture');
});

test('the menu can be read; a disabled item cannot be clicked; a role does what it says', async () => {
  expect(await app.main.menu()).toMatchObject([
    {
      label: 'File',
      items: [
        { id: 'count', label: 'Count', isEnabled: true },
        { id: 'never', isEnabled: false },
        { id: 'leave', label: 'Quit', role: 'quit', accelerator: 'CommandOrControl+Q' },
      ],
    },
  ]);
  await expect(app.main.clickMenu('never')).rejects.toThrow('disabled');
  await expect(app.main.clickMenu('gone')).rejects.toThrow('no item gone');
  void app.main.clickMenu('leave').catch(() => {}); // it may end before it answers
  expect(await app.exitCode).toBe(0);
});
