import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { makePlan } from '@engine/plan.ts';
import { verifyResult } from '@engine/verify.ts';
import type { RunReport } from '@shared/run.ts';
import { cleanupShop } from '../../support/engine/cleanup-shop.ts';
import { ask, askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Every tenth member has no name, so its notes (9, 19, 29, 39 …) leave their table in phase 2. */

const folder = temporaryFolder();
const upgrade = (file: string, toPhase = 2, more = {}): Promise<RunReport> =>
  upgradeShop(file, { pack: cleanupShop(), input: { toPhase, isRemovalConfirmed: true }, ...more });
const change = (file: string, sql: string): void => {
  const db = new Database(file);
  db.pragma('foreign_keys = 0');
  db.exec(sql).close();
};
const favourites = (...notes: number[]): string =>
  `CREATE TABLE favourite (note INTEGER REFERENCES note (id) ON DELETE CASCADE); INSERT INTO favourite VALUES ${notes.map((id) => `(${id})`).join()};`;
const unmet = (file: string, { backup }: Pick<RunReport, 'backup'>): string[] =>
  verifyResult({ path: file, toPhase: 2, backupPath: backup?.path ?? null }, [cleanupShop()])
    .checks.filter(({ state }) => state !== 'met')
    .map(({ id, summary }) => `${id}: ${summary}`);

describe('a table of others whose rows refer to rows that leave their table', () => {
  it.each([
    ['in one transaction', {}],
    ['in many chunks', { more: { tuning: manyChunks } }],
  ])('stops the step %s before anything that it refers to is gone', async (_, how) => {
    const file = makeShop(folder, { extra: favourites(1, 19) });

    const report = await upgrade(file, 2, how);

    expect(report).toMatchObject({ ok: false, error: { code: 'E_INVARIANT' } });
    expect(report.error?.message).toContain('favourite (note): 1 row, to 19. The step was taken back.');
    expect(report.error?.nextStep).toMatch(/^Change or remove the rows .* then continue the upgrade\./);
    expect(askOne(file, `SELECT count(*) FROM favourite JOIN note ON note.id = favourite.note`)).toBe(2);
    expect(ask(file, `SELECT phase FROM _phasewise_checkpoints`)).toEqual([{ phase: 0 }, { phase: 1 }]);
    expect((await upgrade(file, 2, how)).error?.code).toBe('E_INVARIANT'); // continuing alone is no cure

    change(file, `DELETE FROM favourite WHERE note = 19`);
    const second = await upgrade(file, 2, how);

    expect(second.error).toBeUndefined();
    expect(unmet(file, second)).toEqual([]);
  });

  it('is no obstacle for what led nowhere before, or since another program wrote', async () => {
    const file = makeShop(folder);
    change(
      file,
      `CREATE TABLE mine (a INTEGER REFERENCES note (id), b INTEGER REFERENCES note (id));
       INSERT INTO mine VALUES (777, 1); ALTER TABLE setting ADD COLUMN note INTEGER REFERENCES note (id);`,
    );
    expect((await upgrade(file, 1)).error).toBeUndefined();
    change(file, `UPDATE setting SET note = 888; INSERT INTO mine VALUES (999, 2)`);
    const report = await upgrade(file);
    expect(report.error).toBeUndefined();
    expect(unmet(file, report)).toEqual([]);
  });

  it('is named in the plan, where rows are likely to leave', async () => {
    const file = makeShop(folder, { extra: favourites(1) });
    change(file, `INSERT INTO note VALUES (999, 'nobody', 'lost')`);
    const detailAt = async (toPhase: number): Promise<string> => {
      const input = { path: file, toPhase, backupFolder: backupFolderOf(file) };
      return (await makePlan(input, [cleanupShop()])).preflight.find(({ id }) => id === 'foreign-keys')?.detail ?? '';
    };

    expect(await detailAt(2)).toContain(
      'Where a row of favourite refers to one of them, the upgrade stops before that',
    );
    expect(await detailAt(1)).not.toContain('favourite');
  });

  it('stops it where what they name is no key any more', async () => {
    const file = makeShop(folder, {
      extra: `CREATE UNIQUE INDEX by_body ON note (id, member_id);
        CREATE TABLE mine (a INTEGER, b TEXT, FOREIGN KEY (a, b) REFERENCES note (id, member_id));
        INSERT INTO mine SELECT id, member_id FROM note WHERE id = 1;`,
    });
    expect((await upgrade(file)).error?.message).toContain('mine (a, b) can no longer be checked');
  });
});

describe('a file in which that has happened', () => {
  /** As a version that did not ask left it: all steps are committed, the phase is not reached. */
  async function leftHalf(): Promise<{ file: string; first: RunReport }> {
    const file = makeShop(folder);
    const first = await upgrade(file);
    expect(first.error).toBeUndefined();
    change(file, favourites(1, 19, 29));
    return { file, first };
  }

  it('is not finished by continuing, whose backup has them already', async () => {
    const { file } = await leftHalf();
    change(file, `DELETE FROM _phasewise_checkpoints WHERE phase = 2`);

    const report = await upgrade(file);

    expect(report.error?.message).toContain('favourite (note): 2 rows, to 19, 29. Those rows are kept whole');
    expect(report.backup).not.toBeNull();
    expect(unmet(file, report)).toEqual([expect.stringContaining('references: Rows refer to rows that are gone.')]);
    change(file, `DELETE FROM favourite WHERE note <> 1`);
    expect((await upgrade(file)).error).toBeUndefined();
  });

  it('does not pass the verdict, with a backup or without one', async () => {
    const { file, first } = await leftHalf();
    expect(unmet(file, first)[0]).toContain('references: ');
    expect(unmet(file, { backup: null })).toEqual([expect.stringContaining('favourite (note): 2 rows, to 19, 29')]);
  });
});

it('the verdict compares what leads nowhere with the backup', async () => {
  const file = makeShop(folder, { extra: favourites(1) });
  const report = await upgrade(file);
  expect(unmet(file, report)).toEqual([]);

  change(file, `DELETE FROM note WHERE id = 1`);

  expect(unmet(file, report)).toEqual([
    'references: Rows refer to rows that are gone. favourite (note): 1 now, 0 before.',
    expect.stringContaining('kept: '),
  ]);
});
