import type { Page } from '@playwright/test';
import type { Scene } from './fake-host/script.ts';

/** A screen of the window: what the scripted host shows, the page address, and the steps from there. */
export interface Screen {
  readonly name: string;
  readonly scene: Scene['name'];
  readonly route: string;
  /** Text that says the screen is there. */
  readonly shows: RegExp;
  readonly act?: (page: Page) => Promise<void>;
}

const click = (label: string | RegExp) => (page: Page) => page.getByRole('button', { name: label }).first().click();
const recent = (page: Page) =>
  page.getByRole('region', { name: 'Recent databases' }).getByRole('button', { name: /^northern/ });

const press = (key: string) => async (page: Page) => {
  await page.getByRole('gridcell', { name: /9007199254740993/ }).waitFor();
  await page.getByRole('grid').press(key);
};

const openSummary = (text: RegExp) => (page: Page) => page.locator('summary').filter({ hasText: text }).click();

const home = '#/';
const overview = '#/db/k3/overview';
const phases = '#/db/k3/phases';
const plan = '#/db/k3/phases/upgrade-to-4';
const removal = '#/db/k3/phases/upgrade-to-5';
const issues = '#/db/k3/overview/issue-rows';
const takeIn = '#/db/k3/overview/take-in';
const activity = '#/db/k3/activity';
const backups = '#/db/k3/backups';
const data = '#/db/k3/data';

