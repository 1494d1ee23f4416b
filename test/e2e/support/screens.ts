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

const home = '#/';
const overview = '#/db/k3/overview';
const phases = '#/db/k3/phases';
const plan = '#/db/k3/phases/upgrade-to-1';
const activity = '#/db/k3/activity';
const backups = '#/db/k3/backups';

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
  { name: 'overview-interrupted', scene: 'unfinished', route: overview, shows: /Your data is safe/ },
  { name: 'overview-read-only', scene: 'blocked', route: overview, shows: /The file is read-only/ },
  { name: 'overview-upgraded', scene: 'upgraded', route: overview, shows: /phase 1 is reached\. What/ },
  { name: 'phases', scene: 'legacy', route: phases, shows: /Upgrade to phase 1…/ },
  { name: 'phases-done', scene: 'upgraded', route: phases, shows: /10 migrations, all applied/ },
  { name: 'plan', scene: 'legacy', route: plan, shows: /Start upgrade/ },
  { name: 'plan-blocked', scene: 'blocked', route: plan, shows: /1 thing stops the upgrade/ },
  { name: 'run', scene: 'running', route: activity, shows: /12,840 of 19,835 rows/ },
  { name: 'run-paused', scene: 'paused', route: activity, shows: /Paused on the way to phase 1/ },
  { name: 'run-stop', scene: 'running', route: activity, shows: /Stop this upgrade\?/, act: click('Stop safely') },
  { name: 'result', scene: 'upgraded', route: activity, shows: /^Done\. All 20,129 rows/ },
  {
    name: 'result-issue-rows',
    scene: 'upgraded',
    route: activity,
    shows: /Showing 30 of 30/,
    act: click('List the rows'),
  },
  { name: 'result-failed', scene: 'failed', route: activity, shows: /E_WORKER_DIED/ },
  { name: 'backups', scene: 'upgraded', route: backups, shows: /3 backups/ },
  {
    name: 'restore',
    scene: 'upgraded',
    route: backups,
    shows: /What is replaced is backed up first/,
    act: typeConfirmation,
  },
  {
    name: 'shortcuts',
    scene: 'legacy',
    route: overview,
    shows: /Keyboard shortcuts/,
    act: (page) => page.keyboard.press('?'),
  },
];

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
