// Starts what was packaged: app.asar, unpacked as Electron would read it, under the stand-in for Electron.
import { mkdirSync } from 'node:fs';
import path from 'node:path';
import { extractAll } from '@electron/asar';
import { expect } from '@playwright/test';
import { launchStandIn } from '../../../test/electron-standin/launch.ts';
import { provideBrowser } from '../../browser.ts';

const PATIENCE_MS = 20_000;

/** The smallest whole job: build the sample database, see what it is, look at rows. @throws Error where it fails. */
export async function runPackaged(resources: string, folder: string): Promise<void> {
  const app = path.join(folder, 'app');
  extractAll(path.join(resources, 'app.asar'), app); // takes the addon from app.asar.unpacked
  mkdirSync(path.join(folder, 'electron'));
  process.env['CHROMIUM_PATH'] = await provideBrowser((line) => console.log(line));
  const running = await launchStandIn({
    main: path.join(app, '.vite/build/main.cjs'),
    env: { PHASEWISE_HOME: path.join(folder, 'home') },
    folder: path.join(folder, 'electron'),
  });
  try {
    const { page } = running;
    const soon = { timeout: PATIENCE_MS };
    await page.getByRole('button', { name: /Try it with a sample database/ }).click(soon);
    await expect(page.getByText('This is a sample: try everything.')).toBeVisible(soon);
    await page.getByRole('link', { name: 'Data', exact: true }).click(soon);
    await expect(page.getByRole('searchbox').or(page.getByRole('textbox')).first()).toBeVisible(soon);
  } catch (cause) {
    throw new Error(`The packaged app did not do its smallest job.\n${running.output()}`, { cause });
  } finally {
    await running.kill();
  }
}
