import { mkdirSync, readdirSync, rmdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './support/app.ts';
import { look } from './support/look.ts';

test('that nobody knows whether anything was interrupted is told on every page, and moves nothing when it goes', async ({
  app,
}) => {
  const { page } = app;
  app.makeLegacy('lights.db', 400);
  await app.open('lights.db');
  await page.getByRole('button', { name: 'Back up now' }).click();
  await expect(page.getByText(/^Last verified backup: (just now|.* ago)$/)).toBeVisible();
  const runs = path.join(path.dirname(app.projects), 'phasewise', 'runs');
  const inTheWay = path.join(runs, readdirSync(runs)[0] ?? '', 'unreadable.jsonl');
  const told = page.getByText(/So whether anything was interrupted here is not known\.$/);

  for (const [tab, shown] of [
    ['Data', page.getByRole('region', { name: 'Rows' })],
    ['Backups', page.getByRole('main').getByRole('heading').first()],
  ] as const) {
    mkdirSync(inTheWay);
    await app.goTo('Overview');
    await page.reload();
    await app.goTo(tab);
    await expect(told).toBeVisible();
    await expect(shown).toBeVisible();
    await look(page, `real-40-unknown-${tab.toLowerCase()}`);
    const drawn = await page.getByRole('main').getByRole('button').last().elementHandle();

    rmdirSync(inTheWay);
    await page.getByRole('button', { name: 'Look again' }).click();
    await expect(told).toBeHidden();
    expect(await drawn?.evaluate((element) => element.isConnected)).toBe(true);
  }
});
