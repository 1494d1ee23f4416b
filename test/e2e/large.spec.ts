import { cpSync, rmSync } from 'node:fs';
import path from 'node:path';
import { writeFixture } from '../support/kroma/fixtures.ts';
import { buildScaled } from '../support/kroma/scaled.ts';
import { otherProgram } from '../support/other-program.ts';
import { expect, expectDone, startUpgrade, test } from './support/app.ts';
import { look } from './support/look.ts';

/** Of a file too large for a look to read whole, what is known is said: that nobody has read it, or who has. */

/** More than 32 MiB, which is what a look reads whole. */
function makeLarge(file: string): void {
  const scratch = `${file}.building`;
  writeFixture(scratch, { build: (db) => buildScaled(db, { candidates: 3_600, metaBytes: 10_000 }) });
  cpSync(scratch, file);
  rmSync(scratch);
}

test('what a proven upgrade has read of a large database is told, until another program has written to it', async ({
  app,
}) => {
  test.setTimeout(300_000);
  const { page } = app;
  const file = path.join(app.projects, 'large.db');
  makeLarge(file);
  await app.open('large.db');
  const isUnread = page.getByText(/^The content of the file has not been checked yet\./);
  const wasRead = page.getByText(
    /^The content of the file was not read by this look\. When the last upgrade was proven, all of it/,
  );
  await expect(isUnread).toBeVisible();
  await startUpgrade(app);
  await expectDone(page);

  await test.step('nothing from before the upgrade is shown as if it were so still', async () => {
    await app.goTo('Overview');
    const headline = page.getByRole('heading', { level: 1 }).or(page.getByText(/^Looking at what the run has left/));
    await expect(headline).toHaveText(/^(Looking at what|Kroma project database, upgraded to phase 4)/);
    await expect(wasRead).toBeVisible({ timeout: 30_000 });
    await look(page, 'real-50-large-proven');
  });

  const program = await otherProgram(file, `db.exec("UPDATE projects SET name = replace(name, 'S', 's')");`);
  await program.kill();
  await page.evaluate(() => window.dispatchEvent(new Event('focus'))); // somebody comes back to the window
  await expect(isUnread).toBeVisible({ timeout: 30_000 });
});
