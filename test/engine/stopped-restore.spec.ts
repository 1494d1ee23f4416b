import fs from 'node:fs';
import path from 'node:path';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { type AppError, type Result, safetyText } from '@shared/errors.ts';
import type { Events } from '@shared/channels.ts';
import type { RestoreIntent } from '@shared/restore-intent.ts';
import { writeIntent } from '@engine/intent.ts';
import { buildEngine } from '../support/engine-child.ts';
import { folderState } from '../support/folder-state.ts';
import { closeHosts, realHost } from '../support/real-host.ts';
import { temporaryFolder } from '../support/temporary.ts';

/** Up to its point of no return each restore can be stopped, by the real engine's ways; from there on it is not ended. */

const folder = temporaryFolder();
beforeAll(buildEngine);
afterEach(closeHosts);

function must<T>(result: Result<T>): T {
  if (result.ok) return result.value;
  throw new Error(`${result.error.code}: ${result.error.message}`);
}
const errorOf = (result: Result<unknown>): AppError | null => (result.ok ? null : result.error);

/** Files beside the database, with all that would show a change; of folders, what lies in them. */
function besides(file: string): Record<string, unknown> {
  const parent = path.dirname(file);
  const told = Object.entries(folderState(parent)).filter(([name]) => name !== '.' && name !== 'data');
  const isFolder = (name: string) => fs.statSync(path.join(parent, name)).isDirectory();
  return Object.fromEntries(
    told.map(([name, state]) => [name, isFolder(name) ? fs.readdirSync(path.join(parent, name)) : state]),
  );
}

/** A file that was changed after it was backed up. */
async function backedUp() {
  const made = realHost(folder, 'delete');
  const { file, host, database } = made;
  const backup = must(await host.backups.create(database));
  /** Wishes to stop it as soon as that is told, and no sooner than `isTime`. */
  const stopAt = (words: string, isStoppable: boolean, isTime = () => true) => {
    let stopped: Result<unknown> | undefined;
    let at = 0;
    let [wasStoppable, wasTime] = [false, false];
    host.events.on((name, payload) => {
      const work = name === 'work:changed' ? (payload as Events['work:changed']).work : null;
      wasStoppable ||= work?.canCancel === true;
      if (work?.now !== words || work.canCancel !== isStoppable || !wasStoppable || stopped !== undefined) return;
      const deadline = Date.now() + 10_000;
      while (!isTime() && Date.now() < deadline);
      at = Date.now();
      wasTime = isTime();
      stopped = host.ongoing.cancel(database);
    });
    return { answer: () => stopped, wasTime: () => wasTime, tookMs: () => Date.now() - at };
  };
  return { ...made, file, host, database, backup, stopAt };
}

describe('the finishing of an interrupted restore', () => {
  async function interrupted() {
    const made = await backedUp();
    const { file, backup } = made;
    const handle = fs.openSync(file, 'r+');
    fs.writeSync(handle, Buffer.from([0x09]), 0, 1, 71); // another user version
    fs.closeSync(handle);
    const intent: RestoreIntent = {
      ...{ format: 'phasewise-restore 1', startedAt: '2026-01-01T00:00:00.000Z', databaseName: path.basename(file) },
      ...{ way: 'in-place', source: 'backup', backupPath: backup.path, sha256: backup.sha256 },
      ...{ files: [], quarantine: null, beforePath: null },
    };
    writeIntent(file, intent);
    return made;
  }

  it('can be stopped while it backs up what is there: file and note stay as they were', async () => {
    const { file, host, database, backup, stopAt } = await interrupted();
    const before = besides(file);
    const stop = stopAt('Backing up what will be replaced', true);

    const error = errorOf(await host.recoveries.finish(database));

    expect(stop.answer()).toEqual({ ok: true, value: {} });
    expect(stop.tookMs()).toBeLessThan(2_000);
    expect(error).toMatchObject({
      ...{ code: 'E_RESTORE_UNFINISHED', safety: safetyText.unknown, details: { backup: backup.path } },
      message:
        'It was stopped before it replaced anything more: the restore of project.db is as unfinished as it was, and can be finished later.',
    });
    expect(besides(file)).toEqual(before);
    must(await host.recoveries.finish(database));
    expect(fs.readFileSync(file).subarray(68, 72)).toEqual(fs.readFileSync(backup.path).subarray(68, 72));
    expect(fs.existsSync(intentFile(file))).toBe(false);
  });

  it('is seen through once it has begun to replace', async () => {
    const { file, host, database, stopAt } = await interrupted();
    const stop = stopAt('Putting the backup back', false);

    must(await host.recoveries.finish(database));

    expect(stop.answer()).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });
    expect(fs.existsSync(intentFile(file))).toBe(false);
  });
});

describe('what copies files beside the database first', () => {
  async function damaged() {
    const made = await backedUp();
    const old = Buffer.alloc(8_000_000, 7);
    fs.writeFileSync(made.file, old);
    const isCopied = () => fs.readdirSync(path.dirname(made.file)).some((name) => name.includes(' replacing-'));
    return { ...made, old, isCopied };
  }

  it('a restore by file, can be stopped then, and its copies go', async () => {
    const { file, host, database, backup, stopAt, isCopied } = await damaged();
    const before = besides(file);
    const stop = stopAt('Backing up what will be replaced', true, isCopied);

    const error = errorOf(await host.backups.restore(database, backup.id, database.name));

    expect([stop.wasTime(), isCopied(), stop.answer()]).toEqual([true, false, { ok: true, value: {} }]);
    expect(error).toMatchObject({ code: 'E_CANCELLED', message: 'It was stopped before anything was replaced.' });
    expect(besides(file)).toEqual(before);
  });

  it('the undoing of one too, and nothing of what is there is opened', async () => {
    const { file, host, database, backup, stopAt, isCopied } = await damaged();
    const { replacedFolder } = must(await host.backups.restore(database, backup.id, database.name));
    const shown = replacedFolder ?? '';
    fs.writeFileSync(`${file}-journal`, Buffer.alloc(512)); // whoever opens the file takes it away
    const before = besides(file);
    const stop = stopAt('Copying the old files, and what they will replace', true, isCopied);

    const error = errorOf(await host.backups.putBack(database, database.name, shown));

    expect([stop.wasTime(), isCopied(), stop.answer()]).toEqual([true, false, { ok: true, value: {} }]);
    expect(stop.tookMs()).toBeLessThan(2_000);
    expect(error).toMatchObject({
      ...{ code: 'E_CANCELLED', message: 'It was stopped before anything was replaced.' },
      safety: safetyText.untouched,
    });
    expect(besides(file)).toEqual(before);
  });

  it('an undoing that has begun to replace is seen through', async () => {
    const { file, host, database, backup, stopAt, old } = await damaged();
    const { replacedFolder } = must(await host.backups.restore(database, backup.id, database.name));
    const stop = stopAt('Putting the old files back', false);

    must(await host.backups.putBack(database, database.name, replacedFolder ?? ''));

    expect(stop.answer()).toMatchObject({ ok: false, error: { code: 'E_RUN_ACTIVE' } });
    expect(fs.readFileSync(file).equals(old)).toBe(true);
  });
});
