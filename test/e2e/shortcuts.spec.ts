import type { Page } from '@playwright/test';
import { expect, test } from './support/app.ts';

/** Presses a key. @returns whether the window kept it from the browser. */
async function isKept(page: Page, key: string): Promise<boolean> {
  await page.evaluate(() => {
    const note = (event: KeyboardEvent): void => {
      document.body.dataset['kept'] = String(event.defaultPrevented); // at last of the key that is held with Ctrl or Alt
    };
    window.addEventListener('keydown', note); // after the window's own
  });
  await page.keyboard.press(key);
  return (await page.evaluate(() => document.body.dataset['kept'])) === 'true';
}

test('Ctrl+F finds in the table that is shown, and is the browser’s own elsewhere', async ({ app }) => {
  const { page } = app;
  const field = page.getByRole('textbox', { name: /^Find in all columns/ });
  app.makeLegacy('lights.db', 40);
  await app.open('lights.db');
  await expect(page.getByRole('heading', { level: 1 })).toContainText('Kroma');
  expect(await isKept(page, 'f')).toBe(false);
  expect(await isKept(page, 'Control+f')).toBe(false);

  await app.goTo('Data');
  const grid = page.getByRole('grid');
  await expect(grid).toBeVisible();
  await grid.focus();
  expect(await isKept(page, 'Control+f')).toBe(true);
  await expect(field).toBeFocused();
  await page.keyboard.type('light');
  expect(await isKept(page, 'Control+f')).toBe(true);
  await page.keyboard.type('other');
  await expect(field).toHaveValue('other');
});

test('a dialog has the keys to itself, and they do not reach the browser either', async ({ app }) => {
  const { page } = app;
  app.makeLegacy('lights.db', 40);
  await app.open('lights.db');
  await app.goTo('Data');
  await expect(page.getByRole('grid')).toBeVisible();
  await page.getByRole('grid').focus();
  await page.keyboard.press('?');
  const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await expect(dialog).toBeVisible();

  // Chromium would ask for a file in place of the window, print it, or go back.
  for (const key of ['Control+o', 'Control+p', 'Alt+2', 'Alt+ArrowLeft'])
    expect(await isKept(page, key), key).toBe(true);
  expect(await isKept(page, 'Control+f')).toBe(false); // what a dialog shows can be searched by the browser
  await expect(dialog).toBeVisible();
  await expect(page).toHaveURL(/\/data\//);
});

test('Copy in the menu of the desktop app copies the marked cells, as the key does', async ({ app }) => {
  const { page } = app;
  await page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  app.makeLegacy('lights.db', 40);
  await app.open('lights.db');
  await app.goTo('Data');
  const grid = page.getByRole('grid');
  await expect(grid.locator('[aria-rowindex="3"] [aria-colindex="2"]')).not.toBeEmpty(); // of the first row
  await grid.focus();
  await page.keyboard.press('Shift+ArrowRight');

  // What Electron's role does: the editing command of the page, without a key.
  const devTools = await page.context().newCDPSession(page);
  await devTools.send('Input.dispatchKeyEvent', { type: 'rawKeyDown', commands: ['copy'] });
  await expect(page.getByText(/^2 cells copied\./)).toBeVisible();
  expect(await page.evaluate(() => navigator.clipboard.readText())).toMatch(/^[^\t]+\t[^\t]+$/);
});
