import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { Locator, Page } from '@playwright/test';
import { makeNumbers } from '../support/browse/numbers.ts';
import { writeSql } from '../support/browse/sql.ts';
import { expect, test, type App } from './support/app.ts';
import { expectAccessible } from './support/look.ts';

/** The data browser as people use it, by mouse and by keyboard. */

/** More than can be laid out: the scrollbar stands for more rows than it has pixels. */
const ROWS = 250_000;

async function openNumbers(app: App, rows: number, table = 'numbers'): Promise<Locator> {
  const file = makeNumbers(app.projects, 'numbers.db', rows);
  await app.open('numbers.db');
  await app.goTo('Data');
  await tables(app.page)
    .getByRole('button', { name: new RegExp(`^${table} `) })
    .click();
  const grid = app.page.getByRole('grid', { name: table });
  await expect(grid).toBeVisible();
  test.info().annotations.push({ type: 'file', description: file });
  return grid;
}

const tables = (page: Page): Locator => page.getByRole('navigation', { name: 'Tables' });
const cell = (grid: Locator, row: number, column: number): Locator =>
  grid.locator(`[aria-rowindex="${row + 2}"] [aria-colindex="${column}"]`);
const filterChips = (page: Page): Locator => page.getByRole('list', { name: 'Filters' }).getByRole('listitem');

/** The cell that a screen reader is told of. None is named while it is scrolled to; one that is named has to exist. */
async function activeCell(grid: Locator): Promise<{ row: number; column: number; text: string }> {
  await expect(grid).toHaveAttribute('aria-activedescendant', /./);
  return grid.evaluate((element) => {
    const active = document.getElementById(element.getAttribute('aria-activedescendant') ?? '');
    if (!active || !element.contains(active)) throw new Error('the active descendant is not there');
    return {
      row: Number(active.closest('[role=row]')?.getAttribute('aria-rowindex')) - 2,
      column: Number(active.getAttribute('aria-colindex')),
      text: active.textContent,
    };
  });
}

/** Every row that is drawn holds the number that its row number says. */
async function expectOwnNumbers(grid: Locator): Promise<void> {
  const wrong = () =>
    grid.getByRole('row').evaluateAll((rows) =>
      rows
        .filter((row) => Number(row.getAttribute('aria-rowindex')) > 2)
        .map((row) => [Number(row.getAttribute('aria-rowindex')) - 2, row.firstElementChild?.textContent])
        .filter(([number, text]) => String(number) !== text),
    );
  await expect.poll(wrong).toEqual([]);
}

test('250,000 rows are reached by the scrollbar, the wheel and the keyboard, each under its own number', async ({
  app,
}) => {
  const grid = await openNumbers(app, ROWS);
  const { page } = app;
  await expect(page.getByText(/^1–1\d of 250,000 rows$/).first()).toBeVisible();
  await expect(grid).toHaveAttribute('aria-rowcount', String(ROWS + 2));
  await expect(grid).toHaveAttribute('aria-colcount', '13');
  await expect(tables(page).getByRole('button', { name: /^numbers 250,000/ })).toBeVisible();

  // A row that is still on its way opens when it is there.
  await grid.evaluate((element) => {
    const press = (key: string, ctrlKey: boolean) =>
      element.dispatchEvent(new KeyboardEvent('keydown', { key, ctrlKey, bubbles: true, cancelable: true }));
    element.focus();
    press('End', true);
    setTimeout(() => press('Enter', false));
  });
  const row = page.getByRole('complementary', { name: 'Row of numbers' });
  await expect(row).toContainText('250000');
  await page.keyboard.press('Escape');
  await expect(row).toBeHidden();
  await page.keyboard.press('Control+Home');

  await grid.evaluate((element) => (element.scrollTop = (element.scrollHeight - element.clientHeight) / 2));
  await expect(page.getByText(/^(124,9|125,0)\d\d–.* of 250,000 rows$/).first()).toBeVisible();
  await expectOwnNumbers(grid);

  await grid.evaluate((element) => (element.scrollTop = element.scrollHeight));
  await expect(cell(grid, ROWS, 1)).toHaveText('250000');
  await expectOwnNumbers(grid);
  await expect(cell(grid, ROWS, 1)).toBeInViewport({ ratio: 0.9 });

  await grid.hover();
  for (let turn = 0; turn < 5; turn++) await page.mouse.wheel(0, -200);
  await expect(cell(grid, ROWS - 45, 1)).toBeInViewport();
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, 200);
  await expect(cell(grid, ROWS, 1)).toBeInViewport({ ratio: 0.9 });

  await grid.focus();
  await page.keyboard.press('Control+Home');
  await expect(cell(grid, 1, 1)).toBeInViewport({ ratio: 0.9 });
  for (let turn = 0; turn < 4; turn++) await page.mouse.wheel(0, 150);
  for (let turn = 0; turn < 8; turn++) await page.mouse.wheel(0, -150);
  await expect(cell(grid, 1, 1)).toBeInViewport({ ratio: 0.9 });

  await page.keyboard.press('Control+End');
  expect(await activeCell(grid)).toMatchObject({ row: ROWS, column: 13 });
  await page.keyboard.press('PageUp');
  await page.keyboard.press('Home');
  const last = await activeCell(grid);
  await expect(cell(grid, last.row, 1)).toHaveText(String(last.row));
});

