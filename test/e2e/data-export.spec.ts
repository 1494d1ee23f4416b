import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { addAnimals, LONG_TEXT, MARKUP } from '../support/browse/animals.ts';
import { expect, test, type App } from './support/app.ts';
import { expectAccessibleDialog } from './support/look.ts';

/** Rows out of the window: to files through the real browser host, and to the clipboard. */

/** A legacy project with two tables of somebody else's in it. */
async function openData(app: App, table: string, rows = 0): Promise<void> {
  addAnimals(app.makeLegacy('zoo.db', 20), rows);
  await app.open('zoo.db');
  await app.page.getByRole('link', { name: 'Data' }).click();
  await app.page.getByRole('textbox', { name: 'Filter tables' }).fill(table);
  await app.page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: new RegExp(`^${table}`) })
    .click();
  await expect(app.page.getByRole('grid')).toHaveAttribute('aria-busy', 'false');
}

const dialogOf = ({ page }: App) => page.getByRole('dialog', { name: 'Export rows to a file' });

test('values go to files and to the clipboard, sensitive ones only when they are asked for', async ({ app }) => {
  await openData(app, 'animals');
  await test.step('copied', () => copyCells(app));
  await test.step('exported', () => exportTable(app));
});

test('a large table is filtered and exported, and not copied', async ({ app }) => {
  await openData(app, 'many', 1_500_000);
  await expect(app.page.getByText(/of 1,500,000 rows$/).first()).toBeVisible();
  await test.step('too much for the clipboard is said', () => copyTooMuch(app));
  await test.step('the rows that a filter leaves are exported alone', () => exportFiltered(app));
  await test.step('an export is stopped', () => stopExport(app));
});

async function exportTable(app: App): Promise<void> {
  const dialog = dialogOf(app);
  const name = (format: string, number = ''): string => path.join(app.projects, `zoo animals${number}.${format}`);

  await app.page.getByRole('button', { name: 'Export…' }).click();
  await expectAccessibleDialog(app.page, 'the export dialog');
  await expect(dialog.getByRole('checkbox', { name: 'api_token (hidden)' })).not.toBeChecked();
  await dialog.getByRole('radio', { name: 'JSON', exact: true }).check();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText(/^4 rows of animals written, [\d.]+ (kB|bytes), to$/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Done' }).click();
  const text = readFileSync(name('json'), 'utf8');
  expect(text).toContain('"weight":9007199254740993');
  expect((JSON.parse(text) as { name: string }[]).map((row) => row.name)).toEqual([
    '=1+1',
    LONG_TEXT,
    MARKUP,
    'tab\tand "quote"',
  ]);
  expect(text).not.toContain('geheim');

  await app.page.getByRole('button', { name: 'Export…' }).click();
  await dialog.getByRole('checkbox', { name: 'api_token (hidden)' }).check();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(readFileSync(name('csv'), 'utf8')).toMatch(
    /^\uFEFF"id","name","weight","api_token"\r\n1,"'=1\+1",9007199254740993,\(not exported\)\r\n/,
  );

  await app.page.getByRole('button', { name: 'Export…' }).click();
  await dialog.getByRole('checkbox', { name: 'api_token (hidden)' }).check();
  await dialog.getByRole('switch', { name: /^Write the hidden values of api_token too/ }).check();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await dialog.getByRole('button', { name: 'Done' }).click();
  expect(readFileSync(name('csv', ' 2'), 'utf8')).toContain('"geheim"');
  expect(readdirSync(app.projects).filter((each) => each.includes('.part'))).toEqual([]);
}

async function exportFiltered(app: App): Promise<void> {
  await app.page.getByRole('textbox', { name: 'Find in all columns' }).fill('row 29999');
  await expect(app.page.getByText('1–11 of 11 rows')).toBeVisible();
  await app.page.getByRole('button', { name: 'Export…' }).click();
  const dialog = dialogOf(app);
  await expect(dialog.getByRole('radio', { name: 'Only the 11 rows that are shown' })).toBeChecked();
  await dialog.getByRole('radio', { name: 'TSV' }).check();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText(/^11 rows of many written, .*, to$/)).toBeVisible();
  const lines = readFileSync(path.join(app.projects, 'zoo many.tsv'), 'utf8').split('\n');
  expect([lines[1], lines[11], lines.length]).toEqual([
    '29999\tsome text of row 29999',
    '299999\tsome text of row 299999',
    13,
  ]);
  await dialog.getByRole('button', { name: 'Done' }).click();
  rmSync(path.join(app.projects, 'zoo many.tsv'));
  await app.page.getByRole('textbox', { name: 'Find in all columns' }).fill('');
  await expect(app.page.getByText(/of 1,500,000 rows$/).first()).toBeVisible();
}

