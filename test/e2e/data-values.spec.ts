import path from 'node:path';
import type { Page } from '@playwright/test';
import { LINES, makeThings } from '../support/browse/things.ts';
import { writeSql } from '../support/browse/sql.ts';
import { expect, test } from './support/app.ts';
import { expectAccessibleDialog } from './support/look.ts';

/** One value at a time, in the real window: whole, exact, and hidden where it is sensitive. */

/** Into a cell of the grid, by keys alone. Rows and columns from 0. */
async function goToCell(page: Page, row: number, column: number): Promise<void> {
  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+Home');
  for (let at = 0; at < row; at++) await page.keyboard.press('ArrowDown');
  for (let at = 0; at < column; at++) await page.keyboard.press('ArrowRight');
}

test('values are looked at whole, sensitive ones only when somebody asks', async ({ app }) => {
  const { page } = app;
  const complaints: string[] = [];
  page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
  page.on('pageerror', (error) => complaints.push(error.message));
  makeThings(path.join(app.projects, 'values.db'));
  await app.open('values.db');
  await page.getByRole('link', { name: 'Data' }).click();
  await page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: /^things/ })
    .click();
  const grid = page.getByRole('grid');
  const dialog = page.getByRole('dialog');
  await expect(grid.getByRole('gridcell', { name: 'hidden, 10 bytes' }).first()).toBeVisible();

  await test.step('JSON as a tree, exact to the last digit, with the focus given back', async () => {
    await goToCell(page, 0, 1);
    await page.keyboard.press('F2');
    await expect(dialog.getByRole('treeitem', { name: '"big": 9007199254740993' })).toBeVisible();
    await dialog.getByRole('tree').focus();
    for (const key of ['End', 'ArrowRight']) await page.keyboard.press(key);
    await expect(dialog.getByRole('treeitem', { name: '"deep": true' })).toBeVisible();
    await expectAccessibleDialog(page, 'a value as a tree');
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    await expect(grid).toBeFocused();
  });

  await test.step('a text of 10 MB from its first line to its last', async () => {
    await goToCell(page, 1, 1);
    await page.keyboard.press('Shift+Enter');
    await expect(dialog.getByText('line 1⏎', { exact: true })).toBeVisible();
    await dialog.getByRole('slider', { name: 'Place in the value' }).press('End');
    const text = dialog.getByRole('region', { name: 'Text' });
    await expect(async () => {
      await text.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await expect(dialog.getByText(`line ${LINES}⏎`, { exact: true })).toBeVisible({ timeout: 500 });
    }).toPass();
    await dialog.getByRole('tab', { name: 'Hex' }).click();
    await expect(dialog.getByText('6c 69 6e 65 20 31 0a 6c', { exact: false })).toBeVisible();
    await page.keyboard.press('Escape');
  });

  await test.step('a picture by its bytes, and markup as the text that it is', async () => {
    await goToCell(page, 2, 1);
    await page.keyboard.press('F2');
    await expect(dialog.getByText(/^PNG, 70 bytes, 1 × 1$/)).toBeVisible();
    await page.keyboard.press('Escape');
    await goToCell(page, 3, 1);
    await page.keyboard.press('F2');
    await expect(dialog.getByText('<img src=x onerror="document.title=1">')).toBeVisible();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
    expect(await page.title()).not.toBe('1');
  });

  await test.step('a sensitive value is nowhere in the page until it is asked for, and gone with its row', async () => {
    expect(await page.content()).not.toContain('hunter');
    await goToCell(page, 0, 0);
    await page.keyboard.press('Enter');
    const row = page.getByRole('complementary', { name: 'Row of things' });
    await row.getByRole('button', { name: 'Show this value' }).click();
    await expect(row.getByText('hunter-one')).toBeVisible();
    await expect(row.getByText('Shown until you leave this row')).toBeVisible();
    await expect(row.getByText(/^2026-03-14 /)).toBeVisible();
    await grid.focus();
    await page.keyboard.press('ArrowDown');
    await expect(row.getByRole('definition').first()).toHaveText('2');
    expect(await page.content()).not.toContain('hunter');
    await page.keyboard.press('ArrowUp');
    await expect(row.getByRole('definition').first()).toHaveText('1');
    await expect(row.getByRole('button', { name: 'Show this value' })).toBeVisible();
    expect(await page.content()).not.toContain('hunter');
  });

  await test.step('F3 follows a reference', async () => {
    await goToCell(page, 1, 4);
    await page.keyboard.press('F3');
    await expect(page.getByRole('navigation', { name: 'The way here' })).toBeVisible();
    await expect(page.getByText('1–1 of 1 row')).toBeVisible();
    const row = page.getByRole('complementary', { name: 'Row of things' });
    await expect(row.getByRole('definition').first()).toHaveText('1'); // the row that was meant is open
  });
  expect(complaints).toEqual([]);
});

test('a row stands beside itself in a backup', async ({ app }) => {
  const { page } = app;
  app.makeLegacy('studio.db', 20);
  await app.open('studio.db');
  await app.goTo('Backups');
  await page
    .getByRole('button', { name: /^Back up now/ })
    .first()
    .click();
  await expect(page.getByText('Backup made and verified.')).toBeVisible();
  writeSql(path.join(app.projects, 'studio.db'), `UPDATE users SET display_name = 'Somebody else'`);

  await page.getByRole('link', { name: 'Data' }).click();
  await page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: /^users/ })
    .click();
  await expect(page.getByRole('gridcell', { name: 'Somebody else' })).toBeVisible(); // a row that is not there yet cannot be opened
  await page.getByRole('grid').focus();
  await page.keyboard.press('Enter');
  await page.getByRole('button', { name: 'Compare with a backup…' }).click();

  const dialog = page.getByRole('dialog');
  const choice = dialog.getByRole('combobox', { name: 'Backup' });
  await expect(choice).toContainText(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d, by hand, taken before any phase$/);
  await expect(dialog.getByRole('row', { name: /display_name Somebody else .* different/ })).toBeVisible();
  await expect(dialog.getByRole('row', { name: /^id .* the same/ })).toBeVisible();
  await expect(dialog.getByRole('status')).toHaveText(/^1 value of \d+ differs\.$/);
  await expectAccessibleDialog(page, 'a row beside its backup');
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Compare with a backup…' })).toBeFocused();
});