test('a table is read, arranged, filtered and left by keyboard and mouse, and a screen reader is told of it', async ({
  app,
}) => {
  const grid = await openNumbers(app, 2_000);
  await test.step('the keyboard does everything', () => readByKeyboard(app, grid));
  await test.step('what another program writes appears', () => seeWriting(app, grid));
  await test.step('the filter row and the chips say the same', () => filterRows(app, grid));
  await test.step('columns are arranged, and stay so', () => arrangeColumns(app, grid));
  await test.step('tables are found by name and by arrow keys', () => findTables(app, grid));
  await test.step('what takes too long is stopped', () => stopLooking(app));
});

test('what is typed into the filters stays as it is typed, whatever is asked meanwhile', async ({ app }) => {
  const grid = await openNumbers(app, 2_000);
  const { page } = app;
  const [name, kind] = [
    page.getByRole('textbox', { name: 'Filter name' }),
    page.getByRole('textbox', { name: 'Filter kind' }),
  ];
  await grid
    .getByRole('columnheader', { name: /number/ })
    .getByRole('button', { name: 'number', exact: true })
    .click();
  await page.getByRole('button', { name: 'Condition for kind: contains' }).click();
  await page.getByRole('menuitem', { name: 'is one of' }).click();
  await kind.pressSequentially('two,');
  await expect(filterChips(page)).toHaveText(['kind is one of two']);
  await expect(page.getByText('of 667 rows').first()).toBeVisible();
  await kind.pressSequentially('one');
  await expect(filterChips(page)).toHaveText(['kind is one of two, one']);
  await expect(kind).toHaveValue('two,one');

  await page.keyboard.press('Home');
  await page.keyboard.type('fizz,');
  await expect(filterChips(page)).toHaveText(['kind is one of fizz, two, one']);
  await page.keyboard.type('o');
  await expect(kind).toHaveValue('fizz,otwo,one'); // where one is in it stays, too
  await page.keyboard.press('Backspace');

  await name.fill('number 19');
  await kind.fill('two');
  await expect(filterChips(page)).toHaveText(['kind is one of two', 'name contains number 19']);

  await page.getByRole('textbox', { name: 'Find in all columns' }).fill('number 1901');
  await expect(page.getByText('1–1 of 1 row').first()).toBeVisible();
  await page.keyboard.press('Control+p');
  await page.keyboard.type('numbers 7');
  await expect(page.getByRole('option', { name: /numbers 7/ })).toBeVisible();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Row of numbers' })).toContainText('number 7');
  await expect(page.getByRole('textbox', { name: 'Find in all columns' })).toHaveValue('');
});

