import { lstatSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type AppError, appError, err, ok, type Result } from '@shared/errors.ts';
import { stampOf } from '@shared/file-stamp.ts';
import type { RunReport } from '@shared/run.ts';
import type { CheckResult, DatabaseStatus, Health } from '@shared/status.ts';
import { createBusy } from '@host/busy.ts';
import type { Engines } from '@host/engines.ts';
import { createLooks } from '@host/looks.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { status } from '../renderer/values.ts';

/** What a look at a large file tells of its content: what the verdict on the last upgrade has read, as what was then. */

const folder = temporaryFolder();
const unread: Health = { state: 'not-checked', summary: 'Not yet.', checks: [], foreignKeyViolations: null };
const healthy: Health = { state: 'healthy', summary: 'Healthy.', checks: [], foreignKeyViolations: 0 };
const problems: Health = { state: 'problems', summary: 'Rows.', checks: [], foreignKeyViolations: 2 };
const check = (id: string, state: CheckResult['state']): CheckResult => ({
  ...{ id, title: id, state, summary: '', evidence: [] },
});
const sound = [check('integrity', 'met'), check('accounts', 'met')];
const toldThen = expect.stringMatching(/^The content .* not read by this look\. When the last upgrade was proven/);

/** @param change of the report on the upgrade that left the file as it is. @param data what a look over all the data finds. */
function setUp(change: Partial<RunReport>, { schema = unread, data = healthy as Health | AppError | null } = {}) {
  const file = path.join(mkdtempSync(path.join(folder, 'home-')), 'a.db');
  writeFileSync(file, 'bytes');
  const leftAs = stampOf(lstatSync(file, { bigint: true }));
  const report = { verified: true, checks: sound, leftAs, ...change } as RunReport;
  const reports = [report];
  const answer = (health: Health | AppError | null): Promise<Result<DatabaseStatus>> => {
    const error = health === null ? appError('E_CORRUPT', 'A page is gone.') : 'code' in health ? health : null;
    return Promise.resolve(error ? err(error) : ok(status({ health: health as Health })));
  };
  const busy = createBusy();
  const looks = createLooks({
    ...{ busy, saidOf: async () => null, onStatus: () => {}, reportsOf: () => reports },
    engines: { ask: () => answer(schema), askAlone: () => ({ answer: answer(data) }) } as unknown as Engines,
    wayOf: () => Promise.resolve({ backupFolder: null, source: null }),
  });
  const database = { handle: 'h', name: 'a.db', folder: path.dirname(file), path: file };
  const look = async (depth: 'schema' | 'data' = 'schema') => {
    const looked = await looks.status(database, depth);
    return looked.ok ? looked.value.health : null;
  };
  return { file, look, reports, report, busy, last: () => looks.last(database)?.health };
}

it('is that all of it was read then, and never that it is healthy: nobody has read it since', async () => {
  expect(await setUp({}).look()).toEqual({ ...unread, summary: toldThen });
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

it('is nothing where the file is gone while something is running on it', async () => {
  const { file, look, busy } = setUp({});
  await look();
  busy.take(file, 'backup');
  rmSync(file);
  expect(await look()).toEqual(unread);
});

it.each<[string, Partial<RunReport>]>([
  ['was not proven', { verified: false }],
  ['does not say how it left the file', { leftAs: undefined as never }],
  ['did not look whether the file is sound', { checks: [check('references', 'met')] }],
  ['did not find it sound', { checks: [check('integrity', 'unmet')] }],
])('is nothing where the upgrade %s', async (_, change) => {
  expect(await setUp(change).look()).toEqual(unread);
});

it('is the word of the last upgrade alone, not of one before it that was proven', async () => {
  const { look, reports, report } = setUp({});
  reports.unshift({ ...report, verified: false });
  expect(await look()).toEqual(unread);
});

it('gives way to what a look has read itself', async () => {
  expect(await setUp({}, { schema: problems }).look()).toEqual(problems);
});

it.each([
  ['damage', null],
  ['problems', problems],
] as const)('is not said any more after a look over all the data has met %s', async (_, data) => {
  const { look } = setUp({}, { data });
  await look('data');
  expect(await look()).toEqual(unread);
});

it('is said again after a look over all the data that found the file healthy', async () => {
  const { look } = setUp({});
  await look('data');
  expect(await look()).toMatchObject({ summary: toldThen });
});

it('is still that where a look at all of it was ended for what did not begin after all', async () => {
  const { look } = setUp({}, { data: appError('E_RUN_ACTIVE', 'An upgrade of this database is running.') });
  await look('data');
  expect(await look()).toEqual({ ...unread, summary: toldThen });
});
