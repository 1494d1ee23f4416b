import { mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { intentFile } from '@shared/beside.ts';
import { ok } from '@shared/errors.ts';
import { beforeRestore, noteOf, record, setUp, verified } from '../../support/recovered-house.ts';
import { describe, expect, it } from 'vitest';

/** An interrupted restore over a damaged file that nothing can finish any more: what it has kept can be put back. */

function interrupted(change: Parameters<typeof noteOf>[0] = {}) {
  const house = setUp();
  const quarantine = 'a.db replaced-Abc123';
  const kept = path.join(house.home, quarantine);
  mkdirSync(kept);
  writeFileSync(path.join(kept, 'a.db'), 'damaged');
  writeFileSync(intentFile(house.file), JSON.stringify(noteOf({ quarantine, ...change })));
  const look = async () => {
    const recovery = await house.recoveries.get(house.database);
    return { ...recovery, ids: recovery?.choices.map(({ id }) => id) };
  };
  return { ...house, kept, look };
}

describe('a restore over a damaged file whose backup is lost', () => {
  it('is undone with the folder that it has noted', async () => {
    const { kept, look } = interrupted();
    expect(await look()).toMatchObject({ ids: ['finish', 'put-back'], setAside: kept });
  });

  it('also while that has another name, by the one that it gets', async () => {
    const { home, kept, look } = interrupted();
    renameSync(kept, path.join(home, 'a.db replacing-Abc123'));
    const told = await look();
    expect(told).toMatchObject({ ids: ['finish', 'put-back'], setAside: kept });
    expect(told.reasons).toContainEqual(expect.stringContaining('“a.db replacing-Abc123”'));
  });

  it.each<[string, (kept: string) => void, boolean]>([
    ['is gone', (kept) => rmSync(kept, { recursive: true }), false],
    ['holds no file', (kept) => rmSync(path.join(kept, 'a.db')), true],
  ])('is not where that folder %s', async (_, spoil, isThere) => {
    const { kept, look } = interrupted();
    spoil(kept);
    const told = await look();
    expect(told.ids).toEqual(['finish']);
    expect(told.setAside).toBeUndefined();
    expect(told.reasons?.some((reason) => reason.includes('is kept, byte for byte'))).toBe(isThere);
  });

  it('tells of the backup of a later try as well', async () => {
    const { database, answers, list, look } = interrupted({ beforePath: '/b/before.db' });
    const before = beforeRestore(database, 'before', '2026-11-21T14:00:00.000Z');
    list(before);
    answers['verifyBackup'] = verified(before);
    const told = await look();
    expect(told.ids).toEqual(['restore', 'finish', 'put-back']);
    expect(told.reasons?.[0]).toMatch(/^The restore was begun more than once\. .*Abc123.* as “before\.db”\.$/);
  });
});

it('a restore over a damaged file is finished while its backup is whole, and says that it has kept what was there only where that is so', async () => {
  const { answers, kept, list, look } = interrupted();
  const backup = { ...record('b1'), sha256: 'a'.repeat(64) };
  list(backup);
  answers['verifyBackup'] = ok(backup);
  const consequence = async () => (await look()).choices?.[0]?.consequence;

  expect(await look()).toMatchObject({ ids: ['finish'] });
  expect(await consequence()).toContain('What it held before is kept as well.');
  rmSync(kept, { recursive: true });
  expect(await consequence()).not.toContain('What it held before');
});