async function readByKeyboard({ page }: App, grid: Locator): Promise<void> {
  await expect(cell(grid, 1, 2)).toHaveText('number 1');
  await grid.focus();

  for (const key of ['ArrowDown', 'ArrowDown', 'ArrowRight', 'PageDown', 'End']) await page.keyboard.press(key);
  expect(await activeCell(grid)).toMatchObject({ column: 13, text: '<b onclick="alert(1)">c8</b>' });
  await page.keyboard.press('Control+ArrowUp');
  await page.keyboard.press('Home');
  expect(await activeCell(grid)).toEqual({ row: 1, column: 1, text: '1' });

  await page.keyboard.press('Shift+ArrowDown');
  await page.keyboard.press('Shift+ArrowRight');
  await expect(grid.getByRole('gridcell', { selected: true })).toHaveText(['1', 'number 1', '2', 'number 2']);
  await page.keyboard.press('Control+a');
  await expect(cell(grid, 10, 5)).toHaveAttribute('aria-selected', 'true');
  await page.keyboard.press('ArrowUp');

  await page.keyboard.press('Enter');
  await expect(page.getByRole('complementary', { name: 'Row of numbers' })).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('complementary', { name: 'Row of numbers' })).toBeHidden();
  await expect(grid).toBeFocused();

  await expect(grid.getByRole('row').first()).toMatchAriaSnapshot(`
    - row:
      - columnheader:
        - button "number"
        - text: integer
        - img "primary key"
        - button "Column number"
      - columnheader:
        - button "name"
        - text: text
        - button "Column name"
  `);
  await expect(grid.getByRole('row').nth(1)).toMatchAriaSnapshot(`
    - row:
      - gridcell:
        - 'button "Condition for number: is"'
        - textbox "Filter number"
  `);
  await expectAccessible(page, 'the data browser');
}

async function arrangeColumns({ page, projects }: App, grid: Locator): Promise<void> {
  const names = () => grid.getByRole('columnheader').getByRole('button', { name: /^(?!Column )/ });
  const choose = async (item: string | RegExp): Promise<void> => {
    await page.keyboard.press('Alt+ArrowDown');
    // The menu takes the focus to its first item a moment after it opened, by two timers.
    await expect(page.getByRole('menuitem').first()).toBeFocused();
    await page.evaluate(() => new Promise((resolve) => setTimeout(() => setTimeout(resolve))));
    await page.getByRole('menuitem', { name: item }).press('Enter');
    await expect(grid).toBeFocused();
  };
  await expect(cell(grid, 1, 2)).toHaveText('number 1');
  await grid.focus();

  for (let step = 0; step < 3; step++) await page.keyboard.press('ArrowRight');
  await choose('Sort descending');
  await expect(grid.getByRole('columnheader', { name: /kind/ })).toHaveAttribute('aria-sort', 'descending');
  await expect(cell(grid, 1, 4)).toHaveText('two');
  await choose('Pin to the left edge');
  await expect(names().first()).toHaveText('kind');
  await page.keyboard.press('Home');
  await page.keyboard.press('ArrowRight');
  await choose('Then by this, descending');
  await expect(names().nth(1)).toContainText('number2');
  await expect(cell(grid, 1, 2)).toHaveText('2000');
  await page.keyboard.press('ArrowRight');
  await choose('Hide');
  await choose('Move right');
  await expect(names()).toContainText(['kind', 'number', 'person_id', 'half']);

  await page.keyboard.press('End');
  const [kind, header] = [cell(grid, 1, 1), grid.getByRole('columnheader', { name: /kind/ })];
  expect((await kind.boundingBox())?.x).toBe((await header.boundingBox())?.x);
  expect((await kind.boundingBox())?.x).toBe((await grid.boundingBox())?.x);

  await expect(page.getByRole('button', { name: 'Columns, 1 hidden' })).toBeVisible();
  const layouts = path.join(path.dirname(projects), 'phasewise', 'layouts');
  await expect.poll(() => readLayouts(layouts)).toContain('"hidden":["name"]'); // it is written once it rests
  await page.reload();
  await expect(names()).toContainText(['kind', 'number', 'person_id', 'half']);
  await page.getByRole('button', { name: 'Columns, 1 hidden' }).click();
  await page.getByRole('checkbox', { name: 'name' }).check();
  await expectAccessible(page, 'the columns of a table');
  await page.getByRole('button', { name: 'Reset all columns' }).click();
  await expect(names()).toContainText(['number', 'name', 'half', 'kind']);
}

async function filterRows({ page }: App, grid: Locator): Promise<void> {
  const box = page.getByRole('textbox', { name: 'Filter name' });
  await box.fill('number 19');
  await expect(filterChips(page)).toHaveText(['name contains number 19']);
  await expect(page.getByText('of 111 rows').first()).toBeVisible();
  await expect(box).toBeFocused();

  await page.getByRole('button', { name: 'Condition for number: is' }).click();
  await page.getByRole('menuitem', { name: 'is between' }).click();
  await page.getByRole('textbox', { name: 'Filter number' }).fill('1900 .. 1909');
  await page.keyboard.press('Enter');
  await expect(filterChips(page)).toHaveText(['name contains number 19', 'number is between 1900 and 1909']);
  await expect(page.getByText('1–10 of 10 rows').first()).toBeVisible();
  await expectAccessible(page, 'rows that are filtered');

  await page.getByRole('button', { name: 'Remove the filter: name contains number 19' }).click();
  await expect(box).toHaveValue('');
  await page.getByRole('textbox', { name: 'Filter number' }).press('Escape');
  await expect(grid).toBeFocused();
  await page.getByRole('button', { name: /^Remove the filter: number/ }).click();
}

