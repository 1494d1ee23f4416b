import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { journalFolder } from '@host/run-journal.ts';
import { ok } from '@shared/errors.ts';
import { describe, expect, it, vi } from 'vitest';
import { setUp as houseSetUp, status } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost } from './scripted-host.ts';

/** Drives are asked without waiting: what begins or ends in that moment must not be overlooked. */

const folder = temporaryFolder();

function setUp() {
  const house = closedAfter(scriptedHost(folder));
  const database = house.open('good');
  const kept = `${database.path} replaced-Abc123`;
  mkdirSync(kept);
  writeFileSync(path.join(kept, 'good.db'), 'bytes');
  const putBack = () =>
    house.client.call('backup:putBack', { handle: database.handle, confirmation: 'good.db', shown: kept });
  return { ...house, ...database, file: database.path, kept, putBack };
}

describe('what was asked while something else ran', () => {
  it.each([
    ['backup:putBack', { confirmation: 'good.db', shown: 'x' }],
    ['backup:restore', { backupId: 'of-good.db backups', confirmation: 'good.db' }],
    ['recovery:finish', {}],
    ['recovery:stay', {}],
    ['issues:retry', {}],
    ['issues:export', { format: 'csv' }],
  ])('does not begin when that has ended meanwhile: %s', async (name, input) => {
    const { host, router, handle, file } = setUp();
    const free = must(host.busy.take(file, 'backup'));
    const answer = router(name, { handle, ...input });
    free(true);
    expect(codeOf(await answer)).toBe('E_RUN_ACTIVE');
  });
});

describe('while the files that could be put back are looked at', () => {
  it('another work begins: that is why they are not put back', async () => {
    const { host, file, kept } = setUp();
    const answer = host.backups.putBack(must(host.databases.open(file)), 'good.db', kept);
    const free = must(host.busy.take(file, 'ingest'));
    expect(codeOf(await answer)).toBe('E_RUN_ACTIVE');
    free(true);
  });

  it('another work has begun and ended: what was shown is looked at again', async () => {
    const { host, file, kept, putBack, events } = setUp();
    const answer = host.backups.putBack(must(host.databases.open(file)), 'good.db', kept);
    must(host.busy.take(file, 'ingest'))(true);
    expect(codeOf(await answer)).toBe('E_STATE_CHANGED');
    expect(events.map(({ name }) => name)).toContain('database:changed');

    expect(codeOf(await putBack())).toBe('no error');
  });
});

it('an upgrade that begins while drives are asked is not left as it is', async () => {
  const { busy, database, file, journal, recoveries, answers, dataFolder } = houseSetUp();
  answers['inspect'] = ok(status({ applied: 1 }));
  journal('r1', [{ type: 'backup', backupPath: '/b/b1.db', sha256: '', verified: true }]);
  await recoveries.get(database);
  const answer = recoveries.stay(database, 'r1');
  must(busy.take(file, 'upgrade'));

  expect(codeOf(await answer)).toBe('E_RUN_ACTIVE');
  expect(readdirSync(journalFolder(dataFolder, file))).toEqual(['r1.jsonl']);
});

it('a work that begins while a look asks drives lets it note nothing any more', async () => {
  const { busy, database, file, journal, recoveries, answers } = houseSetUp();
  const noted = journal('r1', [{ type: 'applied', migrationId: 'one', ms: 1 }]);
  // Another file, so that nothing of it would be open: but by now that is not known.
  answers['inspect'] = () => {
    setImmediate(() => must(busy.take(file, 'ingest')));
    return ok(status({ applied: 0, unfinished: null }));
  };

  expect(await recoveries.get(database)).toBeNull();

  expect(busy.begun(file)).toBe(1);
  expect(readFileSync(noted, 'utf8')).not.toContain('settled');
});

it('an export that is stopped while its folder is looked at begins no engine', async () => {
  const { host, home, open } = closedAfter(scriptedHost(folder));
  const database = open('exports');
  const asking = vi.spyOn(host.engines, 'askAlone');
  const work = host.exports.startIssues(database, 'csv', path.join(home, 'rows.csv'));
  expect(host.exports.isWriting(database)).toBe(true);
  host.exports.stop(database);

  expect(codeOf(await work)).toBe('E_CANCELLED');
  expect(asking).not.toHaveBeenCalled();
  expect([host.exports.isWriting(), readdirSync(home)]).toEqual([false, ['exports.db']]);
});
