// What happens in the pictures of the user guide: one person, the sample database, one afternoon.
import type { Page } from 'playwright-core';
import type { Stage } from './docs-pictures.ts';

const button = (page: Page, name: string | RegExp) => page.getByRole('button', { name });
const heading = (page: Page, text: string | RegExp) => page.getByRole('heading', { level: 1, name: text }).waitFor();
const tab = (page: Page, name: string) => page.getByRole('link', { name }).click();

export async function takePictures(stage: Stage): Promise<void> {
  const { page, take } = stage;
  page.setDefaultTimeout(20_000);
  await heading(page, /Which database/);
  await page.getByText('drop it anywhere').waitFor(); // the host has answered
  await take('first-page');
  await button(page, /Try it with a sample database/).click();
  await heading(page, /legacy version/);
  await page.getByText('Last verified backup: none yet').waitFor();
  await take('overview');
  await tab(page, 'Phases');
  await button(page, 'Upgrade to phase 4…').waitFor();
  await take('phases');
  await button(page, 'Upgrade to phase 4…').click();
  await button(page, 'Start upgrade').waitFor();
  await take('plan');
  await upgrade(stage);
  await look(stage);
  await backups(stage);
  await interrupt(stage);
}

/** The header and the status bar say what the new look at the file found. */
async function settled(page: Page, variant: string): Promise<void> {
  await page.getByRole('banner').getByText(variant).waitFor();
  await page.getByText('looking…').waitFor({ state: 'hidden' });
}

/** The engine is held for the picture as soon as so many steps are applied and another one is under way. */
function holdAfter({ when, hold }: Stage, steps: number): Promise<void> {
  return new Promise((resolve) => {
    when(
      (message) =>
        message.includes('"state":"migrating"') &&
        message.includes('"state":"running"') && // of a step
        (message.match(/"state":"applied"/g) ?? []).length >= steps,
      () => {
        hold(true);
        resolve();
      },
    );
  });
}

async function upgrade(stage: Stage): Promise<void> {
  const { page, take, hold } = stage;
  const held = holdAfter(stage, 6);
  await button(page, 'Start upgrade').click();
  await held;
  await page.getByText('Backup verified').waitFor();
  await page.waitForTimeout(300);
  await take('running');
  hold(false);
  await heading(page, /^Done\./);
  await settled(page, 'upgraded to phase 4');
  await take('result');
  await button(page, 'Back to the overview').click();
  await button(page, 'Look at the issue rows').click();
  await heading(page, /noted with a reason/);
  await button(page, /^Details of/)
    .first()
    .click();
  await page.getByText(/^All [\d,]+$/).waitFor();
  await take('issue-rows');
}

/** What the window measured itself never came as a message that could be masked. */
const tookThree = (page: Page): Promise<void> =>
  page.getByText(/^\d+ ms$/).evaluateAll((spans) => spans.forEach((span) => (span.textContent = '3 ms')));

async function look({ page, take }: Stage): Promise<void> {
  await tab(page, 'Data');
  await page
    .getByRole('navigation', { name: 'Tables' })
    .getByRole('button', { name: /^run_candidates / })
    .click();
  const grid = page.getByRole('grid', { name: 'run_candidates' });
  const cell = grid.locator('[data-row="2"]').getByRole('gridcell').first();
  await cell.click();
  await page
    .getByText(/of \d+ rows/)
    .first()
    .waitFor();
  await page
    .getByText(/^[\d.]+ kB$/)
    .first()
    .waitFor(); // sizes come after counts
  await tookThree(page);
  await take('data');
  await page.keyboard.press('Enter');
  await page.getByRole('complementary', { name: 'Row of run_candidates' }).waitFor();
  await tookThree(page);
  await take('row');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Control+p');
  await page.locator('[role=combobox]:focus').pressSequentially('cand');
  await page.getByText('Find the row').waitFor();
  await tookThree(page);
  await take('palette');
  await page.keyboard.press('Escape');
}

async function backups({ page, take }: Stage): Promise<void> {
  await tab(page, 'Backups');
  await heading(page, '1 backup');
  await button(page, 'Restore…').click();
  await page.getByRole('textbox', { name: /To confirm/ }).fill('northern-lights.db');
  await take('restore');
  await button(page, 'Restore this backup').click();
  await heading(page, '2 backups');
  await page.getByRole('dialog').waitFor({ state: 'hidden' });
  await settled(page, 'legacy version');
  await take('backups');
}

async function interrupt(stage: Stage): Promise<void> {
  const { page, take, cutPower } = stage;
  await tab(page, 'Phases');
  await button(page, 'Upgrade to phase 4…').click();
  const held = holdAfter(stage, 6);
  await button(page, 'Start upgrade').click();
  await held;
  await cutPower();
  await button(page, /See what can be done/).waitFor();
  await take('interrupted-first-page');
  await button(page, /See what can be done/).click();
  await heading(page, /was interrupted/);
  await take('interrupted');
}
