import { spawn, spawnSync } from 'node:child_process';
import fs from 'node:fs';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { isRecoveryCopy } from '@shared/beside.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { GatedFile } from '@engine/gate.ts';
import { startOf } from '@engine/process-life.ts';
import { keepBeforeRecovery } from '@engine/recovery-copy.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { askOne, backupFolderOf, makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { dieInTheMiddleOfAWrite, manyRows, otherProgram } from '../../support/other-program.ts';
import { isThere, temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();

const copiesIn = (file: string): string[] =>
  fs.existsSync(backupFolderOf(file)) ? fs.readdirSync(backupFolderOf(file)).filter(isRecoveryCopy) : [];

it('J02: database and journal are copied as they were found before an upgrade lets SQLite play the journal back', async () => {
  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  await other.kill();
  const found = ['', '-journal'].map((suffix) => fs.readFileSync(file + suffix));
  const events: EngineRunEvent[] = [];

  const report = await upgradeShop(file, { events });

  expect(report.ok).toBe(true);
  expect(isThere(`${file}-journal`)).toBe(false);
  expect(askOne(file, `SELECT count(*) FROM many WHERE text = 'half written'`)).toBe(0);
  const [copy = ''] = copiesIn(file);
  const kept = path.join(backupFolderOf(file), copy);
  expect(['', '-journal'].map((suffix) => fs.readFileSync(path.join(kept, `shop.db${suffix}`)))).toEqual(found);
  expect(events).toContainEqual({ type: 'recovery-copy', folder: fs.realpathSync(kept) });
});

it('nothing is copied without such a journal, and nothing stays while its writer is alive', async () => {
  const calm = makeShop(folder);
  await upgradeShop(calm);
  expect(copiesIn(calm)).toEqual([]);

  const file = makeShop(folder, { extra: manyRows(2_000) });
  const other = await otherProgram(file, dieInTheMiddleOfAWrite);
  expect(await codeOfPromise(upgradeShop(file))).toMatch(/^E_DB_(BUSY|IN_USE)$/);
  expect(copiesIn(file)).toEqual([]);
  await other.kill();
});

describe('a folder of such copies that is being filled', () => {
  const gated = (file: string) => ({ path: file, sidecars: { isJournalHot: true } }) as GatedFile;
  /** What a host is doing in this folder, as it would have named it; the copy in it. */
  function filling(mark: string | null): { file: string; backups: string; other: string } {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    const other = path.join(
      backups,
      `shop 2026-11-21 12.00.00 before recovery${mark === null ? '' : `.${mark}`}.filling`,
    );
    fs.mkdirSync(other, { recursive: true });
    fs.writeFileSync(path.join(other, 'shop.db'), 'half');
    return { file, backups, other };
  }
  /** How this computer marks its own, learned from what it does. */
  function ownComputer(): string {
    const file = makeShop(folder);
    let seen = '';
    const copy = fs.copyFileSync;
    vi.spyOn(fs, 'copyFileSync').mockImplementation((from, to, mode) => {
      seen = /\.([0-9a-f]{8})-\d+-\d*\.filling/.exec(String(to))?.[1] ?? '';
      copy(from, to, mode);
    });
    keepBeforeRecovery(gated(file), backupFolderOf(file));
    vi.restoreAllMocks();
    return seen;
  }

  it('is left to another host that is at work on it, and to another computer', () => {
    const living = spawn('sleep', ['30']);
    const pid = living.pid ?? 0;
    for (const mark of [`${ownComputer()}-${pid}-${startOf(pid)}`, '00000000-1-1']) {
      const { file, backups, other } = filling(mark);
      keepBeforeRecovery(gated(file), backups);
      expect(fs.existsSync(path.join(other, 'shop.db'))).toBe(true);
    }
    living.kill('SIGKILL');
  });

  it('is swept when its process is gone, its id is another one by now, or nobody has written to it for long', () => {
    const on = ownComputer();
    const dead = spawnSync('true').pid;
    for (const mark of [`${on}-${dead}-1`, `${on}-${process.pid}-1`, '00000000-1-1', null]) {
      const { file, backups, other } = filling(mark);
      const old = new Date(Date.now() - 2 * 3_600_000);
      for (const each of [path.join(other, 'shop.db'), other]) fs.utimesSync(each, old, old);
      keepBeforeRecovery(gated(file), backups);
      expect(fs.existsSync(other)).toBe(false);
    }
  });

  it('that is taken away meanwhile is no reason to go on without one; a journal that went is', () => {
    const copy = fs.copyFileSync;
    for (const isTaken of [true, false]) {
      const file = makeShop(folder);
      fs.writeFileSync(`${file}-journal`, Buffer.alloc(600, 0xd9));
      vi.spyOn(fs, 'copyFileSync').mockImplementationOnce((from, to, mode) => {
        if (isTaken) fs.rmSync(path.dirname(String(to)), { recursive: true });
        else fs.rmSync(`${file}-journal`);
        copy(isTaken ? from : `${file}-journal`, to, mode);
      });
      const keep = () => keepBeforeRecovery(gated(file), backupFolderOf(file));

      if (isTaken) expect(codeOf(keep)).toBe('E_BACKUP_FOLDER');
      else expect(keep()).toBeNull();
      vi.restoreAllMocks();
      expect(copiesIn(file)).toEqual([]);
    }
  });

  it('gets another name when that of the copy was taken meanwhile', () => {
    const file = makeShop(folder);
    const backups = backupFolderOf(file);
    const first = keepBeforeRecovery(gated(file), backups);
    const second = keepBeforeRecovery(gated(file), backups);
    expect(second).not.toBe(first);
    expect(copiesIn(file)).toHaveLength(2);
  });
});
