import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { safetyText } from '@shared/errors.ts';
import { endingOf } from '../../support/engine/ends-well.ts';
import { askOne, backupFolderOf, makeShop, manyChunks, upgradeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Another database under the path, or the path of another folder, while we are at work: as synchronising programs do. */

const folder = temporaryFolder();

interface Place {
  readonly file: string;
  /** Where the database that was opened is by now. */
  readonly moved: string;
  readonly meddle: () => void;
}

/** Of the same family, of other rows; sound, so that nothing but its inode tells it from the right one. */
function replacedByAnother(): Place {
  const file = makeShop(folder);
  const other = makeShop(folder, { members: 7 });
  const moved = `${file}.moved`;
  const meddle = (): void => {
    fs.renameSync(file, moved);
    fs.copyFileSync(other, file);
  };
  return { file, moved, meddle };
}

/** The folder has another name; backups and locks lie elsewhere. */
function inARenamedFolder(): Place {
  const shop = makeShop(folder);
  const project = path.join(path.dirname(shop), 'project');
  fs.mkdirSync(project);
  const file = path.join(project, 'shop.db');
  fs.renameSync(shop, file);
  return {
    file,
    moved: path.join(`${project} moved`, 'shop.db'),
    meddle: () => fs.renameSync(project, `${project} moved`),
  };
}

const ways: [string, () => Place, isGone: boolean][] = [
  ['replaced by another sound database', replacedByAnother, false],
  ['in a folder that is renamed', inARenamedFolder, true],
];
const elsewhere = (file: string) => {
  const place = path.dirname(path.dirname(file));
  return {
    backupFolder: path.join(place, `backups of ${path.basename(path.dirname(file))}`),
    lockFolder: path.join(place, 'locks'),
  };
};

describe.each(ways)('K14 K15: a database that is %s', (_, setUp, isGone) => {
  it.each(['locked', 'backed-up'])('at "%s": refused, and neither of the two is changed', async (at) => {
    const { file, moved, meddle } = setUp();
    const before = fs.readFileSync(file);
    let [isDone, theirs] = [false, Buffer.alloc(0)];
    const probe = (point: string): void => {
      if (isDone || point !== at) return;
      isDone = true;
      meddle();
      if (!isGone) theirs = fs.readFileSync(file);
    };

    const ending = await upgradeShop(file, { input: elsewhere(file), more: { probe } }).catch(
      (error: unknown) => error,
    );

    const code = ending as { error?: { code: string }; appError?: { code: string } };
    expect([isDone, code.error?.code ?? code.appError?.code]).toEqual([true, 'E_PATH_CHANGED']);
    expect(fs.readFileSync(moved).equals(before)).toBe(true);
    if (isGone) expect(fs.existsSync(file)).toBe(false);
    else expect(fs.readFileSync(file).equals(theirs)).toBe(true);
  });

  it.each(['step-up', 'chunk', 'step-closing', 'checkpoint'])(
    'at "%s": ends at a whole step of the one that was opened, and the other one is not touched',
    async (at) => {
      const { file, moved, meddle } = setUp();
      let [isDone, theirs] = [false, Buffer.alloc(0)];
      const probe = (point: string): void => {
        if (isDone || point !== at) return;
        isDone = true;
        meddle();
        if (!isGone) theirs = fs.readFileSync(file);
      };

      const report = await upgradeShop(file, { input: elsewhere(file), more: { tuning: manyChunks, probe } });

      expect([isDone, report.ok, report.error?.code]).toEqual([true, false, 'E_PATH_CHANGED']);
      // The file at that path is another one, or none: nobody calls it safe.
      expect(report.error?.safety).toBe(safetyText['moved-away']);
      expect(report.error?.message).toMatch(isGone ? / is gone: / : /moved or replaced/);
      expect(askOne(moved, 'PRAGMA integrity_check')).toBe('ok');
      expect(askOne(moved, 'SELECT count(*) FROM member')).toBe(30);
      if (!isGone) expect(fs.readFileSync(file).equals(theirs)).toBe(true);

      // Back at its place, it goes on: what was taken back was taken back whole.
      fs.rmSync(isGone ? path.dirname(file) : file, { recursive: true, force: true });
      fs.renameSync(isGone ? path.dirname(moved) : moved, isGone ? path.dirname(file) : file);
      const again = await upgradeShop(file, { input: elsewhere(file), more: { tuning: manyChunks } });
      expect(again.error).toBeUndefined();
      expect(askOne(file, `SELECT count(*) FROM note WHERE touched <> 1`)).toBe(0);
    },
  );
});

it('K14: another database that comes between plan and lock is not taken for the one that was planned', async () => {
  const { file, moved, meddle } = replacedByAnother();
  const before = fs.readFileSync(file);

  const ending = await endingOf(file, shopPack(), { toPhase: 1, afterPlan: meddle });

  expect(ending).toMatchObject({ kind: 'refused', code: 'E_STATE_CHANGED' });
  expect(fs.readFileSync(moved).equals(before)).toBe(true);
  expect(askOne(file, `SELECT count(*) FROM member`)).toBe(7);
  expect(askOne(file, `SELECT count(*) FROM sqlite_schema WHERE name LIKE '!_phasewise!_%' ESCAPE '!'`)).toBe(0);
  expect(fs.existsSync(backupFolderOf(file))).toBe(false);
});
