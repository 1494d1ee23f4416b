import { closeSync, openSync, renameSync, rmSync, truncateSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { type App, expect, expectDone, startUpgrade, test } from './support/app.ts';
import { canSeeProcesses, freezeNextEngine } from './support/engine-processes.ts';
import { startFakeHost } from './support/fake-host/server.ts';
import { look } from './support/look.ts';

/** What a person sees when something is wrong: what happened, that the data is safe, what to do. */
const untouched = 'Phasewise changed nothing.';

test('a file that is cut short is refused with a code, and nothing is changed', async ({ app }) => {
  const { page } = app;
  const file = app.makeLegacy('broken.db', 4_000);
  truncateSync(file, 300_000);

  await app.open('broken.db');

  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/The file is (cut short|not as long as it says)/);
  await expect(page.getByText(untouched)).toBeVisible();
  await expect(page.getByText(/^What to do: Look for a complete copy/)).toBeVisible();
  await look(page, 'real-20-refused');
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  await page.getByRole('button', { name: 'Copy details for support' }).click();
  await expect(page.getByRole('button', { name: 'Copied' })).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^E_(TRUNCATED|SIZE_MISMATCH): /);
});

test('a file that is no database is refused', async ({ app }) => {
  writeFileSync(path.join(app.projects, 'letter.db'), 'Dear Mara,\n'.repeat(100));

  await app.open('letter.db');

  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('This is not a SQLite database');
  await expect(app.page.getByText(untouched)).toBeVisible();
  await expect(app.page.getByRole('main').getByRole('button').first()).toHaveText('Open another file…');
});

/** lights.db, open and with a verified backup beside it. @returns its path. */
async function openBackedUp(app: App): Promise<string> {
  const file = app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await app.page.getByRole('button', { name: 'Back up now' }).click();
  await expect(app.page.getByText(/^Last verified backup: (just now|.* ago)$/)).toBeVisible();
  return file;
}

test('a file that vanishes while it is open is told as gone, and nothing is said of its health any more', async ({
  app,
}) => {
  const { page } = app;
  const file = await openBackedUp(app);
  rmSync(file);

  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();

  for (const tab of ['Phases', 'Overview', 'Data'] as const) {
    await app.goTo(tab);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('The file is gone');
    await expect(
      page.getByText(/^It was here at \d\d:\d\d and is gone\. Phasewise did not remove it\.$/),
    ).toBeVisible();
    await expect(page.getByText(untouched)).toBeVisible();
    await expect(page.getByText(/healthy/)).toBeHidden();
    await expect(page.getByRole('contentinfo')).toContainText('cannot be shown');
  }
  await expect(page.getByRole('main').getByRole('button').first()).toHaveText('See its backups');
});

test('a recent database whose file is gone leads to its backups, by keyboard, and one of them takes its place', async ({
  app,
}) => {
  const { page } = app;
  const file = await openBackedUp(app);
  await page.getByRole('button', { name: 'Close lights.db' }).click();
  rmSync(file);
  await page.goto(`${new URL(page.url()).origin}/#/`);
  await page.reload();

  await test.step('two presses lead to the backup', async () => {
    const card = page.getByRole('button', { name: /^lights\.db .*The file is no longer there.*See its backups$/ });
    await expect(card).toBeVisible();
    await look(page, 'real-26-recent-gone');
    await card.focus();
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('lights.db is gone; 1 backup of it is there');
    await expect(page.getByRole('button', { name: 'Back up now' })).toBeHidden();
    await look(page, 'real-27-backups-of-gone');
    await page.getByRole('button', { name: 'Restore…' }).focus();
    await page.keyboard.press('Enter');
  });

  await test.step('nothing is replaced, and the file is back', async () => {
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText('Nothing is replaced', { exact: true })).toBeVisible();
    await look(page, 'real-28-restore-gone');
    await dialog.getByRole('textbox').fill('lights.db');
    await dialog.getByRole('button', { name: 'Restore this backup' }).click();
    await expect(page.getByText('Backup restored. There was nothing that it replaced.')).toBeVisible({
      timeout: 30_000,
    });
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('1 backup');
    await app.goTo('Overview');
    await expect(page.getByText(/^Your file is healthy\./)).toBeVisible();
  });
});

