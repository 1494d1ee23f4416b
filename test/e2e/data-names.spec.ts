import path from 'node:path';
import type { Page } from '@playwright/test';
import { writeSql } from '../support/browse/sql.ts';
import { expect, test } from './support/app.ts';
import { expectAccessible } from './support/look.ts';

/** Names that SQLite takes and nobody expects, and a table that cannot be drawn: the others can still be looked at. */

/** What the host says of a column of this type, the window is told without its type. */
const BROKEN = 'UNDRAWABLE';

test('tables and columns may be called anything, and one that cannot be drawn stands in nobody’s way', async ({
  app,
}) => {
  const { page } = app;
  writeSql(
    path.join(app.projects, 'names.db'),
    `CREATE TABLE odd ("" TEXT, "__proto__" TEXT, "constructor" INT, " " INT, "a.b" INT);
     INSERT INTO odd VALUES ('one', 'two', 3, 4, 5), ('other', 'none', 6, 7, 8);
     CREATE VIEW cases AS SELECT 1 AS a, 2 AS A, 3 AS "", 4 AS "";
     CREATE TABLE "" (x); INSERT INTO "" VALUES ('in the table without a name');
     CREATE TABLE broken (x ${BROKEN}); INSERT INTO broken VALUES (1);`,
  );
  await page.routeWebSocket(/\/channels/, (socket) => {
    const host = socket.connectToServer();
    host.onMessage((message) => socket.send(String(message).replace(`"type":"${BROKEN}"`, '"type":null')));
  });
  await page.reload();
  await app.open('names.db');
  await expect(page.getByText(/It has the tables .*\(no name\)/)).toBeVisible();
  await page.getByRole('button', { name: 'Look at the data' }).click();

  await test.step('columns', () => readOddColumns(page));
  await openTable(page, 'cases');
  await expect(page.getByRole('gridcell').filter({ hasText: /^[1-4]$/ })).toHaveText(['1', '2', '3', '4']);
  await openTable(page, '\\(no name\\)');
  await expect(page.getByRole('gridcell', { name: 'in the table without a name' })).toBeVisible();
  await page.reload();
  await expect(page.getByRole('gridcell', { name: 'in the table without a name' })).toBeVisible();

  await openTable(page, 'broken');
  await expect(page.getByText(/^This page could not be drawn: .*null/)).toBeVisible();
  await openTable(page, 'odd');
  await expect(page.getByText('This page could not be drawn')).toHaveCount(0);
  await expect(page.getByRole('grid', { name: 'odd' })).toBeVisible();
});

test('of very many columns the first are listed, and each is found by its name', async ({ app }) => {
  const { page } = app;
  const names = Array.from({ length: 1_900 }, (_, at) => `column_${at}`);
  writeSql(path.join(app.projects, 'wide.db'), `CREATE TABLE wide (${names.join()}, umn_1); INSERT INTO wide (umn_1) VALUES (1)`); // prettier-ignore
  await app.open('wide.db');
  await app.goTo('Data');
  await expect(page.getByText('1–1 of 1 row', { exact: true }).first()).toBeVisible();

  const list = page.getByRole('dialog', { name: 'Columns' });
  await page.getByRole('button', { name: 'Columns' }).click();
  await expect(list.getByText('60 of 1,901 columns are listed. Type part of a name to find the others.')).toBeVisible();
  await expect(list.getByRole('checkbox')).toHaveCount(60);
  await page.keyboard.type('UMN_1');
  await expect(list.getByRole('checkbox').first()).toHaveAccessibleName('umn_1'); // though many names have this in them
  await list.getByRole('textbox', { name: 'Find columns' }).fill('column_1899');
  await expect(list.getByText('1 column has this in its name.')).toBeVisible();
  await expectAccessible(page, 'some of many columns');
  await list.getByRole('checkbox', { name: 'column_1899' }).uncheck();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Columns, 1 hidden' })).toBeVisible();

  await page.getByRole('button', { name: 'Export…' }).click();
  const form = page.getByRole('dialog', { name: 'Export rows to a file' });
  await form.getByRole('textbox', { name: 'Find columns' }).fill('column_1899');
  await page.keyboard.press('Enter'); // is not to begin the export
  await form.getByRole('checkbox', { name: 'column_1899' }).check();
  await expect(form.getByRole('group', { name: 'Columns, 1,901 of 1,901' })).toBeVisible();
});

const openTable = (page: Page, name: string): Promise<void> =>
  page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: new RegExp(`^${name} `) })
    .click();

async function readOddColumns(page: Page): Promise<void> {
  await openTable(page, 'odd');
  const grid = page.getByRole('grid', { name: 'odd' });
  const cells = grid.getByRole('gridcell').filter({ hasText: /^\w+$/ });
  await expect(cells).toHaveText(['one', 'two', '3', '4', '5', 'other', 'none', '6', '7', '8']);
  await page.getByRole('textbox', { name: 'Filter (no name)' }).fill('one');
  await expect(page.getByText('1–1 of 1 row', { exact: true }).first()).toBeVisible();
  await expect(cells).toHaveText(['one', 'two', '3', '4', '5']);
  await page.getByRole('button', { name: 'Remove the filter: (no name) contains one' }).click();

  for (const name of ['(no name)', 'constructor', '__proto__']) {
    const header = grid.getByRole('columnheader').filter({ has: page.getByRole('button', { name: `Column ${name}` }) });
    const before = (await header.boundingBox())?.width ?? 0;
    await page.getByRole('button', { name: `Column ${name}` }).click();
    await page.getByRole('menuitem', { name: 'Wider' }).click();
    await expect.poll(async () => (await header.boundingBox())?.width).toBe(before + 40);
    await page.keyboard.press('Escape');
  }
  await expectAccessible(page, 'columns of any name');
  await page.getByRole('button', { name: 'Column (no name)' }).click();
  await page.getByRole('menuitem', { name: 'Hide' }).click();
  await expect(page.getByRole('button', { name: 'Columns, 1 hidden' })).toBeVisible();
  await page.keyboard.press('Home');
  await grid.focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Row of odd' }).getByRole('term').first()).toHaveText(
    /^\(no name\)/,
  );
  await page.keyboard.press('Escape');
}
