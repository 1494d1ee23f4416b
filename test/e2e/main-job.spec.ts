import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { expect, expectDone, startUpgrade, test } from './support/app.ts';
import { look, sizes } from './support/look.ts';

const sha256 = (file: string): string => createHash('sha256').update(readFileSync(file)).digest('hex');

test('somebody tries the sample: understands it, upgrades it, checks the backup and puts it back', async ({ app }) => {
  test.setTimeout(180_000);
  const { page } = app;

  await test.step('the start page offers a sample and says that looking changes nothing', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Which database shall we look at?');
    await look(page, 'real-1-home');
    await page.getByRole('button', { name: /Try it with a sample database/ }).click();
  });

  await test.step('the overview says what the file is and what is missing', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, legacy version', {
      timeout: 30_000,
    });
    await expect(page.getByText('Nothing has been changed by looking.')).toBeVisible();
    await expect(page.getByText('Last verified backup: none yet')).toBeVisible();
    await expect(page.getByText('This is a sample: try everything.')).toBeVisible();
    await look(page, 'real-2-overview');
    await page.setViewportSize({ width: 640, height: 400 }); // zoomed to 200 %
    const sample = page.getByRole('note', { name: /This is a sample/ });
    expect(await sample.evaluate((box) => box.scrollWidth - box.clientWidth)).toBeLessThanOrEqual(0);
    await page.screenshot({ path: 'test-results/screens/real-2-overview-zoomed.png' });
    await page.setViewportSize(sizes.wide);
    await page.getByRole('button', { name: 'Details of assets' }).click();
    await expect(
      page.getByRole('table', { name: 'Columns of assets' }).getByRole('row', { name: /^storage_uri/ }),
    ).toContainText('missing');
    await page.getByRole('textbox', { name: 'Filter tables' }).fill('run_candidates');
    await expect(page.getByRole('table', { name: 'Tables' }).getByRole('row')).toHaveCount(2);
    await page.getByRole('textbox', { name: 'Filter tables' }).fill('');
    await look(page, 'real-3-overview-table');
  });

  await test.step('the phases show the way, and that removing the old names is a separate step', async () => {
    await app.goTo('Phases');
    const last = page.getByRole('listitem', { name: /^Phase 5, Legacy cleanup/ });
    await expect(last.getByText('A separate step, once phase 4 is reached.')).toBeVisible();
    await expect(last.getByRole('button')).toBeHidden();
    await look(page, 'real-4-phases');
    await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  });

  await test.step('the plan says what happens, what it costs and where the backup goes', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Upgrade to phase 4: Extended canonicalisation');
    await expect(page.getByText('Nothing is removed.')).toBeVisible();
    await expect(page.getByText('Where the backup goes')).toBeVisible();
    await look(page, 'real-5-plan');
    await page.getByRole('button', { name: 'Start upgrade' }).click();
  });

  await test.step('the result accounts for every row and was verified by a fresh process', async () => {
    await expectDone(page);
    await expect(page.getByText('Backup verified')).toBeVisible();
    await look(page, 'real-6-result');
  });

  await test.step('the report can be saved', async () => {
    await page.getByRole('button', { name: 'Save report' }).click();
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      page.getByRole('menuitem', { name: 'As JSON, complete' }).click(),
    ]);
    expect(download.suggestedFilename()).toMatch(/^northern-lights-phase-4-.*\.json$/);
    const report = JSON.parse(readFileSync(await download.path(), 'utf8')) as { ok: boolean; verified: boolean };
    expect(report).toMatchObject({ ok: true, verified: true });
  });

  await test.step('the overview now says that everything is done', async () => {
    await page.getByRole('button', { name: 'Back to the overview' }).click();
    await expect(page.getByText(/phase 4 is reached, and old and new names are kept in step/)).toBeVisible();
    await expect(page.getByText(/^Last verified backup: /)).toBeVisible();
    await look(page, 'real-7-overview-upgraded');
  });

  await test.step('the backup can be checked again', async () => {
    await app.goTo('Backups');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('1 backup');
    await page.getByRole('button', { name: 'Check again' }).click();
    await expect(page.getByText(/last checked just now/)).toBeVisible({ timeout: 30_000 });
    await look(page, 'real-8-backups');
  });

  await test.step('and put back, after its name was typed; what it replaces is backed up first', async () => {
    await page.getByRole('button', { name: 'Restore…' }).click();
    const restore = page.getByRole('button', { name: 'Restore this backup' });
    await expect(restore).toBeDisabled();
    await expect(page.getByRole('button', { name: 'Keep the file as it is' })).toBeFocused();
    await page.getByRole('textbox', { name: /To confirm, type northern-lights\.db/ }).fill('northern-lights.db');
    await look(page, 'real-9-restore');
    await restore.click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2 backups', { timeout: 30_000 });
    await expect(page.getByText('last run: undone by a restore')).toBeVisible();
    await app.goTo('Activity');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('The upgrade to phase 4 was undone by a restore.');
    await expect(page.getByText('What next')).toBeHidden();
    await look(page, 'real-12-undone');
    const reasons = page.getByRole('table', { name: 'Issue rows by reason' });
    if (await reasons.isVisible()) {
      await reasons.getByRole('button').last().click();
      await expect(page.getByText('The file holds none of these rows now', { exact: false })).toBeVisible();
    }
    await app.goTo('Overview');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, legacy version');
  });
});

