import fs from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { backupDatabase } from '@engine/backups.ts';
import { ingestFiles } from '@engine/ingest.ts';
import { clearPlainSecrets } from '@engine/plain-secrets.ts';
import { retryIssues } from '@engine/retry.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { otherProgram } from '../../support/other-program.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Opening plays a log in: whoever is going to, has seen on a copy that the file is whole afterwards. */

const folder = temporaryFolder();

/** Every page of it has its checksum; with them, an index lacks what it should hold. */
const damageInLog = `db.exec('CREATE INDEX by_body ON note (body)');
  db.unsafeMode(true); db.pragma('writable_schema = 1');
  db.exec("UPDATE sqlite_schema SET sql = 'CREATE INDEX by_body ON note (id)' WHERE name = 'by_body'");`;

const backUp = (file: string) =>
  backupDatabase({ path: file, folder: backupFolderOf(file), reason: 'by hand', runId: null, appVersion: '0' }, [
    shopPack(),
  ]);

const changing = (file: string) => ({
  ...{ path: file, backupFolder: backupFolderOf(file), lockFolder: path.join(path.dirname(file), 'locks') },
  ...{ appVersion: '0', runId: 'r1' },
});
const nothing = { files: [], project: null, isTrial: false };

it.each<[string, (file: string) => Promise<unknown>]>([
  ['backup', backUp],
  ['upgrade', (file) => upgradeShop(file)],
  ['trying of issue rows', (file) => retryIssues(changing(file), [shopPack()])],
  ['clearing of keys', (file) => clearPlainSecrets(changing(file), [shopPack()])],
  ['taking in of files', (file) => ingestFiles({ ...changing(file), ...nothing }, [shopPack()])],
])('no %s plays in a log that would leave a damaged file', async (_, act) => {
  const file = makeShop(folder, { wal: true });
  const other = await otherProgram(file, damageInLog);
  await other.kill();
  const found = ['', '-wal'].map((suffix) => fs.readFileSync(file + suffix));

  expect(await codeOfPromise(act(file))).toBe('E_CORRUPT');

  expect(['', '-wal'].map((suffix) => fs.readFileSync(file + suffix))).toEqual(found);
});
