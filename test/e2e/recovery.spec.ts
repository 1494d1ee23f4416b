import { existsSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import type { Page } from '@playwright/test';
import { type App, expect, expectDone, test } from './support/app.ts';
import { canSeeProcesses, enginesOf, freezeNextEngine, isGone } from './support/engine-processes.ts';
import { look } from './support/look.ts';

/** Whatever is killed while an upgrade runs: the next start says what happened, and one press goes on. */
test.beforeEach(() => test.skip(!canSeeProcesses, 'needs /proc to find the processes'));

const heading = (page: Page) => page.getByRole('heading', { level: 1 });
const interrupted = 'The upgrade was interrupted. Your data is safe.';

/** Into the middle of a real upgrade: its backup is proven, its steps are under way. @returns the engine's id. */
async function startAndReachSteps(app: App, candidates: number): Promise<number> {
  const { page } = app;
  app.makeLegacy('lights.db', candidates);
  await app.open('lights.db');
  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  const start = page.getByRole('button', { name: 'Start upgrade' });
  await expect(start).toBeVisible();
  const engineId = await freezeNextEngine(app.hostId, () => start.click());
  process.kill(engineId, 'SIGCONT');
  await expect(page.getByText('Backup verified')).toBeVisible({ timeout: 30_000 });
  return engineId;
}

test('A10: the host is killed in the middle of an upgrade; no engine is left, and the next start goes on', async ({
  app,
}) => {
  test.setTimeout(120_000);
  const { page } = app;
  const engineId = await startAndReachSteps(app, 12_000);
  const engines = [engineId, ...enginesOf(app.hostId)];

  app.killHost();

  await test.step('no engine is left 5 s later', async () => {
    const end = Date.now() + 5_000;
    while (!engines.every(isGone) && Date.now() < end) await wait(50);
    expect(engines.filter((id) => !isGone(id))).toEqual([]);
  });

  await test.step('the window that is left says that nobody answers, and has no button that nobody hears', async () => {
    await expect(page.getByText('Not connected: this is how it stood', { exact: false })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Stop safely' })).toBeDisabled();
    await look(page, 'real-40-not-connected');
  });

  await test.step('the first page says so before anything was opened', async () => {
    await app.startAgain();
    const notice = page.getByRole('region', { name: 'Interrupted' });
    await expect(notice.getByText('An upgrade to phase 4 was under way')).toBeVisible();
    await page.getByRole('button', { name: 'See what can be done about lights.db' }).click();
  });

  await test.step('the screen says what, where, why it is safe; the keyboard is enough to go on', async () => {
    await expect(heading(page)).toHaveText(interrupted, { timeout: 20_000 });
    await expect(page.getByText(/It stopped (after step \d+|before the first) of /)).toBeVisible();
    await expect(page.getByText('The file was opened and checked just now: it is whole.')).toBeVisible();
    await expect(page.getByText('The backup from before was read again just now')).toBeVisible();
    await look(page, 'real-41-recovery');
    await page.getByRole('button', { name: /^Continue the upgrade/ }).focus();
    await page.keyboard.press('Enter');
    await expectDone(page);
    await expect(page.locator('#main')).toBeFocused();
    // The backup that is named first is that of the original, not of the half upgraded file.
    const [original, half] = [page.getByText('Your original: the file from'), page.getByText('Also kept: the half')];
    await expect(page.getByRole('group', { name: 'Backup' }).filter({ has: original })).toBeVisible();
    await expect(page.getByRole('group', { name: 'Backup' }).last().filter({ has: half })).toBeVisible();
    await look(page, 'real-42-done-in-two-parts');
  });

  await test.step('afterwards nothing is asked any more', async () => {
    await page.reload();
    await expect(heading(page)).toHaveText(/^Done\./);
    await page.goto(`${new URL(page.url()).origin}/#/`);
    await expect(heading(page)).toHaveText('Which database shall we look at?');
    await expect(page.getByRole('region', { name: 'Interrupted' })).toBeHidden();
  });
});

test('A12: the tab is closed during an upgrade; it goes on, a new tab shows it, and a second one looks on', async ({
  app,
}) => {
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('lights.db', 4_000);
  await app.open('lights.db');
  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  const start = page.getByRole('button', { name: 'Start upgrade' });
  await expect(start).toBeVisible();
  const engineId = await freezeNextEngine(app.hostId, () => start.click());
  await expect(heading(page)).toHaveText(/^Upgrading to phase 4/);
  const token = await page.evaluate(() => sessionStorage.getItem('phasewise.token'));
  const address = `${new URL(page.url()).origin}/#token=${token}`;
  const context = page.context();

  await page.close();
  const [back, second] = [await context.newPage(), await context.newPage()];
  for (const tab of [back, second]) {
    await tab.goto(address);
    await expect(tab.getByText('lights.db').first()).toBeVisible();
    await tab.getByRole('link', { name: 'Activity' }).click();
    await expect(heading(tab)).toHaveText(/^Upgrading to phase 4/);
    await expect(tab.getByText('Started in another window.', { exact: false })).toBeVisible();
  }

  await test.step('the second tab can start nothing beside it', async () => {
    await second.getByRole('link', { name: 'Overview' }).click();
    await expect(second.getByRole('button', { name: 'Watch the run' })).toBeVisible();
    await expect(second.getByRole('button', { name: 'Back up now' })).toBeDisabled();
    await second.getByRole('link', { name: 'Activity' }).click();
  });

  process.kill(engineId, 'SIGCONT');
  await expectDone(back);
  await expectDone(second);
});

test('A11: the renderer is killed during an upgrade; it goes on, and a new window shows the truth', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  const engineId = await startAndReachSteps(app, 12_000);
  const token = await page.evaluate(() => sessionStorage.getItem('phasewise.token'));
  const address = `${new URL(page.url()).origin}/#token=${token}`;
  const fresh = await page.context().newPage();

  const crashed = page.waitForEvent('crash');
  await page.goto('chrome://crash').catch(() => {});
  await crashed;
  expect(isGone(engineId)).toBe(false);

  await fresh.goto(address);
  await fresh.getByRole('link', { name: 'Activity' }).click();
  await expect(heading(fresh)).toHaveText(/^(Upgrading|Done)/);
  await expectDone(fresh);
});

test('an interrupted upgrade can be taken back: the file is what it was before', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  await startAndReachSteps(app, 12_000);
  app.killHost();
  await app.startAgain();
  await page.getByRole('button', { name: 'See what can be done about lights.db' }).click();
  await expect(heading(page)).toHaveText(interrupted, { timeout: 20_000 });

  await test.step('go back to the backup', async () => {
    await page.getByRole('button', { name: /^Go back to the backup/ }).click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('lights.db');
    await dialog.getByRole('button', { name: 'Restore this backup' }).click();
    await expect(dialog).toBeHidden({ timeout: 30_000 });
    await expect(page.getByText(/^Backup restored\./)).toBeVisible({ timeout: 30_000 });
    await app.goTo('Overview');
    await expect(page.getByText('0 of 6 phases are done', { exact: false })).toBeVisible();
    await expect(page.getByRole('button', { name: 'Plan the upgrade' })).toBeVisible();
  });
});

