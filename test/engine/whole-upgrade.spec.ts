import { chmodSync, copyFileSync, mkdirSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, describe, expect, it } from 'vitest';
import { inspect } from '@engine/inspect.ts';
import { restoreBackup } from '@engine/restore.ts';
import { verifyResult } from '@engine/verify.ts';
import type { RunReport } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { kroma } from '../../migrations/kroma/pack.ts';
import { codeOfPromise } from '../support/code-of.ts';
import { askOnce, buildEngine } from '../support/engine-child.ts';
import { fixtures, writeFixture } from '../support/kroma/fixtures.ts';
import { changedObjects, changedOldValues, differingRows } from '../support/kroma/kept.ts';
import {
  foldersOf,
  readSource,
  readUpgraded,
  upgradeHere,
  withDatabase,
  type Upgraded,
} from '../support/kroma/upgrade.ts';
import { compareWithOriginal } from '../support/oracle/as-original.ts';
import { compareIssues, compareWithExpected, describeDifferences } from '../support/oracle/compare.ts';
import { expectPhase4 } from '../support/oracle/phase1.ts';
import { rowsOf, type Tables } from '../support/oracle/rows.ts';
import { sharedFile } from '../support/shared-data.ts';
import { temporaryFolder } from '../support/temporary.ts';

interface Case {
  readonly name: string;
  /** Writes the source; null: it does not exist here. */
  readonly write: ((file: string) => void) | null;
  readonly originalAborts?: boolean;
  readonly variantId: string;
}

const shared = {
  'legacy-small': 'legacy',
  'legacy-medium': 'legacy',
  'baseline-wrong-columns': 'baseline',
  dual: 'dual',
  'empty-legacy': 'empty',
};
const cases: readonly Case[] = [
  ...fixtures.map((fixture) => ({
    name: fixture.name,
    write: (file: string) => writeFixture(file, fixture),
    originalAborts: fixture.originalAborts ?? false,
    variantId: fixture.variantId,
  })),
  ...Object.entries(shared).map(([name, variantId]) => {
    const source = sharedFile('kroma', `${name}.db`);
    return {
      name: `../shared/data/kroma/${name}.db`,
      variantId,
      write: source === null ? null : (file: string) => (copyFileSync(source, file), chmodSync(file, 0o600)),
    };
  }),
];

/** Every journal mode, every shape and the oddest rows: a restore copies pages, whatever is on them. */
const restored = [
  'legacy with every odd case',
  'legacy, write-ahead log',
  'dual with asset references',
  'legacy, UTF-16 in small pages',
];
const isRestored = (name: string): boolean => restored.includes(name) || name.endsWith('legacy-medium.db');

const folder = temporaryFolder();
const expanding = kroma.migrations
  .filter(({ phase }) => phase <= 4)
  .toSorted((a, b) => a.phase - b.phase || a.order - b.order)
  .map(({ id }) => id);

