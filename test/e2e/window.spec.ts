import path from 'node:path';
import { expect, test, type Page } from '@playwright/test';
import { appError } from '@shared/errors.ts';
import { startFakeHost } from './support/fake-host/server.ts';
import type { Scene } from './support/fake-host/script.ts';

/** How the window behaves where the real host would need long preparation: many rows, refusals, the keyboard alone. */
async function show(page: Page, scene: Scene['name'], route: string) {
  const host = await startFakeHost(path.resolve('.vite/renderer/main_window'), { name: scene });
  await page.goto(host.url);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate((hash) => {
    location.hash = hash;
  }, `#/db/k3/${route}`);
  await page.getByRole('main').getByRole('heading').first().waitFor();
  return host;
}

interface Call {
  readonly name: string;
  readonly input: Readonly<Record<string, unknown>>;
}
type Result = { readonly ok: true; readonly value: never } | { readonly ok: false; readonly error: object };
/** By the name of the call; undefined = as the scene answers. */
type Answers = Readonly<Record<string, (value: never, input: Call['input']) => Result | undefined>>;

/** Answers that differ from those of the scene. @returns tells the window of an event. */
async function withAnswers(page: Page, answers: Answers): Promise<(event: string, payload: object) => void> {
  let tell = (_event: string, _payload: object): void => {};
  await page.routeWebSocket(/channels/, (socket) => {
    const server = socket.connectToServer();
    const asked = new Map<number, Call>();
    socket.onMessage((message) => {
      const { id, name, input } = JSON.parse(String(message)) as Call & { id: number };
      asked.set(id, { name, input });
      server.send(message);
    });
    server.onMessage((message) => {
      const { id, result } = JSON.parse(String(message)) as { id: number; result: { value: never } };
      const { name, input } = asked.get(id) ?? { name: '', input: {} };
      const changed = answers[name]?.(result.value, input);
      socket.send(changed ? JSON.stringify({ id, result: changed }) : message);
    });
    tell = (event, payload) => socket.send(JSON.stringify({ event, payload }));
  });
  return (event, payload) => tell(event, payload);
}
const ok = (value: object): Result => ({ ok: true, value: value as never });
const refused = (error: object): Result => ({ ok: false, error });

test('the question for the run logs has an answer already, and any other can be given', async ({ page }) => {
  const host = await show(page, 'legacy', 'phases/upgrade-to-4');
  const logs = page.getByRole('region', { name: 'Run logs' });
  const start = page.getByRole('button', { name: 'Start upgrade' });
  await expect(logs.getByText('Found by looking around the database')).toBeVisible();
  await expect(logs.getByText('37 found')).toBeVisible();
  await expect(start).toBeEnabled();

  await logs.getByRole('button', { name: 'Go on without them' }).click();
  await expect(logs.getByText('You go on without them')).toBeVisible();
  await expect(start).toBeEnabled();

  await logs.getByRole('button', { name: 'Choose a folder…' }).click();
  const picker = page.getByRole('dialog', { name: 'Run logs: choose their folder' });
  await expect(picker.getByRole('button', { name: 'Use this folder' })).toBeDisabled();
  await picker.getByRole('option', { name: /exports/ }).click();
  await picker.getByRole('button', { name: 'Use this folder' }).click();
  await expect(logs.getByText('Chosen by you')).toBeVisible();
  await expect(logs.getByText('40 found')).toBeVisible();
  await expect(start).toBeEnabled();
  await host.close();
});

