import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { expect, describe, it } from 'vitest';
import type { Backfill, ChunkCount, Db, Pack } from '@engine/migration.ts';
import type { FromEngine } from '@engine/protocol.ts';
import { serveRequests } from '@engine/requests.ts';
import { packWith } from '../../support/engine/pack-with.ts';
import { askOne, inputFor, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** A small change asks before its first write, so that whoever stops it before knows that nothing was changed. */

const folder = temporaryFolder();
const none: ChunkCount = { moved: 0, alreadyRight: 0, issueRows: 0 };
const counts = { runs: 0, jobs: 0, candidates: 0, files: 0, links: 0, qualityReports: 0, costEvents: 0, updated: 0 };
const add = (db: Db): void => void db.exec(`INSERT INTO note (member_id, body) VALUES ('m000001', 'changed')`);
const isChanged = (file: string): boolean => askOne(file, `SELECT count(*) FROM note WHERE body = 'changed'`) !== 0;

/** A shop in which each of the small changes has something to do. */
async function shop() {
  let isLater = false;
  const aside: Backfill = {
    ...{ name: 'aside', title: 'setting aside', source: 'setting', key: 'name' },
    chunk: (db, _, { setAside }) =>
      isLater
        ? (add(db), { ...none, moved: 1 })
        : { ...none, issueRows: setAside({ reason: 'no-name', where: '1', isPlaced: true }) },
  };
  const pack: Pack = {
    ...packWith({ effect: { grows: ['note'], changes: {} }, backfills: [aside] }),
    ingest: {
      ...{ title: 'log', extension: '.json', fromPhase: 1 },
      take: (db) => (add(db), { state: 'new', project: 'shop', counts }),
    },
    plainSecrets: {
      list: (db) =>
        db.prepare(`SELECT 1 FROM note WHERE body = 'changed'`).get() === undefined
          ? [{ id: 'm000001', owner: 'somebody' }]
          : [],
      clear: (db) => (add(db), 1),
    },
  };
  const file = makeShop(folder);
  expect((await upgradeShop(file, { pack })).error).toBeUndefined();
  isLater = true;
  return { file, pack };
}

/** Up to the moment in which it asks. */
async function asking(name: 'ingest' | 'retryIssues' | 'clearPlainSecrets') {
  const { file, pack } = await shop();
  const logs = path.join(path.dirname(file), 'logs');
  mkdirSync(logs);
  writeFileSync(path.join(logs, 'a.json'), '{}');
  const { backupFolder, lockFolder, appVersion } = inputFor(file);
  const common = { path: file, backupFolder, lockFolder, appVersion, runId: 'small', asksToProceed: true };
  const before = readFileSync(file);
  const said: FromEngine[] = [];
  const server = serveRequests([pack], (message) => said.push(message));
  server.receive({ type: 'request', id: 1, name, input: { ...common, files: [logs], project: null, isTrial: false } });
  const answer = () => said.find((message) => message.type === 'answer')?.result;
  const asks = () => said.some((message) => message.type === 'work' && message.work.asksToProceed === true);
  while (!asks() && answer() === undefined) await wait(5);
  return { file, before, server, answer };
}

describe.each(['ingest', 'retryIssues', 'clearPlainSecrets'] as const)('%s', (name) => {
  it('changes nothing before the host has let it through', async () => {
    const { file, before, server, answer } = await asking(name);
    await wait(60);
    expect([answer(), readFileSync(file).equals(before)]).toEqual([undefined, true]);

    server.receive({ type: 'proceed' });
    while (answer() === undefined) await wait(5);

    expect(answer()).toMatchObject({ ok: true });
    expect(isChanged(file)).toBe(true);
  });

  it('changes nothing where its host has gone', async () => {
    const { file, server, answer } = await asking(name);
    await server.leave();
    expect(answer()).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(isChanged(file)).toBe(false);
  });
});