/** A narrow window has one line for them. */
async function findTables({ page }: App, grid: Locator): Promise<void> {
  await expect(tables(page).getByRole('heading')).toHaveText(['Tables', 'Views']);
  await tables(page).getByRole('button', { name: 'Measure sizes on disk' }).click();
  await expect(tables(page).getByRole('button', { name: 'people 3 4.1 kB' })).toBeVisible();
  await page.getByRole('textbox', { name: 'Filter tables' }).press('ArrowDown');
  await expect(tables(page).getByRole('button', { name: /^numbers/ })).toBeFocused();
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByRole('grid', { name: 'people' })).toBeVisible();

  await page.setViewportSize({ width: 640, height: 400 }); // 1280 x 800 at 200 %
  await page.getByRole('combobox', { name: 'Table' }).selectOption('numbers');
  await expect(cell(grid, 1, 1)).toBeInViewport();
  await grid.focus();
  await page.keyboard.press('Control+End');
  expect(await activeCell(grid)).toMatchObject({ row: 2_000, column: 13 });
  await expect(cell(grid, 2_000, 13)).toBeInViewport({ ratio: 0.9 });
  await expectAccessible(page, 'the data browser at 200 %');
  await page.setViewportSize({ width: 1280, height: 800 });
}

async function seeWriting({ page }: App, grid: Locator): Promise<void> {
  await expect(page.getByText('of 2,000 rows').first()).toBeVisible();
  const [file = ''] = test.info().annotations.flatMap(({ description }) => description ?? []);
  writeSql(file, "DELETE FROM numbers WHERE number > 1990; UPDATE numbers SET name = 'changed' WHERE number = 1");
  await grid.focus();
  await page.keyboard.press('Control+End'); // asks for rows, and is told
  await expect(page.getByText('of 1,990 rows').first()).toBeVisible();
  await expect.poll(() => activeCell(grid)).toMatchObject({ row: 1_990 });
  await page.keyboard.press('Control+Home');
  await expect(cell(grid, 1, 2)).toHaveText('changed');
  writeSql(file, "DELETE FROM numbers WHERE number = 1; INSERT INTO numbers (number, name) VALUES (1, 'number 1')");
  const more = 'WITH RECURSIVE n (i) AS (SELECT 1991 UNION ALL SELECT i + 1 FROM n WHERE i < 2000)';
  writeSql(file, `INSERT INTO numbers (number, name, kind) ${more} SELECT i, 'number ' || i, CASE WHEN i % 3 = 2 THEN 'two' END FROM n`); // prettier-ignore
  await grid.press('Enter');
  const row = page.getByRole('complementary', { name: 'Row of numbers' });
  await expect(row).toContainText('number 1');
  writeSql(file, "UPDATE numbers SET name = 'the same row' WHERE number = 1");
  await page.keyboard.press('F5');
  await expect(page.getByText('of 2,000 rows').first()).toBeVisible();
  await expect(row).toContainText('the same row');
  await expect(row.getByRole('button', { name: 'Close the row' })).toBeFocused();
  await page.keyboard.press('Escape');
  writeSql(file, "UPDATE numbers SET name = 'number 1' WHERE number = 1");
  await page.keyboard.press('F5');
  await expect(cell(grid, 1, 2)).toHaveText('number 1');
}

async function stopLooking({ page }: App): Promise<void> {
  await tables(page)
    .getByRole('button', { name: /^endless/ })
    .click();
  await page.getByRole('button', { name: 'Stop looking' }).click();
  await expect(page.getByText('You stopped looking. Nothing was changed.')).toBeVisible();
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect(page.getByRole('grid', { name: 'endless' })).toBeFocused();
  await page.getByRole('button', { name: 'Stop looking' }).click();
  await expectAccessible(page, 'rows that nobody waits for');
}

const readLayouts = (folder: string): string =>
  existsSync(folder)
    ? readdirSync(folder)
        .map((name) => readFileSync(path.join(folder, name), 'utf8').replaceAll(/\s/g, ''))
        .join()
    : '';