test('a second window makes its plan again when the first has upgraded the database', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await app.goTo('Phases');
  await page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  await expect(page.getByRole('button', { name: 'Start upgrade' })).toBeVisible();
  const token = await page.evaluate(() => sessionStorage.getItem('phasewise.token'));
  const plan = page.url();
  const other = await page.context().newPage();
  await other.goto(`${new URL(plan).origin}/#token=${token ?? ''}`);
  await expect(other.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, legacy version');
  await other.evaluate((hash) => (location.hash = hash), new URL(plan).hash);
  await expect(other.getByRole('button', { name: 'Start upgrade' })).toBeEnabled();

  await page.getByRole('button', { name: 'Start upgrade' }).click();
  await expectDone(page);

  await expect(other.getByRole('heading', { level: 1 })).toHaveText('There is nothing to do');
  await expect(other.getByRole('button', { name: 'Start upgrade' })).toBeHidden();
  await look(other, 'real-13-nothing-to-do');
  await other.getByRole('button', { name: 'Back to the phases' }).click();
  await expect(other.getByText(/all met at the checkpoint of/).first()).toBeVisible();
  await look(other, 'real-14-phases-done');
  await other.close();
});

test('what the command line did is noticed as soon as the window is looked at again', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  const file = app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, legacy version');

  const cli = [path.resolve('.vite/build/cli.cjs'), 'migrate', file, '--yes'];
  const env = { ...process.env, PHASEWISE_HOME: path.join(path.dirname(app.projects), 'phasewise') };
  execFileSync(process.execPath, cli, { env, stdio: 'pipe' });
  await page.evaluate(() => window.dispatchEvent(new Event('focus')));

  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, upgraded to phase 4');
  await expect(page.getByRole('button', { name: 'Plan the upgrade' })).toBeHidden();
});

test('looking at a database changes neither the file nor its folder', async ({ app }) => {
  const file = app.makeLegacy('lights.db', 400);
  const before = { hash: sha256(file), files: readdirSync(app.projects) };

  await app.open('lights.db');
  await expect(app.page.getByRole('heading', { level: 1 })).toHaveText('Kroma project database, legacy version');
  await app.page.getByRole('button', { name: 'Check all data' }).click();
  await expect(app.page.getByRole('button', { name: 'Check all data' })).toBeEnabled({ timeout: 30_000 });
  await app.goTo('Phases');
  await app.page.getByRole('button', { name: 'Upgrade to phase 4…' }).click();
  await expect(app.page.getByRole('button', { name: 'Start upgrade' })).toBeVisible();

  expect({ hash: sha256(file), files: readdirSync(app.projects) }).toEqual(before);
});

test('a run can be paused, is safe to leave, and goes on where it stopped', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('large.db', 20_000);
  await app.open('large.db');
  await startUpgrade(app);

  await page.getByRole('button', { name: 'Pause' }).click({ timeout: 30_000 });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Paused on the way to phase 4/);
  await look(page, 'real-10-paused');
  await page.reload();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Paused on the way to phase 4/);

  await page.getByRole('button', { name: 'Resume' }).click();
  await expectDone(page);
});

test('a run that is stopped keeps what is finished and can be continued', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('large.db', 20_000);
  await app.open('large.db');
  await startUpgrade(app);

  await page.getByRole('button', { name: 'Pause' }).click({ timeout: 30_000 });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Paused/);
  await page.getByRole('button', { name: 'Stop safely' }).click();
  await expect(page.getByRole('button', { name: 'Keep running' })).toBeFocused();
  await page.getByRole('dialog').getByRole('button', { name: 'Stop safely' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Stopped on the way to phase 4.');
  await expect(page.getByText(/Your data is safe/).first()).toBeVisible();
  await look(page, 'real-11-stopped');

  await page.getByRole('button', { name: 'Continue the upgrade…' }).click();
  await page.getByRole('button', { name: 'Start upgrade' }).click();
  await expectDone(page);
});

