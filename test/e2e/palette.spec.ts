import path from 'node:path';
import type { Page } from '@playwright/test';
import { someId, writeSql } from '../support/browse/sql.ts';
import { expect, test } from './support/app.ts';
import { expectAccessible } from './support/look.ts';

const field = (page: Page) => page.getByRole('combobox', { name: /^Go to a table/ });
const options = (page: Page) => page.getByRole('listbox', { name: 'Where to go' }).getByRole('option');
const address = (page: Page) => page.getByRole('contentinfo');
const grid = (page: Page) => page.getByRole('grid');

async function openPalette(page: Page, text: string): Promise<void> {
  await page.keyboard.press('Control+p');
  await expect(field(page)).toBeFocused();
  await page.keyboard.type(text);
}

test('the palette leads to tables, rows, pages and settings by keyboard alone, and gives the focus back', async ({
  app,
}) => {
  const { page } = app;
  const file = app.makeLegacy('lights.db', 300);
  await app.open('lights.db');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Kroma');
  await page.getByRole('link', { name: 'Phases' }).focus();
  await openPalette(page, '');
  await expectAccessible(page, 'the palette');
  await page.keyboard.press('Escape');
  await expect(field(page)).toBeHidden();
  await expect(page.getByRole('link', { name: 'Phases' })).toBeFocused();

  await test.step('a table, by letters that stand apart', async () => {
    await openPalette(page, 'rjc');
    await expect(options(page).first()).toContainText('run_job_candidates');
    await page.keyboard.press('Enter');
    await expect(grid(page)).toBeFocused();
    await expect(grid(page)).toHaveAccessibleName(/^run_job_candidates/);
    await expect(address(page)).toContainText('data/run_job_candidates');
  });
  await test.step('a row, by its key', async () => {
    const key = someId(file, 'runs');
    await openPalette(page, key);
    await page.keyboard.press('Enter');
    await expect(page.getByRole('complementary', { name: 'Row of runs' })).toContainText(key);
    await expect(field(page)).toBeHidden();
    await openPalette(page, 'runs 3f2c8a10-0000-4000-8000-000000000000');
    await page.keyboard.press('Enter');
    await expect(page.getByText(/^No row of runs has the key 3f2c8a10/)).toBeVisible();
    await page.keyboard.press('Escape');
  });
  await test.step('a migration, on its page', async () => {
    await openPalette(page, 'quality reports');
    await expect(options(page).first()).toContainText('migration');
    await page.keyboard.press('Enter');
    await expect(page.locator('li:focus')).toContainText('0012_quality_reports');
  });
  await test.step('a page and a setting', async () => {
    await openPalette(page, 'backups');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('heading', { level: 1, name: 'No backup yet' })).toBeVisible();
    await openPalette(page, 'dark');
    await page.keyboard.press('Enter');
    await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  });
});

test('back and forward follow the way through the references, and give back where one was', async ({ app }) => {
  const { page } = app;
  app.makeLegacy('lights.db', 300);
  await app.open('lights.db');
  await page.getByRole('button', { name: 'Show rows of assets' }).click();
  const row = page.getByRole('complementary', { name: 'Row of assets' });
  await expect(grid(page)).toBeFocused();
  for (let times = 0; times < 3; times++) await page.keyboard.press('PageDown');
  const place = page.getByText(/^\d[\d,]*–[\d,]+ of /);
  await expect(place).not.toHaveText(/^1–/);
  const before = await place.textContent();
  await page.keyboard.press('Enter');
  await row.getByRole('button', { name: /^projects/ }).click();
  await expect(grid(page)).toHaveAccessibleName(/^projects/);
  await expect(page.getByRole('complementary', { name: 'Row of projects' })).toBeVisible();
  await expect(page.getByRole('button', { name: 'Close the row' })).toBeFocused();
  await expect(page.getByRole('navigation', { name: 'The way here' })).toHaveText('assetsprojects');

  await page.keyboard.press('Alt+ArrowLeft');
  await expect(grid(page)).toHaveAccessibleName(/^assets/);
  await expect(row).toBeVisible();
  await expect(place).toHaveText(before ?? '');
  await page.goForward();
  await expect(page.getByRole('navigation', { name: 'The way here' })).toHaveText('assetsprojects');
  await page.goBack();
  await page.goBack();
  await expect(page.getByRole('button', { name: 'Show rows of assets' })).toBeVisible();

  await page.goForward();
  await page.reload();
  await expect(grid(page)).toHaveAccessibleName(/^assets/);
});

test('a database of another kind can be looked through, and F5 asks for its rows again', async ({ app }) => {
  const { page } = app;
  const file = path.join(app.projects, 'notes.db');
  writeSql(file, `CREATE TABLE notes (id INTEGER PRIMARY KEY, words TEXT); INSERT INTO notes VALUES (1, 'first')`);
  await app.open('notes.db');

  await page.getByRole('button', { name: 'Look at the data' }).click();
  await page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: /^notes/ })
    .click();
  await expect(page.getByRole('gridcell', { name: 'first' })).toBeVisible();
  writeSql(file, `UPDATE notes SET words = 'second'; INSERT INTO notes VALUES (2, 'third')`);
  await page.keyboard.press('F5');
  await expect(page.getByRole('gridcell', { name: 'second' })).toBeVisible();
  await expect(page.getByRole('gridcell', { name: 'third' })).toBeVisible();
});
