import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { isRecoveryCopy } from '@shared/beside.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

const copiesIn = (file: string): string[] =>
  fs.existsSync(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)).filter(isRecoveryCopy) : [];

it('J02: database and journal are copied as they were found before an upgrade lets SQLite play the journal back', async () => {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  await other.kill();
  const found = ['', '-journal'].map((suffix) => fs.readFileSync(file + suffix));
  const events: EngineRunEvent[] = [];

  const report = await upgradeShop(file, { events });

  expect(report.ok).toBe(true);
  expect(isThere(`${file}-journal`)).toBe(false);
  expect(askOne(file, `SELECT count(*) FROM many WHERE text = 'half written'`)).toBe(0);
  const [copy = ''] = copiesIn(file);
  const kept = path.join(backupFolderOf(file), copy);
  expect(['', '-journal'].map((suffix) => fs.readFileSync(path.join(kept, `shop.db${suffix}`)))).toEqual(found);
  expect(events).toContainEqual({ type: 'recovery-copy', folder: fs.realpathSync(kept) });
});

it('nothing is copied without such a journal, and nothing stays while its writer is alive', async () => {
  const calm = makeShop(folder);
  await upgradeShop(calm);
  expect(copiesIn(calm)).toEqual([]);

  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  expect(await codeOfPromise(upgradeShop(file))).toMatch(/^E_DB_(BUSY|IN_USE)$/);
  expect(copiesIn(file)).toEqual([]);
  await other.kill();
});