test('a backup of a file that was gone and came back is not promised to replace nothing', async ({ app }) => {
  const { page } = app;
  const file = await openBackedUp(app);
  renameSync(file, `${file}.away`);
  await page.getByRole('button', { name: 'Phasewise, go to the start page' }).click();

  await test.step('its card leads to what is there, although it was seen before', async () => {
    await page.getByRole('button', { name: /^lights\.db / }).click();
    await app.goTo('Backups');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('lights.db is gone; 1 backup of it is there');
  });

  await test.step('the dialog looks before it promises anything', async () => {
    renameSync(`${file}.away`, file);
    await page.getByRole('button', { name: 'Restore…' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByText('What is replaced is backed up first', { exact: true })).toBeVisible();
    await expect(dialog.getByText('Nothing is replaced', { exact: true })).toBeHidden();
    await dialog.getByRole('button', { name: 'Keep the file as it is' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('1 backup');
  });
});

test('what is said of a recent database that is gone is when it was last there', async ({ app }) => {
  const { page } = app;
  const file = app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await expect(page.getByText(/^Your file is healthy\./)).toBeVisible();
  await page.getByRole('button', { name: 'Close lights.db' }).click();
  rmSync(file);
  await page.goto(`${new URL(page.url()).origin}/#/`);
  await page.reload();
  await page.getByRole('button', { name: /Look for backups of it$/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('lights.db is gone, and no backup of it was found');
  await look(page, 'real-29-gone-without-backup');

  await app.goTo('Overview');

  const told = /^It was here on \d{4}-\d\d-\d\d \d\d:\d\d and is gone\. Phasewise did not remove it\.$/;
  await expect(page.getByText(told)).toBeVisible();
});

test('a file that became none any more leads to its backups where there are any', async ({ app }) => {
  const { page } = app;
  const file = await openBackedUp(app);
  truncateSync(file, 0);

  await page.keyboard.press('F5');

  const buttons = page.getByRole('main').getByRole('button');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The file is empty');
  await expect(buttons.first()).toHaveText('See its backups');
  await expect(page.getByRole('main').getByRole('button', { name: 'Open another file…' })).toBeVisible();
});

test('a damaged database leads to its backups first', async ({ app }) => {
  const file = openSync(app.makeLegacy('hurt.db', 400), 'r+');
  writeSync(file, Buffer.alloc(3_000, 0xa5), 0, 3_000, 100); // all of its description; the header stays
  closeSync(file);

  await app.open('hurt.db');

  const buttons = app.page.getByRole('main').getByRole('button');
  await expect(app.page.getByText('E_CORRUPT')).toBeVisible();
  await expect(buttons.first()).toHaveText('See its backups');
  await expect(buttons.nth(1)).toHaveText('Try again');
});

test('a window that is reloaded during a run shows the run again', async ({ app }) => {
  test.skip(!canSeeProcesses, 'needs /proc to hold the run');
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('lights.db', 4_000);
  await app.open('lights.db');
  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  const start = page.getByRole('button', { name: 'Start upgrade' });
  await expect(start).toBeVisible();

  const engineId = await freezeNextEngine(app.hostId, () => start.click());
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Upgrading to phase 4 · Extended canonicalisation');
  await look(page, 'real-21-run');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Upgrading to phase 4 · Extended canonicalisation');
  await expect(page).toHaveURL(/#\/db\/.*\/activity$/);

  process.kill(engineId, 'SIGCONT');
  await expectDone(page);
});

test('A09: a killed engine is shown as such, the data is safe, and the app goes on', async ({ app }) => {
  test.skip(!canSeeProcesses, 'needs /proc to find the engine');
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('large.db', 20_000);
  app.makeLegacy('lights.db', 400);
  await app.open('large.db');
  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  const start = page.getByRole('button', { name: 'Start upgrade' });
  await expect(start).toBeVisible();

  const engineId = await freezeNextEngine(app.hostId, () => start.click());
  process.kill(engineId, 'SIGCONT');
  await expect(page.getByText('Backup verified')).toBeVisible({ timeout: 30_000 });
  process.kill(engineId, 'SIGKILL');

  await expect(page.getByRole('heading', { level: 1 })).toHaveText('The upgrade was interrupted. Your data is safe.');
  await expect(page.getByText('the part of Phasewise that works on the file stopped unexpectedly')).toBeVisible();
  await expect(page.getByText('E_WORKER_DIED')).toBeVisible();
  await look(page, 'real-22-engine-killed');

  await test.step('another database opens as if nothing had happened', async () => {
    await app.open('lights.db');
    await expect(page.getByText('Nothing has been changed by looking.')).toBeVisible();
  });

  await test.step('the interrupted one says where it stopped and goes on', async () => {
    await page.getByRole('button', { name: 'large.db', exact: true }).click();
    await page.getByRole('button', { name: 'Look at the database first' }).click();
    await expect(page.getByRole('note').filter({ hasText: 'An upgrade to phase 4 was under way' })).toBeVisible();
    await look(page, 'real-23-interrupted');
    await startUpgrade(app);
    await expectDone(page);
  });
});

test('a lost connection is said calmly, and the window finds back by itself', async ({ page }) => {
  const windowFolder = path.resolve('.vite/renderer/main_window');
  const first = await startFakeHost(windowFolder, { name: 'running' });
  await page.goto(first.url);
  await page.getByRole('button', { name: /^(upgrading )?northern-lights\.db$/ }).click();
  await expect(page.getByText('0 of 6 phases are done', { exact: false })).toBeVisible();
  // Of both open databases, and on the tab of the one that is shown.
  const marks = page.getByRole('navigation').getByRole('img');
  await expect(marks.and(page.getByLabel('upgrading', { exact: true }))).toHaveCount(3);

  await first.close();
  const banner = page.getByRole('alert').filter({ hasText: 'The connection to Phasewise was lost.' });
  await expect(banner).toContainText('Nothing is lost: a run under way goes on');
  await expect(page.getByText('0 of 6 phases are done', { exact: false })).toBeVisible();
  await expect(marks.and(page.getByLabel('not connected; it was upgrading'))).toHaveCount(3); // and nothing turns
  await look(page, 'real-25-connection-lost');

  const second = await startFakeHost(windowFolder, { name: 'upgraded' }, Number(new URL(first.url).port));
  await expect(banner).toBeHidden({ timeout: 15_000 });
  await expect(page.getByText('phase 4 is reached', { exact: false })).toBeVisible();
  await second.close();
});

test('dropping a file uploads nothing and says how to open it', async ({ app }) => {
  const { page } = app;
  const data = await page.evaluateHandle(() => {
    const transfer = new DataTransfer();
    transfer.items.add(new File(['SQLite format 3\0'], 'lights.db'));
    return transfer;
  });

  await page.dispatchEvent('body', 'dragenter', { dataTransfer: data });
  await expect(page.getByText('Nothing is uploaded when you drop a file.')).toBeVisible();
  await page.dispatchEvent('body', 'drop', { dataTransfer: data });

  await expect(page.getByRole('dialog', { name: 'Nothing was uploaded' })).toBeVisible();
  await look(page, 'real-24-drop');
  await page.getByRole('dialog').getByRole('button', { name: 'Open a database…' }).click();
  await expect(page.getByRole('listbox')).toBeVisible();
});

test('an address without its token says what to do instead of failing silently', async ({ app, browser }) => {
  const other = await browser.newPage();
  await other.goto(new URL(app.page.url()).origin);
  await expect(other.getByText('Phasewise runs, but this tab was not opened by its address.')).toBeVisible();
  await expect(other.getByText(/^Looking at the database/)).toBeHidden();
  await other.close();
});