/** Every screen and every dialog, also those that a real database shows only when something goes wrong. */
export const screens: readonly Screen[] = [
  { name: 'home', scene: 'legacy', route: home, shows: /Recent databases/ },
  { name: 'home-first-start', scene: 'empty', route: home, shows: /runs in your browser/ },
  { name: 'picker', scene: 'legacy', route: home, shows: /notes\.txt/, act: openFolder },
  {
    name: 'refused',
    scene: 'refused',
    route: home,
    shows: /The file is cut short/,
    act: (page) => recent(page).click(),
  },
  { name: 'overview', scene: 'legacy', route: overview, shows: /0 of 6 phases are done/ },
  {
    name: 'overview-table',
    scene: 'legacy',
    route: overview,
    shows: /was asset_kind/,
    act: click('Details of assets'),
  },
  { name: 'overview-evidence', scene: 'legacy', route: overview, shows: /read-only, in 41 ms/, act: openAll },
  { name: 'overview-interrupted', scene: 'unfinished', route: overview, shows: /An upgrade is not finished/ },
  { name: 'home-interrupted', scene: 'interrupted', route: home, shows: /See what can be done/ },
  { name: 'recovery', scene: 'interrupted', route: overview, shows: /The upgrade was interrupted/ },
  { name: 'recovery-unproven', scene: 'interrupted-unproven', route: phases, shows: /still needs its final check/ },
  { name: 'recovery-restore', scene: 'interrupted-restore', route: backups, shows: /The restore was interrupted/ },
  { name: 'recovery-damaged', scene: 'interrupted-damaged', route: overview, shows: /Go back to the backup/ },
  {
    name: 'recovery-go-back',
    scene: 'interrupted',
    route: overview,
    shows: /To confirm, type/,
    act: click(/^Go back to the backup/),
  },
  {
    name: 'recovery-put-off',
    scene: 'interrupted',
    route: overview,
    shows: /0 of 6 phases are done/,
    act: click('Look at the database first'),
  },
  { name: 'overview-read-only', scene: 'blocked', route: overview, shows: /The file is read-only/ },
  { name: 'overview-upgraded', scene: 'upgraded', route: overview, shows: /phase 4 is reached, and old and new/ },
  { name: 'phases', scene: 'legacy', route: phases, shows: /Upgrade to phase 4…/ },
  { name: 'phases-done', scene: 'upgraded', route: phases, shows: /10 migrations, all applied/ },
  { name: 'phases-complete', scene: 'cleaned', route: phases, shows: /3 migrations, all applied/ },
  { name: 'plan', scene: 'legacy', route: plan, shows: /Start upgrade/ },
  { name: 'plan-space', scene: 'legacy', route: plan, shows: /Together/, act: openSummary(/must be free/) },
  { name: 'plan-logs', scene: 'legacy', route: plan, shows: /Show 4 examples/, act: openSummary(/Show 4 examples/) },
  { name: 'plan-logs-none', scene: 'no-logs', route: plan, shows: /None were found around the database/ },
  {
    name: 'plan-logs-declined',
    scene: 'legacy',
    route: plan,
    shows: /You go on without them/,
    act: click('Go on without them'),
  },
  { name: 'picker-folder', scene: 'legacy', route: plan, shows: /Folder: exports/, act: openLogFolder },
  {
    name: 'plan-removal',
    scene: 'upgraded',
    route: removal,
    shows: /What is removed/,
    act: openSummary(/Show every name/),
  },
  { name: 'plan-removal-gated', scene: 'gated', route: removal, shows: /3 rows stand in the way/ },
  { name: 'plan-removal-confirm', scene: 'upgraded', route: removal, shows: /To confirm, type/, act: confirmRemoval },
  { name: 'plan-blocked', scene: 'blocked', route: plan, shows: /1 thing stops the upgrade/ },
  { name: 'run', scene: 'running', route: activity, shows: /12,840 of 19,835 rows/ },
  { name: 'run-paused', scene: 'paused', route: activity, shows: /Paused on the way to phase 4/ },
  { name: 'run-no-space', scene: 'no-space', route: activity, shows: /Needed to go on/ },
  { name: 'run-stop', scene: 'running', route: activity, shows: /Stop this upgrade\?/, act: click('Stop safely') },
  { name: 'result', scene: 'upgraded', route: activity, shows: /^Done\. All 20,129 rows/ },
  {
    name: 'result-issue-rows',
    scene: 'upgraded',
    route: activity,
    shows: /^All 25$/,
    act: click(/Details of run_job_candidates orphan/),
  },
  { name: 'issues', scene: 'upgraded', route: issues, shows: /30 rows are noted with a reason/ },
  { name: 'issues-many', scene: 'many', route: `${issues}-orphan-candidate`, shows: /500 of 4,812|of 4,812; scroll/ },
  { name: 'issues-retry', scene: 'upgraded', route: issues, shows: /Back up and try again/, act: click('Try again…') },
  { name: 'issues-tried', scene: 'upgraded', route: issues, shows: /2 of 27 rows are in place now/, act: retry },
  { name: 'issues-save', scene: 'upgraded', route: issues, shows: /As JSON, for/, act: click('Save as a file') },
  { name: 'issues-saved', scene: 'upgraded', route: issues, shows: /30 rows saved/, act: saveIssues },
  { name: 'take-in', scene: 'upgraded', route: takeIn, shows: /Choose a folder…/ },
  { name: 'take-in-too-early', scene: 'legacy', route: takeIn, shows: /Run logs can be taken in once phase 4/ },
  { name: 'picker-files', scene: 'upgraded', route: takeIn, shows: /2 files chosen/, act: chooseLogs },
  { name: 'take-in-looked', scene: 'upgraded', route: takeIn, shows: /run logs can be taken in/, act: lookAtLogs },
  { name: 'take-in-many', scene: 'many', route: takeIn, shows: /run logs can be taken in/, act: lookAtLogs },
  { name: 'take-in-taking', scene: 'taking', route: takeIn, shows: /Making and proving a backup/, act: takeLogs },
  { name: 'take-in-taken', scene: 'upgraded', route: takeIn, shows: /run logs were taken in/, act: takeLogs },
  { name: 'result-save', scene: 'upgraded', route: activity, shows: /As JSON, complete/, act: click('Save report') },
  { name: 'result-failed', scene: 'failed', route: activity, shows: /E_WORKER_DIED/ },
  { name: 'backups', scene: 'upgraded', route: backups, shows: /3 backups/ },
  { name: 'backups-trouble', scene: 'troubled-backups', route: backups, shows: /One backup is broken/ },
  { name: 'backups-working', scene: 'backing-up', route: backups, shows: /Safe to stop/, act: click('Back up now') },
  { name: 'backups-tidy', scene: 'troubled-backups', route: backups, shows: /would stay/, act: tidyUp },
  { name: 'backups-remove', scene: 'troubled-backups', route: backups, shows: /is deleted for good/, act: removeOne },
  {
    name: 'backups-put-back',
    scene: 'troubled-backups',
    route: backups,
    shows: /byte for byte, what/,
    act: click('Put them back…'),
  },
  {
    name: 'restore',
    scene: 'upgraded',
    route: backups,
    shows: /What is replaced is backed up first/,
    act: typeConfirmation,
  },
  {
    name: 'restore-of-another',
    scene: 'troubled-backups',
    route: backups,
    shows: /which is no longer there: this database under its former name/,
    act: async (page) => page.getByRole('button', { name: 'Restore…' }).last().click(),
  },
  { name: 'look-at-the-data', scene: 'stranger', route: overview, shows: /^run_jobs$/, act: click('Look at the data') },
  { name: 'data', scene: 'legacy', route: data, shows: /1–\d+ of 10,000,000 rows/ },
  { name: 'data-copy-outdated', scene: 'copied', route: data, shows: /These rows are old/ },
  { name: 'data-row', scene: 'legacy', route: data, shows: /runs →/, act: press('Enter') },
  { name: 'data-value', scene: 'legacy', route: data, shows: /^(Text|JSON), 28 bytes/, act: press('F2') },
  { name: 'data-filter', scene: 'legacy', route: data, shows: /Show these rows/, act: click('Filter') },
  { name: 'data-sort-question', scene: 'legacy', route: data, shows: /Sort 10,000,000 rows\?/, act: click('note') },
  { name: 'data-column', scene: 'legacy', route: data, shows: /Pin to the left edge/, act: press('Alt+ArrowDown') },
  { name: 'switcher', scene: 'legacy', route: overview, shows: /^Open…$/, act: openSwitcher },
  { name: 'palette', scene: 'legacy', route: overview, shows: /Enter goes there/, act: openPalette },
  {
    name: 'shortcuts',
    scene: 'legacy',
    route: overview,
    shows: /Keyboard shortcuts/,
    act: (page) => page.keyboard.press('?'),
  },
  {
    name: 'version',
    scene: 'newer',
    route: overview,
    shows: /cannot say whether there is a newer version/,
    act: async (page) => {
      await page.getByText('Phasewise 0.9.0 worked on it last').waitFor();
      await click('Version and updates…')(page);
    },
  },
];