test('removing the old names asks for the name of the file, and keeping them is the default', async ({ page }) => {
  const host = await show(page, 'upgraded', 'phases');
  await page.getByRole('button', { name: 'Clean up the old names…' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('Clean up the old names: phase 5');
  await page.getByRole('button', { name: 'Remove the old names…' }).click();

  const dialog = page.getByRole('dialog', { name: 'Remove the old names from northern-lights.db?' });
  const remove = dialog.getByRole('button', { name: 'Remove the old names' });
  await expect(dialog.getByRole('button', { name: 'Keep the old names' })).toBeFocused();
  await expect(remove).toBeDisabled();
  await dialog.getByRole('textbox').fill('northern-light.db');
  await page.keyboard.press('Enter');
  await expect(remove).toBeDisabled();
  await page.keyboard.press('Escape');
  await expect(dialog).toBeHidden();

  await page.getByRole('button', { name: 'Remove the old names…' }).click();
  await dialog.getByRole('textbox').fill('northern-lights.db');
  await remove.click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Upgrading to phase/);
  await host.close();
});

test('rows in the way lead to the issue rows, and nothing can be started before', async ({ page }) => {
  const host = await show(page, 'gated', 'phases/upgrade-to-5');
  await expect(page.getByText('3 rows stand in the way')).toBeVisible();
  await expect(page.getByRole('button', { name: 'Remove the old names…' })).toBeHidden();
  await page.getByRole('button', { name: /^Look at them: Another candidate/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('30 rows are noted with a reason');
  await expect(page.getByText('job job_77 already has candidate 3 (cand_0a2)')).toBeVisible();
  await page.keyboard.press('Escape');
  await expect(page.getByRole('button', { name: 'Look at the issue rows' })).toBeVisible();
  await host.close();
});

test('thousands of files and issue rows scroll, and only what is visible is drawn', async ({ page }) => {
  const host = await show(page, 'many', 'overview/take-in');
  await test.step('run logs, chosen with the keyboard alone', async () => {
    await tabTo(page, 'Choose files…');
    await page.keyboard.press('Enter');
    await expect(page.getByRole('textbox', { name: 'Filter by name' })).toBeFocused();
    await expect(page.getByRole('option').first()).toBeVisible();
    await page.keyboard.press('ArrowDown');
    await expect(page.getByRole('listbox')).toBeFocused();
    await page.keyboard.press('Enter'); // into the folder
    await expect(page.getByRole('option', { name: /run-log-1\.json/ })).toBeVisible();
    await page.getByRole('listbox').press('End');
    await page.keyboard.press('ArrowUp');
    await page.keyboard.press('Space');
    await expect(page.getByText('1 file chosen')).toBeVisible();
    await tabTo(page, 'Look at these files');
    await page.keyboard.press('Enter');
  });
  await expectScrolls(page, 'Files', 4_000);

  await page.evaluate(() => {
    location.hash = '#/db/k3/overview/issue-rows-orphan-candidate';
  });
  await test.step('issue rows arrive while scrolling', async () => {
    const box = page.getByRole('region', { name: /^Rows: The job or the run/ });
    await expect(page.getByText('500 of 4,812; scroll for more')).toBeVisible();
    await expect(async () => {
      await box.evaluate((element) => element.scrollTo(0, element.scrollHeight));
      await expect(page.getByText(/^All 4,812$/)).toBeVisible({ timeout: 100 });
    }).toPass({ intervals: [100] });
    expect(await box.getByRole('row').count()).toBeLessThan(80);
  });
  await host.close();
});

/** The last row is reached with the End key, and most of the others are not drawn. */
async function expectScrolls(page: Page, table: string, rows: number): Promise<void> {
  const box = page.getByRole('region', { name: `${table}, scrolls` });
  await expect(box.getByRole('row').nth(3)).toBeVisible();
  expect(await box.getByRole('row').count()).toBeLessThan(80);
  await box.focus();
  await expect(async () => {
    await page.keyboard.press('End');
    await expect(box.locator(`[aria-rowindex="${rows + 1}"]`)).toBeInViewport({ timeout: 200 });
  }).toPass({ intervals: [100] });
}

/** Presses Tab until the button has the focus; a person would give up after 60. */
async function tabTo(page: Page, name: string): Promise<void> {
  const button = page.getByRole('button', { name });
  for (let presses = 0; presses < 60; presses += 1) {
    if (await button.evaluate((element) => element === document.activeElement)) return;
    await page.keyboard.press('Tab');
  }
  throw new Error(`Tab does not reach “${name}”`);
}

test('what taking in and trying again achieved is said with the backup that was made', async ({ page }) => {
  const host = await show(page, 'upgraded', 'overview');
  await page.getByRole('button', { name: 'Take in run logs…' }).click();
  await page.getByRole('button', { name: 'Choose a folder…' }).click();
  await page.getByRole('option', { name: /exports/ }).click();
  await page.getByRole('button', { name: 'Use this folder' }).click();
  await expect(page.getByText('Nothing has been changed yet; a backup is made and proved first.')).toBeVisible();
  await page.getByRole('button', { name: /^Take in \d+ run logs$/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Done\. \d+ run logs were taken in\.$/);
  await expect(page.getByText('Backup verified')).toBeVisible();

  await page.getByRole('button', { name: 'Back to the overview' }).click();
  await page.getByRole('button', { name: 'Look at the issue rows' }).click();
  await page.getByRole('button', { name: 'Try again…' }).click();
  await expect(page.getByRole('dialog').getByText('A backup is made and proved first.')).toBeVisible();
  await page.getByRole('button', { name: 'Back up and try again' }).click();
  await expect(page.getByText(/^2 of 27 rows are in place now/)).toBeVisible();
  await expect(page.getByText('Backup verified')).toBeVisible();
  await host.close();
});

test('what was tried with run logs and what was taken in is there again for who comes back to it', async ({ page }) => {
  const host = await show(page, 'upgraded', 'overview/take-in');
  const leaveAndReturn = async (title: RegExp): Promise<void> => {
    await page.getByRole('link', { name: 'Phases' }).click();
    await expect(page.getByRole('heading', { level: 1 })).not.toHaveText(title);
    await page.goBack();
    await expect(page.getByRole('heading', { level: 1 })).toHaveText(title);
  };
  const tryOut = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Choose a folder…' }).click();
    await page.getByRole('option', { name: /exports/ }).click();
    await page.getByRole('button', { name: 'Use this folder' }).click();
    await expect(page.getByText('Nothing has been changed yet; a backup is made and proved first.')).toBeVisible();
  };
  await tryOut();
  await leaveAndReturn(/can be taken in$/);
  await page.getByRole('button', { name: /^Take in \d+ run logs$/ }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/^Done\./);
  await leaveAndReturn(/^Done\./);
  await host.close();
});

test('of many backups more are shown on request, and the focus goes to the first of them', async ({ page }) => {
  const host = await show(page, 'many', 'backups');
  const items = page
    .getByRole('list', { name: 'Backups, newest first' })
    .getByRole('listitem', { name: /^Backup of / });
  await expect(items).toHaveCount(30);
  await page.getByRole('button', { name: /^Show more/ }).focus();
  await page.keyboard.press('Enter');
  await expect(items).toHaveCount(60);
  await expect(items.nth(30)).toBeFocused();
  await page.getByText('Show the evidence').first().click();
  await page.getByRole('button', { name: 'Delete this backup…' }).click();
  await expect(page.getByRole('dialog', { name: 'Delete this backup?' })).toBeVisible();
  await host.close();
});

test('why a restore failed is told by its page where its dialog was left, and never twice', async ({ page }) => {
  let refuse = (): void => {};
  await page.routeWebSocket(/channels/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => {
      const { id, name } = JSON.parse(String(message)) as { id: number; name: string };
      const result = { ok: false, error: appError('E_DB_BUSY', 'image-lab is writing to it.') };
      if (name === 'backup:restore') refuse = () => socket.send(JSON.stringify({ id, result }));
      else server.send(message);
    });
  });
  const host = await show(page, 'upgraded', 'backups');
  const told = page.getByText('E_DB_BUSY');
  const restore = async (): Promise<void> => {
    await page.getByRole('button', { name: 'Restore…' }).first().click();
    await page.getByRole('textbox').fill('northern-lights.db');
    await page.getByRole('button', { name: 'Restore this backup' }).click();
    await expect(page.getByRole('button', { name: 'Restoring…' })).toBeVisible();
  };
  await test.step('it is left while the restore is under way', async () => {
    await restore();
    await page.evaluate(() => {
      location.hash = '#/db/k3/phases';
    });
    await expect(page.getByRole('dialog')).toBeHidden();
    refuse();
    await page.goBack();
    await expect(told).toHaveCount(1);
  });
  await test.step('in front of its page the dialog tells it', async () => {
    await restore();
    refuse();
    await expect(page.getByRole('dialog').getByText('E_DB_BUSY')).toBeVisible();
    await expect(told).toHaveCount(1);
    await page.getByRole('button', { name: 'Keep the file as it is' }).click();
    await expect(page.getByRole('dialog')).toBeHidden();
    await expect(told).toHaveCount(0);
  });
  await host.close();
});

test('what is deleted among the backups leaves the focus on their page', async ({ page }) => {
  type List = { readonly backups: readonly { readonly id: string; readonly path: string }[] };
  const gone = new Set<string>();
  let last: List = { backups: [] };
  await withAnswers(page, {
    'backup:list': (list: List) => ok((last = { ...list, backups: list.backups.filter(({ id }) => !gone.has(id)) })),
    'backup:remove': (_, { backupId }) => void gone.add(String(backupId)),
    'backup:tidy': (_, { isTrial }) => {
      const [first, ...kept] = last.backups;
      if (isTrial === false) gone.add(first?.id ?? '');
      return ok({ removed: [first], kept: kept.map((backup) => ({ backup, why: '' })), freedBytes: 1 });
    },
  });
  const host = await show(page, 'upgraded', 'backups/northern-lights.20261118T0911.by-hand');
  const items = page
    .getByRole('list', { name: 'Backups, newest first' })
    .getByRole('listitem', { name: /^Backup of / });
  const confirm = async (name: string): Promise<void> => {
    await page.getByRole('textbox').fill('northern-lights.db');
    await page.getByRole('dialog').getByRole('button', { name }).click();
  };
  await expect(items.nth(1)).toBeFocused();

  await items.first().getByText('Show the evidence').click();
  await items.first().getByRole('button', { name: 'Delete this backup…' }).click();
  await confirm('Delete this backup');
  await expect(items).toHaveCount(2);
  await expect(items.first()).toBeFocused(); // it had been asked for

  await page.getByRole('button', { name: 'Tidy up…' }).click();
  await page.getByRole('button', { name: 'See what would go' }).click();
  await confirm('Delete 1 backup');
  await expect(items).toHaveCount(1);
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(page.getByRole('button', { name: 'Tidy up…' })).toBeHidden();
  await expect(page.getByRole('main').locator(':focus')).toContainText('1 backup deleted.');
  await host.close();
});

test('trying again with issue rows leaves the focus where the answer is', async ({ page }) => {
  let isRefused = true;
  let isPlaced = false;
  const tell = await withAnswers(page, {
    'issues:list': () => (isRefused ? refused(appError('E_DB_BUSY', 'image-lab is writing to it.')) : undefined),
    'issues:retry': (retried: object) => {
      isPlaced = true;
      return ok({ ...retried, tried: 30, cleared: 30, left: 0, kept: 0 });
    },
    'database:status': (status: object) => (isPlaced ? ok({ ...status, issues: [] }) : undefined),
  });
  const host = await show(page, 'upgraded', 'overview/issue-rows-orphan-candidate');
  const focused = page.getByRole('main').locator(':focus');
  await expect(page.getByText('E_DB_BUSY')).toBeVisible();

  isRefused = false;
  await page.getByRole('button', { name: 'Try again', exact: true }).press('Enter');
  await expect(page.getByText('E_DB_BUSY')).toBeHidden();
  await expect(focused).toContainText('names job job_0, which does not exist');

  await page.getByRole('button', { name: 'Try again…' }).press('Enter');
  await page.getByRole('button', { name: 'Back up and try again' }).press('Enter');
  await expect(page.getByText(/^Done\. All 30 rows are in place now/)).toBeVisible();
  tell('database:changed', { handle: 'k3' });
  await expect(page.getByRole('heading', { level: 1 })).toHaveText('No issue rows');
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(focused).toContainText('Done. All 30 rows are in place now');
  await host.close();
});

test('a row that is clicked opens beside the others, also where the focus was in the one that was open', async ({
  page,
}) => {
  await withAnswers(page, {
    'browse:record': (record: { cells: object[] }, { key }) =>
      ok({ ...record, key, cells: [{ type: 'text', value: key, length: 9 }, ...record.cells.slice(1)] }),
  });
  const host = await show(page, 'legacy', 'data/run_jobs');
  const row = page.getByRole('complementary', { name: 'Row of run_jobs' });
  const cell = (rowIndex: number) =>
    page.getByRole('grid').locator(`[aria-rowindex="${rowIndex}"] [aria-colindex="2"]`);
  await cell(3).dblclick();
  await expect(row).toContainText('[["i","0"]]');
  await expect(row.getByRole('button', { name: 'Close the row' })).toBeFocused();
  await cell(6).click();
  await expect(row).toContainText('[["i","3"]]');
  await host.close();
});

test('F5 shows what a value is by now, also where it stands open in front of its row', async ({ page }) => {
  let value = '{"phase": 4}';
  await withAnswers(page, {
    'browse:cell': (cell: object) => {
      const hex = Buffer.from(value).toString('hex');
      return ok({ ...cell, value: hex, length: value.length, totalLength: value.length });
    },
  });
  const host = await show(page, 'legacy', 'data/run_jobs');
  await page.getByRole('grid').locator('[aria-rowindex="3"] [aria-colindex="2"]').click();
  await page.keyboard.press('F2');
  const dialog = page.getByRole('dialog', { name: /one value of run_jobs/ });
  await expect(dialog.getByRole('treeitem', { name: '"phase": 4' })).toBeVisible();

  value = '{"phase": 5}';
  await page.keyboard.press('F5');
  await expect(dialog.getByRole('treeitem', { name: '"phase": 5' })).toBeVisible();
  await expect(dialog.getByRole('tab', { name: 'JSON' })).toBeFocused();
  await dialog.getByRole('tab', { name: 'Text' }).click();
  await expect(dialog.getByText(value)).toBeVisible();

  value = 'plain';
  await page.keyboard.press('F5');
  await expect(dialog.getByText('plain')).toBeVisible();
  await host.close();
});

test('a part whose code cannot be fetched is said in words, and loading the window again brings it', async ({
  page,
}) => {
  const backups = '**/assets/backups-panel-*.js';
  await page.route(backups, (route) => route.abort());
  const host = await show(page, 'legacy', 'backups');
  const notice = page.getByRole('main');
  await expect(notice.getByText(/A part of Phasewise could not be loaded/)).toBeVisible();
  await expect(notice.getByText(/A run that was under way goes on by itself/)).toBeVisible();

  await page.getByRole('link', { name: 'Overview' }).click();
  await expect(notice.getByText(/could not be loaded/)).toBeHidden(); // the other pages are there
  await page.goBack();
  await page.unroute(backups);
  await page.getByRole('button', { name: 'Reload the window' }).click();
  await expect(page.getByRole('heading', { level: 1, name: '2 backups' })).toBeVisible();
  await host.close();
});

test('while nothing happens, every part is fetched, so that no click waits for one', async ({ page }) => {
  const host = await startFakeHost(path.resolve('.vite/renderer/main_window'), { name: 'legacy' });
  const fetched = ['data-panel', 'plan-panel', 'palette-dialog'].map((part) =>
    page.waitForResponse((response) => response.url().includes(`/assets/${part}-`) && response.url().endsWith('.js')),
  );
  await page.goto(host.url);
  expect((await Promise.all(fetched)).map((response) => response.status())).toEqual([200, 200, 200]);
  await host.close();
});

/** Ctrl+P, whose code comes only when it is delivered. */
async function askForPalette(page: Page) {
  const host = await startFakeHost(path.resolve('.vite/renderer/main_window'), { name: 'legacy' });
  let deliver = (): void => {};
  const isAsked = new Promise<void>((resolve) => (deliver = resolve));
  await page.route('**/assets/palette-dialog-*.js', (route) => isAsked.then(() => route.continue()));
  await page.goto(host.url);
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await page.keyboard.press('Control+p');
  return { host, deliver: () => deliver() };
}

test('what is typed right after Ctrl+P is in the palette, however long its code takes', async ({ page }) => {
  const { host, deliver } = await askForPalette(page);
  await page.keyboard.type('appear');
  deliver();
  const field = page.getByRole('combobox', { name: /^Go to a table/ });
  await expect(field).toBeFocused();
  await page.keyboard.type('ance');
  await expect(field).toHaveValue('appearance');
  await host.close();
});

test('Enter after that chooses what the palette finds, as soon as it is there', async ({ page }) => {
  const { host, deliver } = await askForPalette(page);
  await page.keyboard.type('dark');
  await page.keyboard.press('Enter');
  deliver();
  await expect(page.locator('html')).toHaveAttribute('data-mantine-color-scheme', 'dark');
  await expect(page.getByRole('combobox', { name: /^Go to a table/ })).toBeHidden();
  await host.close();
});

test('nothing runs out of a small window, nor out of a dialog that names a file of 78 letters', async ({ page }) => {
  const name = 'kroma_project_northern_lights_backup_2026_11_21_before_the_upgrade_final_v2.db';
  await page.routeWebSocket(/channels/, (socket) => {
    const server = socket.connectToServer();
    server.onMessage((message) => socket.send(String(message).replaceAll('northern-lights.db', name)));
  });
  const host = await show(page, 'upgraded', 'backups');
  const title = page.getByRole('main').getByRole('heading', { level: 1 });
  const sizes = [
    { width: 1000, height: 700 },
    { width: 820, height: 560 }, // the smallest that a window can be
  ];
  for (const route of ['overview', 'overview/issue-rows', 'phases/upgrade-to-5', 'data', 'activity', 'backups']) {
    const last = await title.innerText();
    await page.evaluate((hash) => (location.hash = hash), `#/db/k3/${route}`);
    await expect(title).not.toHaveText(last);
    for (const size of sizes) {
      await page.setViewportSize(size);
      await page.waitForFunction((width) => innerWidth === width, size.width);
      const excess = await page.evaluate(() =>
        [document.documentElement, ...document.querySelectorAll('main, main section > div')]
          .map((box) => box.scrollWidth - box.clientWidth)
          .filter((pixels) => pixels > 0),
      );
      expect(excess, `${route}, ${size.width} px wide: pixels that stick out`).toEqual([]);
    }
  }

  await page.getByRole('button', { name: 'Restore…' }).first().click();
  const dialog = page.getByRole('dialog', { name: `Restore ${name}?` });
  await expect(dialog.getByRole('button')).toHaveText(['', 'Restore this backup', 'Keep the file as it is']);
  for (const size of sizes) {
    await page.setViewportSize(size);
    await expect(async () => {
      expect(await dialog.evaluate((box) => box.scrollWidth - box.clientWidth)).toBe(0);
      const outer = await dialog.boundingBox();
      for (const button of await dialog.getByRole('button').all()) {
        const inner = await button.boundingBox();
        const right = (box: typeof inner): number => (box ? box.x + box.width : Number.NaN);
        expect(right(inner)).toBeLessThanOrEqual(right(outer));
      }
    }).toPass({ timeout: 3_000 });
  }
  await host.close();
});
