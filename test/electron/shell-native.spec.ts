import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { type App, expect, test } from './support/fixtures.ts';

/** What the app does outside its page: menu, taskbar, sleep, notifications. */
const write = (folder: string, name: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, 'bytes');
  return file;
};

/** Who waits less is told of nothing, ms. */
const LONG = 15_000;

async function startRun(app: App, handle: string): Promise<() => Promise<unknown>> {
  const asked = { handle, toPhase: 1, fingerprint: 'f1', confirmation: null };
  expect(await app.call('run:start', asked)).toMatchObject({ ok: true });
  const state = async () => ((await app.call('run:get', { handle })).value as { state: string }).state;
  await expect.poll(state).toBe('migrating');
  return state;
}
const blockers = async (app: App) => (await app.outside()).blockers;

test('a long upgrade, for somebody who looks at something else meanwhile', async ({ launchApp, folder }) => {
  const app = await launchApp({ files: [write(folder, 'waits.db')], engine: 'scripted' });
  const [{ handle }] = (await app.call('database:list')).value as [{ handle: string }];
  await app.call('database:status', { handle });
  expect(await app.windows()).toMatchObject([{ visible: true, progress: -1 }]);
  expect(await blockers(app)).toEqual([]);

  const state = await startRun(app, handle);

  await test.step('keeps the computer awake, and shows in the taskbar that it goes on', async () => {
    expect(await blockers(app)).toEqual(['prevent-app-suspension']);
    expect(await app.windows()).toMatchObject([{ mode: 'indeterminate' }]);
  });

  await test.step('a pause lets the computer sleep', async () => {
    await app.call('run:pause', { handle });
    await expect.poll(state).toBe('paused');
    expect(await blockers(app)).toEqual([]);
    expect(await app.windows()).toMatchObject([{ mode: 'paused' }]);
  });

  await test.step('the menu leads everywhere in the meantime', async () => {
    await app.clickMenu('version');
    const dialog = app.page.getByRole('dialog', { name: 'Version and updates' });
    await expect(dialog).toContainText('Version 0.1.0, a build that was not released');
    await expect(dialog).toContainText('Kroma. This version upgrades it up to phase 1, one.Legacy version');
    await expect(dialog).toContainText('Ask whoever gave you Phasewise.');
    await expect(dialog).toContainText('can still be looked at here');
    await dialog.getByRole('button', { name: 'Show the log' }).click();
    await expect.poll(async () => (await app.opened()).map((file) => path.basename(file))).toEqual(['logs']);
    await app.page.keyboard.press('Escape');
    await app.clickMenu('palette');
    const palette = app.page.getByRole('dialog');
    await expect(palette.getByRole('combobox')).toBeFocused();
    await app.page.keyboard.press('Escape');
    await expect(palette).toBeHidden();
    await app.clickMenu('about');
    expect(await app.asked()).toMatchObject([{ kind: 'about' }]);
  });

  await test.step('recent databases are in the menu, and can be forgotten', async () => {
    const recent = async () => JSON.stringify(await app.menu());
    expect(await recent()).toContain('waits.db (');
    await app.clickMenu('clear-recent');
    await expect.poll(recent).toContain('None yet');
    expect(await app.call('recents:list')).toEqual({ ok: true, value: [] });
  });

  await test.step('its end is told, and a click shows the result', async () => {
    await app.clickMenu('home');
    await app.blur();
    await app.main.passTime(LONG); // shorter ones tell nobody
    await app.call('run:resume', { handle });
    await expect.poll(state).toBe('completed');
    await expect.poll(async () => (await app.outside()).notifications).toHaveLength(1);
    expect((await app.outside()).notifications).toMatchObject([{ title: 'Done and verified: waits.db' }]);
    expect(await blockers(app)).toEqual([]);
    expect(await app.windows()).toMatchObject([{ focused: false, progress: -1, url: expect.stringMatching(/#\/$/) }]);

    await app.clickNotification();
    expect(await app.windows()).toMatchObject([{ focused: true }]);
    await expect(app.page).toHaveURL(/\/activity$/);
  });

  await test.step('a failure stays in the taskbar until somebody looks', async () => {
    await startRun(app, handle);
    await app.blur();
    await app.crashEngines();
    await expect.poll(state).toBe('failed');
    await expect.poll(async () => (await app.windows())[0]?.mode).toBe('error');
    expect(await blockers(app)).toEqual([]);
    await app.focus();
    expect(await app.windows()).toMatchObject([{ progress: -1, mode: 'none' }]);
  });
});
