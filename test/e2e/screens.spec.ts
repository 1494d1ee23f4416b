import path from 'node:path';
import { expect, test } from '@playwright/test';
import { startFakeHost, type FakeHost } from './support/fake-host/server.ts';
import { look } from './support/look.ts';
import { screens } from './support/screens.ts';

test.use({ contextOptions: { reducedMotion: 'reduce' } }); // what fades in takes time, and shows nothing

/** Every screen with scripted content: readable in light and dark, at both sizes, and within the content security policy. */
for (const screen of screens) {
  test(`the screen ${screen.name} is accessible and fits`, async ({ page }) => {
    const host: FakeHost = await startFakeHost(path.resolve('.vite/renderer/main_window'), { name: screen.scene });
    const complaints: string[] = [];
    page.on('console', (message) => ['error', 'warning'].includes(message.type()) && complaints.push(message.text()));
    page.on('pageerror', (error) => complaints.push(error.message));

    await page.goto(host.url);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await page.evaluate((hash) => {
      location.hash = hash;
    }, screen.route);
    if (screen.act) await page.getByRole('main').getByRole('heading').first().waitFor();
    await screen.act?.(page);
    await expect(page.getByText(screen.shows).first()).toBeVisible();

    await look(page, screen.name);
    expect(complaints).toEqual([]);
    await host.close();
  });
}
