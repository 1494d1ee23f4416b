import path from 'node:path';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { type App, expect, test } from './support/fixtures.ts';

/** What the menu's items do on each page, and where they are grey. */
interface Item {
  readonly id: string;
  readonly isEnabled: boolean;
  readonly items: readonly Item[];
}

async function greyIds(app: App): Promise<string[]> {
  const all = (items: readonly Item[]): Item[] => items.flatMap((item) => [item, ...all(item.items)]);
  const grey = all(await app.menu()).filter(({ id, isEnabled }) => id !== '' && !isEnabled);
  return grey.map(({ id }) => id).toSorted();
}
const withoutDatabase = ['activity', 'backups', 'data', 'find', 'overview', 'phases', 'reload-data'];

test('the menu does on each page what can be done there, and is grey elsewhere', async ({ launchApp, folder }) => {
  const file = path.join(folder, 'lights.db');
  writeFixture(file, { build: (db) => buildScaled(db, { candidates: 20 }) });
  const app = await launchApp();
  const { page } = app;
  const field = page.getByRole('textbox', { name: /^Find in all columns/ });

  await test.step('no database on the start page', async () => {
    await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
    await expect.poll(() => greyIds(app)).toEqual(withoutDatabase);
  });

  await test.step('a database without rows on screen: nothing to find in', async () => {
    await app.answerDialog('open', { canceled: false, filePaths: [file] });
    await app.clickMenu('open');
    await expect(page.getByText('Nothing has been changed by looking.')).toBeVisible();
    await expect.poll(() => greyIds(app)).toEqual(['find']);
  });

  await test.step('its pages, by their names', async () => {
    await app.clickMenu('phases');
    await expect(page).toHaveURL(/\/phases$/);
    await app.clickMenu('backups');
    await expect(page).toHaveURL(/\/backups$/);
    await app.clickMenu('previous');
    await expect(page).toHaveURL(/\/phases$/);
  });

  await test.step('the search of the table, with what is in it marked', async () => {
    await app.clickMenu('data');
    await expect(page.getByRole('grid')).toBeVisible();
    await expect.poll(() => greyIds(app)).toEqual([]);
    await app.clickMenu('find');
    await expect(field).toBeFocused();
    await page.keyboard.type('light');
    await page.getByRole('grid').focus();
    await app.clickMenu('find');
    await expect(field).toBeFocused();
    await page.keyboard.type('other');
    await expect(field).toHaveValue('other');
  });

  await test.step('not behind a dialog', async () => {
    await app.clickMenu('shortcuts');
    const dialog = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
    await expect(dialog).toContainText('Find in the table that is shown');
    await app.clickMenu('find');
    await expect(field).not.toBeFocused();
    await page.keyboard.press('Escape');
    await expect(dialog).toBeHidden();
  });

  await test.step('a menu that is made anew knows the page', async () => {
    await app.clickMenu('home');
    await expect.poll(() => greyIds(app)).toEqual(withoutDatabase);
    await app.clickMenu('clear-recent');
    await expect.poll(async () => JSON.stringify(await app.menu())).toContain('None yet');
    expect(await greyIds(app)).toEqual(withoutDatabase);
  });
});
