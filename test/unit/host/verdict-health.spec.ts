import { lstatSync, mkdtempSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ok } from '@shared/errors.ts';
import { stampOf } from '@shared/file-stamp.ts';
import type { RunReport } from '@shared/run.ts';
import type { CheckResult, Health } from '@shared/status.ts';
import { createBusy } from '@host/busy.ts';
import type { Engines } from '@host/engines.ts';
import { createLooks } from '@host/looks.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { status } from '../renderer/values.ts';

/** What a look at a large file tells of its content: what the verdict on an upgrade has read, while that still holds. */

const folder = temporaryFolder();
const unread: Health = { state: 'not-checked', summary: 'Not yet.', checks: [], foreignKeyViolations: null };
const check = (id: string, state: CheckResult['state'], ruleBreaks = '0'): CheckResult => ({
  ...{ id, title: id, state, summary: '' },
  evidence: [{ label: 'Rows that break a rule of their table', text: ruleBreaks }],
});
const sound = [check('integrity', 'met'), check('accounts', 'met'), check('references', 'met')];

/** @param change of the report on the upgrade that left the file as it is. */
function setUp(change: Partial<RunReport>, health = unread) {
  const file = path.join(mkdtempSync(path.join(folder, 'home-')), 'a.db');
  writeFileSync(file, 'bytes');
  const leftAs = stampOf(lstatSync(file, { bigint: true }));
  const report = { verified: true, finishedAt: '2026-11-22T12:00:00Z', checks: sound, leftAs, ...change } as RunReport;
  const ask = () => Promise.resolve(ok(status({ health })));
  const looks = createLooks({
    ...{ engines: { ask } as unknown as Engines, busy: createBusy(), saidOf: () => null, onStatus: () => {} },
    wayOf: () => Promise.resolve({ backupFolder: null, source: null }),
    reportsOf: () => [report],
  });
  const database = { handle: 'h', name: 'a.db', folder: path.dirname(file), path: file };
  const look = async () => {
    const looked = await looks.status(database, 'schema');
    return looked.ok ? looked.value.health : null;
  };
  return { file, look, last: () => looks.last(database)?.health };
}

it('is that the file is healthy, with the checks that say so and when they were made', async () => {
  const { look } = setUp({});
  const health = await look();
  expect(health).toMatchObject({ state: 'healthy', foreignKeyViolations: null });
  expect(health?.checks.map(({ id }) => id)).toEqual(['integrity', 'references']);
  expect(health?.checks[0]?.evidence.at(-1)?.text).toBe('2026-11-22T12:00:00Z');
});

it('is not what was seen just now: a question about an interruption goes by that', async () => {
  const { look, last } = setUp({});
  await look();
  expect(last()).toEqual(unread);
});

it('is nothing once the file was written to', async () => {
  const { file, look } = setUp({});
  writeFileSync(file, 'other');
  expect(await look()).toEqual(unread);
});

it('is nothing while a log beside the file has writes that are not in it', async () => {
  const { file, look } = setUp({});
  writeFileSync(`${file}-wal`, 'frames');
  expect(await look()).toEqual(unread);
});

it.each<[string, Partial<RunReport>]>([
  ['was not proven', { verified: false }],
  ['does not say how it left the file', { leftAs: undefined as never }],
  ['did not look whether the file is sound', { checks: [check('references', 'met')] }],
  ['does not say whether values break a rule', { checks: [{ ...check('integrity', 'met'), evidence: [] }] }],
])('is nothing where the upgrade %s', async (_, change) => {
  expect(await setUp(change).look()).toEqual(unread);
});

it('names values that break a rule of their table, as the verdict has counted them', async () => {
  const { look } = setUp({ checks: [check('integrity', 'met', '3')] });
  expect(await look()).toMatchObject({ state: 'problems', summary: expect.stringContaining('whole, though it holds') });
});

it('gives way to what a look has read itself', async () => {
  const seen: Health = { state: 'problems', summary: 'Rows.', checks: [], foreignKeyViolations: 2 };
  expect(await setUp({}, seen).look()).toEqual(seen);
});
