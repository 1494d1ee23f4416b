import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { intentFile } from '@shared/beside.ts';
import { backupDatabase } from '@engine/backups.ts';
import type { FromEngine } from '@engine/protocol.ts';
import { putBackReplaced } from '@engine/put-back.ts';
import { serveRequests } from '@engine/requests.ts';
import { askOne, backupFolderOf, makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { folderState } from '../../support/folder-state.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const packs = [shopPack()];

/** A restore that the host has asked for, up to the point of no return. */
async function restoring(prepare: (file: string) => void = () => {}) {
  const file = makeShop(folder);
  const backupFolder = backupFolderOf(file);
  const { path: backupPath } = await backupDatabase(
    { path: file, folder: backupFolder, reason: 'by hand', runId: null, appVersion: '0' },
    packs,
  );
  prepare(file);
  const said: FromEngine[] = [];
  const server = serveRequests(packs, (message) => said.push(message));
  const input = { backupPath, path: file, backupFolder, appVersion: '0', allowForeign: false, asksToProceed: true };
  server.receive({ type: 'request', id: 1, name: 'restore', input });
  const asks = () => said.some((message) => message.type === 'work' && message.work.asksToProceed === true);
  while (!asks()) await wait(5);
  const answer = () => said.find((message) => message.type === 'answer');
  return { file, server, answer, said };
}

describe.each([
  ['of a readable file', () => {}],
  ['of a missing file', (file: string) => fs.rmSync(file)],
])('the point of no return of a restore %s', (_, prepare) => {
  it('is not passed before the host has said so', async () => {
    const { file, server, answer } = await restoring(prepare);
    const before = fs.existsSync(file) && fs.readFileSync(file);
    await wait(60);
    expect([answer(), fs.existsSync(intentFile(file)), fs.existsSync(file) && fs.readFileSync(file)]).toEqual([
      undefined,
      false,
      before,
    ]);

    server.receive({ type: 'proceed' });
    while (answer() === undefined) await wait(5);

    expect(answer()?.result).toMatchObject({ ok: true });
    expect(askOne(file, `SELECT count(*) FROM note`)).toBe(90);
  });

  it('comes after the host has heard which backup there is of what will be replaced', async () => {
    const { file, said, server } = await restoring(prepare);
    const works = said.flatMap((message) => (message.type === 'work' ? [message.work] : []));
    const saved = works.flatMap(({ backup }) => (backup === undefined ? [] : [backup]));
    expect(saved).toMatchObject(
      fs.existsSync(file) ? [{ reason: 'before restore', databasePath: file, verified: true }] : [],
    );
    expect(works.at(-1)).toMatchObject({ asksToProceed: true });
    await server.leave();
  });

  it('is never passed by one whose host has gone', async () => {
    const { file, server, answer } = await restoring(prepare);
    const before = fs.existsSync(file) && fs.readFileSync(file);

    await server.leave();

    expect(answer()?.result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(fs.existsSync(intentFile(file))).toBe(false);
    expect(fs.existsSync(file) && fs.readFileSync(file)).toEqual(before);
  });
});

const filesBeside = (file: string) =>
  Object.entries(folderState(path.dirname(file))).filter(([name]) => name.startsWith(path.basename(file)));

describe.each(['finishRestore', 'putBack'] as const)('the point of no return of %s', (name) => {
  /** A file whose old content comes back; with a note, where that was interrupted. */
  async function asking() {
    const file = makeShop(folder);
    const aside = `${file} replaced-Abc123`;
    fs.mkdirSync(aside);
    fs.writeFileSync(path.join(aside, path.basename(file)), 'as it was');
    const request = { path: file, backupFolder: backupFolderOf(file) };
    const end = (point: string): void => {
      if (point === 'intended') throw new Error('ended here');
    };
    if (name === 'finishRestore')
      await expect(putBackReplaced({ ...request, folder: aside }, { probe: end })).rejects.toThrow('ended here');
    const before = filesBeside(file);
    const said: FromEngine[] = [];
    const server = serveRequests(packs, (message) => said.push(message));
    const input = { ...request, folder: aside, appVersion: '0', asksToProceed: true };
    server.receive({ type: 'request', id: 1, name, input });
    const works = () => said.flatMap((message) => (message.type === 'work' ? [message.work] : []));
    while (works().at(-1)?.asksToProceed !== true) await wait(5);
    const answer = () => said.find((message) => message.type === 'answer');
    return { file, server, works, answer, before };
  }

  it('is asked for behind all copying and comparing, and not passed before the host has said so', async () => {
    const { file, server, works, answer } = await asking();
    await wait(60);
    expect([answer(), fs.readFileSync(file).length > 100]).toEqual([undefined, true]);
    expect(works().map(({ canCancel }) => canCancel)).toEqual(name === 'putBack' ? [true, false] : [false]);
    expect(fs.existsSync(`${file}.restore-stage`)).toBe(true);

    server.receive({ type: 'proceed' });
    while (answer() === undefined) await wait(5);

    expect(answer()?.result).toMatchObject({ ok: true });
    expect(fs.readFileSync(file, 'utf8')).toBe('as it was');
  });

  it('is never passed by one whose host has gone: file and note stay, and no copy of its own', async () => {
    const { file, server, answer, before } = await asking();

    await server.leave();

    expect(answer()?.result).toMatchObject({ ok: false, error: { code: 'E_CANCELLED' } });
    expect(filesBeside(file)).toEqual(before);
  });
});