for (const [index, { name, write, originalAborts, variantId }] of cases.entries()) {
  describe.skipIf(write === null)(`upgrading ${name}`, () => {
    const file = path.join(folder, `${index}`, 'project.db');
    let source: Tables;
    let report: RunReport;
    let upgraded: Upgraded;
    let before: string;
    let statusBefore: DatabaseStatus;

    beforeAll(async () => {
      mkdirSync(path.dirname(file));
      write?.(file);
      source = readSource(file);
      before = `${file}.before`;
      copyFileSync(file, before);
      statusBefore = await inspect(file, 'schema', [kroma]);
      report = await upgradeHere(file);
      if (report.ok) upgraded = readUpgraded(file);
    });

    it('succeeds, applies every migration once, and closes every account', () => {
      expect(report.error).toBeUndefined();
      expect(report.ok).toBe(true);
      expect(report.toPhase).toBe(4);
      expect(report.migrations.map(({ id }) => id)).toEqual(expanding);
      expect(upgraded.applied).toEqual(expanding.toSorted());
      for (const account of upgraded.accounts) {
        const [moved, right, issues] = [
          Number(account['moved']),
          Number(account['already_right']),
          Number(account['issue_rows']),
        ];
        expect(account).toMatchObject({ state: 'done', expected: moved + right + issues });
      }
    });

    it.runIf(name === 'legacy with every odd case')('counts every row of the source in its accounts', () => {
      const { accounts } = upgraded;
      expect(accounts.length).toBeGreaterThan(8);
      const walked = accounts.filter((row) => row['source'] !== 'assets' && source.has(String(row['source'])));
      for (const account of walked) {
        expect([account['id'], account['expected']]).toEqual([
          account['id'],
          rowsOf(source, String(account['source'])).length,
        ]);
      }
    });

    it('is understood before and after', async () => {
      expect(statusBefore).toMatchObject({
        variant: { id: variantId },
        phaseReached: null,
        pending: expanding,
        drift: [],
      });
      const after = await inspect(file, 'data', [kroma]);
      expect(after).toMatchObject({
        variant: { id: 'upgraded' },
        phaseReached: 4,
        pending: [],
        drift: [],
        unfinishedRun: null,
      });
      // Several backfills may speak of one row; it counts once.
      const rowsWithIssues = new Set(
        upgraded.issues.map(({ reason, table, key }) => JSON.stringify([reason, table, key])),
      );
      expect(after.issues.reduce((sum, { count }) => sum + count, 0)).toBe(rowsWithIssues.size);
    });

    it('gives every row of every table the values that the rules demand, and an issue row where it has none', () => {
      const expected = expectPhase4(source);
      expect(describeDifferences(compareWithExpected(expected, source, upgraded.tables))).toEqual([]);
      expect(compareIssues(expected, upgraded.issues)).toEqual([]);
    });

    it.skipIf(originalAborts === true || name.includes('dual'))(
      "differs from the original program's own result only where that is defective",
      () => {
        const differences = compareWithOriginal(source, upgraded.tables);
        expect(describeDifferences(differences.filter(({ reason }) => reason === 'unclassified'))).toEqual([]);
        // The comparison can see: where every odd case is there, every defect shows.
        const reasons = [...new Set(differences.map(({ reason }) => reason))].sort();
        if (name === 'legacy that the original can upgrade')
          expect(reasons).toEqual(['D1', 'D10', 'D11', 'D18', 'D3', 'D4', 'D7', 'D8', 'D9', 'nested setting']);
      },
    );

    it('leaves every old value as it was, byte by byte, and everything that a person added', () => {
      expect(changedOldValues(before, file)).toEqual([]);
      expect(changedObjects(before, file)).toEqual([]);
    });

    it('is sound, with no more broken references than before', () => {
      withDatabase(file, (db) => {
        expect(db.pragma('integrity_check', { simple: true })).toBe('ok');
        const count = (db.pragma('foreign_key_check') as unknown[]).length;
        withDatabase(before, (old) =>
          expect(count).toBeLessThanOrEqual((old.pragma('foreign_key_check') as unknown[]).length),
        );
      });
    });

    it('passes every check of the verdict', () => {
      const { checks } = verifyResult({ path: file, toPhase: 4, backupPath: report.backup?.path ?? null }, [kroma]);
      expect(checks.length).toBeGreaterThan(expanding.length);
      expect(checks.filter(({ state }) => state !== 'met').map(({ title, summary }) => `${title}: ${summary}`)).toEqual(
        [],
      );
    });

    it('has nothing left to do', async () => {
      expect(await codeOfPromise(upgradeHere(file))).toBe('E_NOTHING_TO_DO');
    });

    it('was backed up: the backup holds exactly the source', () => {
      const backup = report.backup;
      expect(backup?.verified).toBe(true);
      expect(readSource(backup?.path ?? '')).toEqual(source);
      expect(schemaOf(backup?.path ?? '')).toEqual(schemaOf(before));
    });

    it.runIf(isRestored(name))('can be taken back: restored, it is exactly the source again', async () => {
      const { backupFolder, lockFolder } = foldersOf(file);
      const input = {
        backupPath: report.backup?.path ?? '',
        path: file,
        backupFolder,
        lockFolder,
        appVersion: '0.0.0-test',
        allowForeign: false,
      };
      await restoreBackup(input, { packs: [kroma] });
      expect(differingRows(before, file)).toEqual([]);
      expect(schemaOf(file)).toEqual(schemaOf(before));
      const again = await inspect(file, 'schema', [kroma]);
      expect(again.variant.id).toBe(variantId);
      expect(again.pending).toEqual(expanding);
    });
  });
}

const schemaOf = (file: string): unknown[] =>
  withDatabase(file, (db) => db.prepare(`SELECT type, name, tbl_name, sql FROM sqlite_schema ORDER BY name`).all());

describe('an upgrade through the real engine process', () => {
  it('does in its own process what it does here, and a second process gives the verdict', async () => {
    await buildEngine();
    const file = path.join(folder, 'process.db');
    const made = await askOnce('sample', { path: file, packId: 'kroma', seed: 1 });
    expect(made).toMatchObject({ kind: 'answered', result: { ok: true } });
    const source = readSource(file);
    const run = await askOnce('run', {
      path: file,
      toPhase: null,
      fingerprint: null,
      ...foldersOf(file),
      runId: 'run-1',
      source: { kind: 'none' },
      appVersion: '0.0.0-test',
    });
    const report = run.kind === 'answered' && run.result.ok ? run.result.value : null;
    expect(report).toMatchObject({ ok: true, toPhase: 4, verified: false });
    const expected = expectPhase4(source);
    const upgraded = readUpgraded(file);
    expect(describeDifferences(compareWithExpected(expected, source, upgraded.tables))).toEqual([]);
    expect(compareIssues(expected, upgraded.issues)).toEqual([]);
    const verdict = await askOnce('verify', { path: file, toPhase: 4, backupPath: report?.backup?.path ?? null });
    const checks = verdict.kind === 'answered' && verdict.result.ok ? verdict.result.value.checks : [];
    expect(checks.length).toBeGreaterThan(expanding.length);
    expect(checks.filter(({ state }) => state !== 'met')).toEqual([]);
  });
});
