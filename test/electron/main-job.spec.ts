import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expectDone } from '../e2e/support/app.ts';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { expect, test } from './support/fixtures.ts';

test('a database is chosen in the dialog, upgraded and verified, all in its window', async ({ launchApp, folder }) => {
  const file = path.join(folder, 'lights.db');
  writeFixture(file, { build: (db) => buildScaled(db, { candidates: 200 }) });
  const app = await launchApp();
  const { page } = app;

  await app.answerDialog('open', { canceled: false, filePaths: [file] });
  await page.getByRole('button', { name: /^Open a database…/ }).click();
  await expect(page.getByText('Nothing has been changed by looking.')).toBeVisible();
  await page.getByRole('button', { name: 'Plan the upgrade' }).click();
  await page.getByRole('button', { name: 'Start upgrade' }).click();
  await expectDone(page);

  await expect(page.getByText('Backup verified')).toBeVisible();
  const saved = path.join(folder, 'for support.txt');
  const save = async (target: string): Promise<void> => {
    await app.answerDialog('save', { canceled: false, filePath: target });
    await page.getByRole('button', { name: 'Save report' }).click();
    await page.getByRole('menuitem', { name: 'As text, to read' }).click();
  };
  await save(saved);
  await expect(page.getByText('Report saved')).toBeVisible();
  expect(readFileSync(saved, 'utf8')).toContain('Phasewise report: lights.db');
  await save(saved);
  await expect(page.getByRole('alert').getByText('E_FILE_EXISTS')).toBeVisible();
  const [, asked] = await app.asked();
  expect(asked).toMatchObject({ kind: 'save', options: { title: 'Save report', buttonLabel: 'Save' } });
  await expect.poll(async () => (await app.outside()).blockers, 'the computer may sleep again').toEqual([]);
  expect(await app.windows()).toMatchObject([{ progress: -1 }]);
  await app.quit();
  expect(await app.exitCode).toBe(0);
});
