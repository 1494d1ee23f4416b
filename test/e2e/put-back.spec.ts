import path from 'node:path';
import { expect, type Page, test } from '@playwright/test';
import { appError } from '@shared/errors.ts';
import { type FakeHost, startFakeHost } from './support/fake-host/server.ts';
import { look } from './support/look.ts';

/** Putting files back from the page that tells of an interruption: it stays in front until they are. */

const putBack = {
  id: 'put-back',
  title: 'Put the old files back',
  consequence: 'The file becomes what it was.',
};
const unanswered = 'The upgrade was interrupted. Your data is safe.';

let host: FakeHost;
test.beforeEach(async () => {
  host = await startFakeHost(path.resolve('.vite/renderer/main_window'), { name: 'interrupted' });
});
test.afterEach(() => host.close());

/** The page as it stands after the choice was confirmed; `answer` is what the host says to it. */
async function confirm(page: Page, answer: object): Promise<void> {
  await page.routeWebSocket(/channels/, (socket) => {
    const server = socket.connectToServer();
    const lists = new Set<number>();
    socket.onMessage((message) => {
      const { id, name } = JSON.parse(String(message)) as { id: number; name: string };
      if (name === 'recovery:get') lists.add(id);
      if (name === 'backup:putBack') socket.send(JSON.stringify({ id, result: answer }));
      else server.send(message);
    });
    server.onMessage((message) => {
      const told = JSON.parse(String(message)) as { id: number; result: { value: { choices: object[] } } };
      if (lists.has(told.id)) told.result.value.choices.push(putBack);
      socket.send(JSON.stringify(told));
    });
  });
  await page.goto(host.url);
  await page.getByRole('heading', { level: 1 }).waitFor();
  await page.evaluate(() => {
    location.hash = '#/db/k3/overview';
  });
  await page.getByRole('button', { name: /^Put the old files back/ }).click();
  await page.getByRole('textbox').fill('northern-lights.db');
  await page.getByRole('dialog').getByRole('button', { name: 'Put the old files back' }).click();
}

test('a refusal is told where it was asked for, then by what was interrupted, which is still in front', async ({
  page,
}) => {
  await confirm(page, { ok: false, error: appError('E_DB_BUSY', 'image-lab is writing to it.') });

  await expect(page.getByRole('dialog').getByText('E_DB_BUSY')).toBeVisible();
  await look(page, 'recovery-put-back-refused');
  await page.getByRole('button', { name: 'Keep the file as it is' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(unanswered);
  await expect(page.getByRole('dialog')).toBeHidden();
  await expect(page.getByText('E_DB_BUSY')).toBeVisible();
});

test('where other files were set aside since, the page of the backups is one step away, which shows those', async ({
  page,
}) => {
  await confirm(page, { ok: false, error: appError('E_STATE_CHANGED', 'By now a restore has set other files aside.') });

  await page.getByRole('dialog').getByRole('button', { name: 'See its backups' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/backups?$/);
  await expect(page.getByRole('button', { name: 'See what can be done' })).toBeVisible();
  await page.getByRole('button', { name: 'See what can be done' }).click();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(unanswered);
  await page.getByRole('button', { name: 'See its backups' }).click(); // beside the refusal, which is still told
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/backups?$/);
});

test('the page of the backups tells that they are back', async ({ page }) => {
  await confirm(page, { ok: true, value: {} });

  await expect(page.getByText('The old files are back as they were.', { exact: false })).toBeVisible();
  await expect(page.getByRole('heading', { level: 1 })).toHaveText(/backups?$/);
});