/** It goes on in the background, and leaves nothing when it is stopped. */
async function stopExport(app: App): Promise<void> {
  const dialog = dialogOf(app);
  await app.page.getByRole('button', { name: 'Export…' }).click();
  await dialog.getByRole('button', { name: 'Export', exact: true }).click();
  await expect(dialog.getByText(/^[\d,]+ rows of many written, [\d.]+ [kM]B$/)).toBeVisible();
  await dialog.getByRole('button', { name: 'Go on in the background' }).click();
  await app.page.getByRole('button', { name: /^Exporting, [\d,]+ rows/ }).click();
  await dialog.getByRole('button', { name: 'Stop' }).click();
  await expect(dialog.getByRole('alert')).toContainText('What it had written was removed');
  expect(readdirSync(app.projects)).toEqual(['zoo.db']);
  await dialog.getByRole('button', { name: 'Back to the choices' }).click();
  await expect(dialog.getByRole('radio', { name: 'CSV for a spreadsheet' })).toBeVisible();
}

/** Whole, and what is hidden stays hidden. */
async function copyCells(app: App): Promise<void> {
  await app.page.context().grantPermissions(['clipboard-read', 'clipboard-write']);
  const { page } = app;
  const copied = () => page.evaluate(() => navigator.clipboard.readText());
  const menu = async (item: string): Promise<void> => {
    await page.getByRole('button', { name: 'Copy', exact: true }).click();
    await page.getByRole('menuitem', { name: item }).click();
  };
  await page.getByRole('grid').focus();
  await page.keyboard.press('ArrowRight');
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('1 cell copied.')).toBeVisible();
  expect(await copied()).toBe(LONG_TEXT);

  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+End');
  await page.keyboard.press('Control+c');
  await expect(page.getByText('6 cells copied. 1 hidden value was left out.')).toBeVisible();
  expect(await copied()).toBe(
    `${MARKUP.replace(/.*/s, (all) => `"${all.replaceAll('"', '""')}"`)}\t\t(not exported)\n"tab\tand ""quote"""\tx'00ff'\t`,
  );

  await page.getByRole('grid').focus();
  await page.keyboard.press('Control+Home');
  await menu('Row as JSON');
  await expect(page.getByText('1 row copied. 1 hidden value was left out.')).toBeVisible();
  expect(await copied()).toBe('{"id":1,"name":"=1+1","weight":9007199254740993,"api_token":{"$masked":6}}\n');
  await menu('Row as SQL INSERT');
  await expect
    .poll(copied)
    .toBe(
      `INSERT INTO "animals" ("id", "name", "weight", "api_token") VALUES (1, '=1+1', 9007199254740993, '(not exported)');\n`,
    );
  await menu('Cell as Markdown');
  await expect.poll(copied).toBe('| id |\n| --- |\n| 1 |\n');
}

async function copyTooMuch(app: App): Promise<void> {
  await app.page.getByRole('grid').focus();
  await app.page.keyboard.press('Control+Shift+End');
  await app.page.keyboard.press('Control+c');
  await expect(
    app.page.getByText('These are 3,000,000 cells; at most 10,000 can be copied. Export them to a file instead.'),
  ).toBeVisible();
  await app.page.keyboard.press('Control+Home');
  for (let at = 0; at < 3; at++) await app.page.keyboard.press('Shift+PageDown');
  await app.page.keyboard.press('Control+c');
  await expect(app.page.getByText(/^\d+ cells copied\.$/)).toBeVisible();
  expect(existsSync(path.join(app.projects, 'zoo many.csv'))).toBe(false);
}
