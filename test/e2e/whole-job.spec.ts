import { chmodSync, cpSync, existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, expectDone, test } from './support/app.ts';
import { look } from './support/look.ts';

/** A real database with its run logs, from first look to the removal of the old names. */
const shared = path.resolve('../shared/data/kroma');
const LOGS = 'generated/projects';

test('a database with run logs goes all the way, and nothing is lost on it', async ({ app }) => {
  test.skip(!existsSync(shared), 'the shared databases are not here');
  test.setTimeout(300_000);
  const { page, projects } = app;
  const heading = page.getByRole('heading', { level: 1 });
  const file = path.join(projects, 'legacy-small.db');
  cpSync(path.join(shared, 'legacy-small.db'), file);
  cpSync(path.join(shared, 'run-logs', LOGS), path.join(projects, LOGS), { recursive: true });
  chmodSync(file, 0o600);
  await app.open('legacy-small.db');

  await test.step('too early to take run logs in, and it says when', async () => {
    await expect(page.getByText('Run logs can be taken in once phase 4 is reached')).toBeVisible();
    await expect(page.getByRole('button', { name: 'Take in run logs…' })).toBeDisabled();
  });

  await test.step('the plan asks where the run logs are, with an answer already', async () => {
    await page.getByRole('button', { name: 'Plan the upgrade' }).click();
    const logs = page.getByRole('region', { name: 'Run logs' });
    await expect(logs.getByText('Found by looking around the database')).toBeVisible();
    await expect(logs.getByText(/^3[34] found$/)).toBeVisible();
    await expect(logs.getByText('1 cannot be read')).toBeVisible();
    await look(page, 'real-30-plan-logs');
    await logs.getByRole('button', { name: 'Go on without them' }).click();
    await expect(logs.getByText('You go on without them')).toBeVisible();
    await logs.getByRole('button', { name: 'Choose a folder…' }).click();
    await app.pickFolder();
    await expect(logs.getByText('Chosen by you')).toBeVisible();
    await expect(logs.getByText(/^3[34] found$/)).toBeVisible();
    await page.getByRole('button', { name: 'Start upgrade' }).click();
    await expectDone(page);
    await look(page, 'real-31-result-4');
  });

  await test.step('its issue rows say what is wrong with each, and can be saved', async () => {
    await page.getByRole('button', { name: 'Back to the overview' }).click();
    await page.getByRole('button', { name: 'Look at the issue rows' }).click();
    await expect(heading).toHaveText(/^[\d,]+ rows are noted with a reason$/);
    await page
      .getByRole('table', { name: 'Issue rows by reason' })
      .getByRole('button', { name: /^Details of/ })
      .first()
      .click();
    await expect(page.getByText(/^All [\d,]+$/)).toBeVisible();
    await look(page, 'real-32-issues');
    await page.getByRole('button', { name: 'Save as a file' }).click();
    await page.getByRole('menuitem', { name: /As CSV/ }).click();
    await expect(page.getByText(/^[\d,]+ rows saved, each with the whole row/)).toBeVisible();
    const saved = readdirSync(projects).find((name) => name.endsWith('.csv')) ?? '';
    const lines = readFileSync(path.join(projects, saved), 'utf8');
    expect(lines.split('\n').length).toBeGreaterThan(2);
  });

  await test.step('trying them again makes a backup and says what it achieved', async () => {
    await page.getByRole('button', { name: 'Try again…' }).click();
    await page.getByRole('button', { name: 'Back up and try again' }).click();
    await expect(page.getByText(/could be placed|in place now|could be tried again/)).toBeVisible({ timeout: 60_000 });
    await look(page, 'real-33-tried');
    await page.getByRole('button', { name: 'Back to the overview' }).click();
  });

  await test.step('run logs are looked at first, then taken in', async () => {
    await page.getByRole('button', { name: 'Take in run logs…' }).click();
    await page.getByRole('button', { name: 'Choose a folder…' }).click();
    await app.pickFolder('generated', 'projects');
    await expect(heading).toHaveText(/^\d+ run logs? can be taken in$/, { timeout: 60_000 });
    await look(page, 'real-34-take-in');
    await page.getByRole('button', { name: /^Take in \d+ run log/ }).click();
    await expect(heading).toHaveText(/^Done\. \d+ run logs? (was|were) taken in\.$/, { timeout: 60_000 });
    await expect(page.getByText('Backup verified')).toBeVisible();
    await look(page, 'real-35-taken');
    await page.getByRole('button', { name: 'Back to the overview' }).click();
  });

  await test.step('the same logs again add nothing', async () => {
    await page.getByRole('button', { name: 'Take in run logs…' }).click();
    await page.getByRole('button', { name: 'Choose a folder…' }).click();
    await page.getByRole('button', { name: 'Use this folder' }).click(); // where it was last
    await expect(heading).toHaveText('There is nothing to take in', { timeout: 60_000 });
    await app.goTo('Overview');
  });

  await test.step('the old names go only after the name of the file was typed', async () => {
    await app.goTo('Phases');
    await page.getByRole('button', { name: 'Clean up the old names…' }).click();
    await expect(page.getByText('What is removed')).toBeVisible();
    await look(page, 'real-36-removal');
    await expect(page.getByText('To be put right first')).toBeHidden();
    await page.getByRole('button', { name: 'Remove the old names…' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('button', { name: 'Remove the old names' })).toBeDisabled();
    await dialog.getByRole('textbox').fill('legacy-small.db');
    await dialog.getByRole('button', { name: 'Remove the old names' }).click();
    await expectDone(page);
    await expect(page.getByText(/Programs that know only the old ones can no longer open it/)).toBeVisible();
    await look(page, 'real-37-result-5');
    await page.getByRole('button', { name: 'Back to the overview' }).click();
    await expect(page.getByText(/only the new names are left/)).toBeVisible();
    await look(page, 'real-38-complete');
  });
});