test('an interrupted restore that is finished says that the upgrade in the backup can be gone on with', async ({
  app,
}) => {
  test.setTimeout(300_000);
  const { page } = app;
  const intent = path.join(app.projects, 'lights.db.restore-intent');
  const goOn = page.getByRole('note').filter({ hasText: 'An upgrade to phase 4 was under way' });
  await startAndReachSteps(app, 12_000);
  await expect(page.getByRole('img', { name: 'applied', exact: true }).first()).toBeVisible();
  app.killHost();
  await app.startAgain();
  await page.getByRole('button', { name: 'See what can be done about lights.db' }).click();
  await expect(heading(page)).toHaveText(interrupted, { timeout: 60_000 });

  await test.step('a backup of the half upgraded file is put back, and all is killed in the middle of it', async () => {
    await page.getByRole('button', { name: 'Look at the database first' }).click();
    await app.goTo('Activity');
    await expect(goOn).toBeVisible();
    await expect(page.getByRole('table', { name: 'Earlier runs' })).toContainText('verified, ');
    await expect(page.getByRole('button', { name: 'Plan the upgrade' })).toBeHidden();
    await look(page, 'real-46-activity-interrupted');
    await app.goTo('Backups');
    await page.getByRole('button', { name: 'Back up now' }).click();
    await expect(page.getByText('Backup made and verified.')).toBeVisible({ timeout: 60_000 });
    await expect(goOn).toBeVisible();
    await page.getByRole('button', { name: 'Restore…' }).first().click();
    const dialog = page.getByRole('dialog');
    await dialog.getByRole('textbox').fill('lights.db');
    await dialog.getByRole('button', { name: 'Restore this backup' }).click();
    while (!existsSync(intent)) await wait(1);
    for (const engineId of enginesOf(app.hostId)) process.kill(engineId, 'SIGKILL');
    app.killHost();
    await app.startAgain();
  });

  await test.step('once it is finished, its page says what is left to be done, and leads there', async () => {
    await page.getByRole('button', { name: 'See what can be done about lights.db' }).click();
    await expect(heading(page)).toHaveText(/^The restore was interrupted\./, { timeout: 60_000 });
    await look(page, 'real-43-restore-interrupted');
    await page.getByRole('button', { name: /^Finish/ }).click();
    await expect(page.getByText(/^Backup restored\./)).toBeVisible({ timeout: 60_000 });
    await expect(goOn).toBeVisible({ timeout: 30_000 });
    await look(page, 'real-44-restore-finished');
    await goOn.getByRole('button', { name: 'See what can be done' }).click();
    await expect(heading(page)).toHaveText(interrupted);
    await page.getByRole('button', { name: /^Continue the upgrade/ }).click();
    await expectDone(page);
    await look(page, 'real-45-done-after-restore');
  });
});

test('A13: what only reads is stopped where it runs, its engine is gone, and what was known stays', async ({ app }) => {
  const { page } = app;
  app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  const stop = page.getByRole('button', { name: 'Stop', exact: true });
  const stopped = async (name: string, kept: string): Promise<void> => {
    const start = page.getByRole('button', { name }).first();
    await expect(start).toBeEnabled();
    await expect.poll(() => enginesOf(app.hostId).length).toBe(1); // the one that is kept: nothing else is looked for
    const engineId = await freezeNextEngine(app.hostId, () => start.click());
    await stop.click();
    await expect(page.getByText(kept, { exact: false })).toBeVisible({ timeout: 5_000 });
    await expect(stop).toBeHidden();
    await expect(page.locator('#main')).toBeFocused(); // the button has gone
    await expect.poll(() => isGone(engineId)).toBe(true);
    await expect(start).toBeEnabled();
  };

  await stopped('Check all data', 'what was known of the file stays as it was');
  await expect(page.getByText('Your file is healthy.', { exact: false }).first()).toBeVisible();
  await app.goTo('Backups');
  await page.getByRole('button', { name: 'Back up now' }).click();
  await expect(page.getByText('Backup made and verified.')).toBeVisible({ timeout: 30_000 });
  await stopped('Check again', 'it was found neither good nor broken');
  await page.getByRole('button', { name: 'Check again' }).first().click();
  await expect(page.getByText('Backup checked.')).toBeVisible({ timeout: 30_000 });
});
