import fs from 'node:fs';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A schema in which an index cannot descend: https://www.sqlite.org/fileformat2.html#schema_format_number */

const folder = temporaryFolder();

function withFormat(file: string, format: number): string {
  const bytes = fs.readFileSync(file);
  bytes.writeUInt32BE(format, 44);
  fs.writeFileSync(file, bytes);
  return file;
}

const findingOf = async (file: string) => {
  const plan = await makePlan({ path: file, toPhase: 1, backupFolder: backupFolderOf(file) }, [shopPack()]);
  return plan.preflight.find(({ id }) => id === 'format');
};

it.each([1, 2, 3])('format %i is refused before anything begins, with what helps', async (format) => {
  const file = withFormat(makeShop(folder), format);

  const found = await findingOf(file);

  expect(found).toMatchObject({
    state: 'blocking',
    error: { code: 'E_OLD_FORMAT', details: { schemaFormat: format } },
  });
  expect(found?.error?.nextStep).toContain('VACUUM');
  new Database(file).exec('VACUUM').close();
  expect(await findingOf(file)).toBeUndefined();
});

it('nothing is said of it where it does not matter', async () => {
  const file = makeShop(folder);
  expect(await findingOf(file)).toBeUndefined();

  await upgradeShop(file);
  expect(await findingOf(withFormat(file, 3))).toBeUndefined();
});