async function openPalette(page: Page): Promise<void> {
  await page.keyboard.press('Control+p');
  await page.keyboard.type('assets');
}

async function tidyUp(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Tidy up…' }).click();
  await page.getByRole('button', { name: 'See what would go' }).click();
}

async function removeOne(page: Page): Promise<void> {
  await page.locator('summary').filter({ hasText: 'Show the evidence' }).first().click();
  await page.getByRole('button', { name: 'Delete this backup…' }).first().click();
}

async function openFolder(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Open a database…' }).click();
  await page.getByRole('option', { name: /exports/ }).click();
}

async function openAll(page: Page): Promise<void> {
  for (const summary of await page.locator('summary').all()) await summary.click();
  await page.getByText(/read-only, in 41 ms/).scrollIntoViewIfNeeded();
}

async function typeConfirmation(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Restore…' }).first().click();
  await page.getByRole('textbox').fill('northern-lights.db');
}

async function openLogFolder(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose another folder…' }).click();
  await page.getByRole('option', { name: /exports/ }).click();
}

async function confirmRemoval(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Remove the old names…' }).click();
  await page.getByRole('textbox').fill('northern-lights.db');
}

async function retry(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Try again…' }).click();
  await page.getByRole('button', { name: 'Back up and try again' }).click();
}

async function openSwitcher(page: Page): Promise<void> {
  await page.getByRole('button', { name: /^Switch database/ }).click();
}

async function saveIssues(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Save as a file' }).click();
  await page.getByRole('menuitem', { name: /As CSV/ }).click();
}

async function chooseLogs(page: Page): Promise<void> {
  await page.getByRole('button', { name: 'Choose files…' }).click();
  await page.getByRole('option', { name: /exports/ }).click();
  await page.getByRole('option', { name: /run-log-1\.json/ }).click();
  await page.getByRole('option', { name: /run-log-3\.json/ }).click();
}

async function lookAtLogs(page: Page): Promise<void> {
  await chooseLogs(page);
  await page.getByRole('button', { name: 'Look at these files' }).click();
}

async function takeLogs(page: Page): Promise<void> {
  await lookAtLogs(page);
  await page.getByRole('button', { name: /^Take in \d/ }).click();
}