test('the upgrade needs nothing but the keyboard', async ({ app }) => {
  test.setTimeout(120_000);
  const { page } = app;
  app.makeLegacy('lights.db', 400);
  const press = (key: string) => page.keyboard.press(key);

  await test.step('Ctrl+O opens the picker; arrows and Enter walk it', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await press('Control+o');
    await expect(page.getByRole('textbox', { name: 'Filter by name' })).toBeFocused();
    await expect(page.getByRole('listbox')).toBeVisible();
    await press('ArrowDown');
    await expect(page.getByRole('listbox')).toBeFocused();
    await press('Enter');
    await expect(page.getByRole('option', { name: /^lights\.db/ })).toBeVisible();
    await expect(page.getByRole('listbox')).toBeFocused();
    await press('Enter');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/legacy version/);
  });

  await test.step('Alt and a number change the page, ? explains the keys, Escape closes', async () => {
    await press('?');
    await expect(page.getByRole('dialog', { name: 'Keyboard shortcuts' })).toBeVisible();
    await press('Escape');
    await expect(page.getByRole('dialog')).toBeHidden();
    await press('Alt+2');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('Phases');
    await press('Escape');
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/legacy version/);
  });

  await test.step('Tab reaches every button of the way', async () => {
    await tabTo(page, 'Plan the upgrade');
    await press('Enter');
    await expect(page.getByRole('button', { name: 'Start upgrade' })).toBeVisible();
    await tabTo(page, 'Start upgrade');
    await press('Enter');
    await expectDone(page);
  });
});

/** Presses Tab until the button has the focus; a person would give up after 60. */
async function tabTo(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name });
  for (let presses = 0; presses < 60; presses += 1) {
    if (await button.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach “${name}”`);
}

test('the start page remembers the database after it was closed', async ({ app }) => {
  const { page } = app;
  const file = app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/legacy version/);
  await page.getByRole('button', { name: 'Close lights.db' }).click();

  const recents = page.getByRole('region', { name: 'Recent databases' });
  await expect(recents.getByText('Kroma project database · legacy version')).toBeVisible();
  await expect(recents.getByText(path.basename(path.dirname(file)), { exact: false })).toBeVisible();
  await recents.getByRole('button', { name: /^lights\.db/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/legacy version/);
});

test('of two databases of one name it is always said which, and the name is typed as a keyboard can', async ({
  app,
}) => {
  test.setTimeout(120_000);
  const { page } = app;
  const name = 'Gro\u0308\u00dfe  1.db'; // as macOS stores it, and with two blanks
  for (const folder of ['ann', 'bob']) {
    mkdirSync(path.join(app.projects, folder));
    app.makeLegacy(path.join(folder, name), 50);
    await openIn(page, app.projects, folder);
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(/legacy version/);
  }

  await test.step('list, title and menu tell them apart', async () => {
    const lines = page.getByRole('navigation', { name: 'Open databases' }).getByRole('listitem');
    await expect(lines).toHaveText([`${name} in ann`, `${name} in bob`]);
    await expect(page).toHaveTitle(`${name} in bob · Phasewise`);
    await page.getByRole('button', { name: `Switch database, now ${name} in bob` }).click();
    await page.getByRole('menuitem', { name: `${name} in ann` }).click();
    await expect(page).toHaveTitle(`${name} in ann · Phasewise`);
    await look(page, 'real-13-one-name');
  });

  await test.step('what replaces one says where it lies, and shows its name as it is', async () => {
    await app.goTo('Backups');
    await page.getByRole('button', { name: 'Back up now' }).click();
    await page.getByRole('button', { name: 'Restore…' }).click();
    const field = page.getByRole('textbox', { name: /To confirm, type/ });
    await expect(field).toHaveAccessibleDescription(`Its folder: ${path.join(app.projects, 'ann')}`);
    expect(await page.getByText('To confirm, type').innerText()).toBe(`To confirm, type ${name}`);
    await look(page, 'real-14-which-file');
    await field.fill('Gr\u00f6\u00dfe 1.db');
    await page.getByRole('button', { name: 'Restore this backup' }).click();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText('2 backups', { timeout: 30_000 });
  });
});

/** Opens the only file of a folder below `projects`, through the file picker. */
async function openIn(page: Page, projects: string, folder: string): Promise<void> {
  await page.getByRole('button', { name: 'Open…' }).click();
  const picker = page.getByRole('dialog');
  const top = picker.getByRole('navigation', { name: 'Folders' }).getByRole('button', { name: 'Places' });
  if (await top.isEnabled()) await top.click(); // it opens where it was last
  for (const step of [path.basename(projects), folder])
    await picker.getByRole('option', { name: new RegExp(`(^|/)${step} `) }).click();
  await picker.getByRole('option', { name: /\.db/ }).click();
}
