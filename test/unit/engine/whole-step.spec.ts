import { closeSync, openSync, writeSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { expect, it } from 'vitest';
import { settle } from '@engine/settle.ts';
import { makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** What a fresh look says after an error of the disk: nobody calls a file safe that it does not call whole. */

const folder = temporaryFolder();
const steps = ['0001_person', '0002_note_length'];
const look = async (file: string, applied = steps) => {
  const settled = await settle({ path: file, lockFolder: path.join(folder, 'locks'), proves: { applied } }, [
    shopPack(),
  ]);
  return settled.problem;
};

it('a file with all that it was told of is at a whole step, before the first one too', async () => {
  expect(await look(makeShop(folder), [])).toBeNull();
  const file = makeShop(folder);
  await upgradeShop(file);
  expect(await look(file)).toBeNull();
});

it('one without a step that somebody was told of is not', async () => {
  expect(await look(makeShop(folder))).toMatchObject({
    code: 'E_INVARIANT',
    message: '2 steps that had been finished are not recorded any more.',
  });
});

it.each([
  ['of the two lists names it no more', `DELETE FROM schema_migrations WHERE version = '0001_person'`],
  ['of steps before it is missing', `DELETE FROM _phasewise_migrations WHERE id = '0001_person'`],
])('nor one of which one %s', async (_, sql) => {
  const file = makeShop(folder);
  await upgradeShop(file);
  new Database(file).exec(sql).close();
  expect(await look(file, [])).toMatchObject({ code: 'E_LEDGER_TAMPERED' });
});

it('nor a damaged one', async () => {
  const file = makeShop(folder, { members: 2_000 });
  await upgradeShop(file);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.alloc(4_096, 0x5a), 0, 4_096, 4_096 * 20);
  closeSync(handle);
  expect(await look(file)).toMatchObject({ code: 'E_CORRUPT' });
});

it('nor one whose damage no reading of it meets', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  const handle = openSync(file, 'r+');
  writeSync(handle, Buffer.from([0, 0, 0, 77]), 0, 4, 36); // only integrity_check counts the free pages
  closeSync(handle);
  expect(await look(file)).toMatchObject({ code: 'E_CORRUPT' });
});

it('nor one where a trigger could swallow what is recorded', async () => {
  const file = makeShop(folder);
  await upgradeShop(file);
  new Database(file).exec(`CREATE TRIGGER t AFTER INSERT ON _phasewise_runs BEGIN SELECT 1; END`).close();
  expect(await look(file)).toMatchObject({ code: 'E_LEDGER_TAMPERED' });
});
