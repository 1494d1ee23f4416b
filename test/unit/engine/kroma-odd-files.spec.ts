import { readdirSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createControl } from '@engine/control.ts';
import { makePlan } from '@engine/plan.ts';
import { runUpgrade, type RunInput } from '@engine/run.ts';
import { verifyResult } from '@engine/verify.ts';
import { packs } from '../../../migrations/index.ts';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { ask, askOne, backupFolderOf, inputFor } from '../../support/engine/run-shop.ts';
import { changeByHand, changedSample } from '../../support/kroma/changed-sample.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Files that a person, or a program, has changed by hand before or between the phases. */
const folder = temporaryFolder();

const sample = (sql: string): string => changedSample(folder, packs, sql);

const upgrade = (file: string, input: Partial<RunInput>) =>
  runUpgrade(inputFor(file, { source: { kind: 'none' }, isRemovalConfirmed: true, ...input }), {
    packs,
    control: createControl(),
    emit: () => {},
  });
const unmet = (file: string, toPhase: number, backupPath: string | undefined) =>
  verifyResult({ path: file, toPhase, backupPath: backupPath ?? null }, packs).checks.flatMap(
    ({ state, id, summary }) => (state === 'met' ? [] : [`${id}: ${summary}`]),
  );
const planOf = (file: string, toPhase: number) =>
  makePlan({ path: file, toPhase, backupFolder: backupFolderOf(file) }, packs);

describe('a file without its list of applied changes', () => {
  it('is upgraded, and the first step makes the list', async () => {
    const file = sample('DROP TABLE schema_migrations');

    const report = await upgrade(file, { toPhase: 4 });

    expect(report.error).toBeUndefined();
    expect(unmet(file, 4, report.backup?.path)).toEqual([]);
    expect(askOne(file, 'SELECT count(*) FROM schema_migrations')).toBe(17);
  });

  it('reaches phase 0 without one', async () => {
    const file = sample('DROP TABLE schema_migrations');

    const report = await upgrade(file, { toPhase: 0 });

    expect(report.error).toBeUndefined();
    expect(unmet(file, 0, report.backup?.path)).toEqual([]);
  });

  it('is complained about once a step is recorded elsewhere, and repaired', async () => {
    const file = sample('');
    await upgrade(file, { toPhase: 1 });
    changeByHand(file, 'DROP TABLE schema_migrations');
    expect(unmet(file, 1, undefined).filter((text) => text.startsWith('ledger-readable'))).toHaveLength(1);

    const report = await upgrade(file, { toPhase: 1 });

    expect(report.error).toBeUndefined();
    expect(unmet(file, 1, report.backup?.path)).toEqual([]);
  });
});

describe('an issue row that cannot be read', () => {
  const broken = `INSERT INTO _phasewise_quarantine (backfill_id, source_table, source_key, reason, detail, is_placed, row_json, run_id, recorded_at)
    VALUES ('by/hand', 'nowhere', x'00', 'why', '', 0, 'not json', 'r', '')`;

  it('keeps the last phase from being begun, before another backup is made', async () => {
    const file = sample('');
    await upgrade(file, { toPhase: 4 });
    changeByHand(file, broken);
    const backups = readdirSync(backupFolderOf(file));

    const { preflight } = await planOf(file, 5);
    expect(preflight.filter(({ state }) => state === 'blocking')).toMatchObject([
      { id: 'entry', error: { code: 'E_ISSUES_OPEN' } },
    ]);
    expect((await planOf(file, 4)).preflight.filter(({ state }) => state === 'blocking')).toEqual([]);
    expect(await codeOfPromise(upgrade(file, { toPhase: 5 }))).toBe('E_ISSUES_OPEN');

    expect(readdirSync(backupFolderOf(file))).toEqual(backups);
    expect(askOne(file, `SELECT count(*) FROM pragma_table_info('users')`)).toBeGreaterThan(0);
  });

  it('is named by the verdict as what it is: no note of its row', async () => {
    const file = sample('');
    const report = await upgrade(file, { toPhase: 5 });
    changeByHand(
      file,
      `UPDATE _phasewise_quarantine SET row_json = 'not json' WHERE source_table = 'run_jobs' AND reason = 'old-value-differs'`,
    );

    expect(unmet(file, 5, report.backup?.path)).toEqual([
      expect.stringContaining('issue rows whose content cannot be read'),
      expect.stringContaining('rows of run_jobs whose final_output is nowhere any more'),
    ]);
  });
});

describe('rows without an id', () => {
  const keyless = `UPDATE users SET id = NULL WHERE rowid = 1; UPDATE assets SET id = NULL WHERE rowid IN (3, 4);
    UPDATE run_job_candidates SET id = NULL WHERE rowid < 5`;
  /** What each of these rows said before the upgrade, by table. */
  const said: Readonly<Record<string, string>> = {
    users: `SELECT username || '/' || display_name FROM users WHERE id IS NULL ORDER BY 1`,
    assets: `SELECT rel_path || '/' || asset_kind FROM assets WHERE id IS NULL ORDER BY 1`,
    run_job_candidates: `SELECT job_id || '/' || ifnull(output_path, '') FROM run_job_candidates WHERE id IS NULL ORDER BY 1`,
  };
  const held: Readonly<Record<string, string>> = {
    users: `row_json ->> 'username' || '/' || (row_json ->> 'display_name')`,
    assets: `row_json ->> 'rel_path' || '/' || (row_json ->> 'asset_kind')`,
    run_job_candidates: `row_json ->> 'job_id' || '/' || ifnull(row_json ->> 'output_path', '')`,
  };

  it('are held whole by their notes once the last phase has removed their tables and columns', async () => {
    const file = sample(keyless);
    const before = Object.values(said).map((sql) => ask(file, sql).map((row) => Object.values(row as object)[0]));

    const report = await upgrade(file, { toPhase: 5 });

    expect(report.error).toBeUndefined();
    expect(unmet(file, 5, report.backup?.path)).toEqual([]);
    const notes = Object.entries(held).map(([table, text]) =>
      ask<{ text: string }>(
        file,
        `SELECT ${text} AS text FROM _phasewise_quarantine WHERE source_table = '${table}' AND reason = 'key-missing'
           AND backfill_id LIKE '%0025%' ORDER BY 1`,
      ).map((row) => row.text),
    );
    expect(notes).toEqual(before);
    expect(before.map(({ length }) => length)).toEqual([1, 2, 4]);
  });

  it('are missed by the verdict when neither a row nor a note says what a removed column said', async () => {
    const file = sample(keyless);
    const report = await upgrade(file, { toPhase: 5 });
    changeByHand(
      file,
      `UPDATE _phasewise_quarantine SET row_json = json_set(row_json, '$.rel_path', 'elsewhere')
         WHERE source_table = 'assets' AND source_key IS NULL`,
    );

    expect(unmet(file, 5, report.backup?.path)).toEqual([
      expect.stringContaining('rows of assets without an id whose rel_path is nowhere any more (2)'),
    ]);
  });
});

it('no reason promises that a row or an old column stays: the last phase removes both', () => {
  const promises = Object.entries(kroma.issueReasons).filter(([, words]) =>
    /stays where it is|old column/i.test(words),
  );
  expect(promises.filter(([, words]) => !words.includes('whole row as it was is kept'))).toEqual([]);
});
