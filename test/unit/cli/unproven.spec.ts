import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { readHistory } from '@host/run-history.ts';
import { isWrittenSince } from '@host/written-since.ts';
import { migrate } from '../../../electron/cli/migrate.ts';
import { keepFolder } from '../../support/kept-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const engineFile = path.resolve(import.meta.dirname, '../../../.vite/build/engine.cjs');
const folder = temporaryFolder();
const hosts: Host[] = [];
const closeHosts = () => hosts.splice(0).forEach((host) => host.close());
afterEach(closeHosts);

/** A host, a sample below `home`, and how to ask for its upgrade. */
function houseAt(home: string) {
  const dataFolder = path.join(home, 'data');
  const host = createHost({ dataFolder, appVersion: '0', spawn: spawnWithNode(engineFile) });
  hosts.push(host);
  const file = path.join(home, 'sample.db');
  const make = () => host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer;
  const command = { name: 'migrate', file, backupFolder: null, yes: true, contract: false } as const;
  const ask = (to = 1) => migrate(host, { ...command, to, source: { kind: 'none' } });
  const stay = async () => {
    const database = host.databases.open(file);
    return database.ok && host.recoveries.stay(database.value);
  };
  return { file, dataFolder, make, ask, stay };
}

/** An upgraded sample. */
async function upgradedNow() {
  const home = mkdtempSync(path.join(folder, 'home-'));
  const house = houseAt(home);
  await house.make();
  expect((await house.ask()).json).toMatchObject({ ok: true, verified: true });
  return { home, ...house };
}

let kept: { readonly home: string; readonly putBack: () => void } | undefined;
/** The same, upgraded once for all cases: a copy of it at its place, and a host that has just started. */
async function upgraded() {
  if (kept === undefined) {
    const { home } = await upgradedNow();
    closeHosts();
    kept = { home, putBack: keepFolder(home) };
  }
  closeHosts(); // a case may take two
  kept.putBack();
  return houseAt(kept.home);
}

/** As if Phasewise had been killed between the last step and the verdict. */
function forgetVerdict(dataFolder: string): void {
  const [runs = ''] = readdirSync(path.join(dataFolder, 'runs'), { recursive: true, encoding: 'utf8' })
    .filter((name) => name.endsWith('.jsonl'))
    .map((name) => path.join(dataFolder, 'runs', name));
  const lines = readFileSync(runs, 'utf8').trim().split('\n');
  writeFileSync(runs, `${lines.slice(0, -1).join('\n')}\n`);
}

const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const ELSEWHERE = `UPDATE projects SET name = name || ' (changed)' WHERE rowid = (SELECT min(rowid) FROM projects)`;

const REMOVE_FILE = `DELETE FROM assets WHERE id = (SELECT max(final_asset_id) FROM run_candidates)`;

describe.skipIf(!existsSync(engineFile))('"there is nothing to do", after a run that never got its verdict', () => {
  it('is said only after the comparison with its backup, too', async () => {
    const { file, dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    change(file, ELSEWHERE);

    const ended = await ask();
    expect(ended).toMatchObject({ exitCode: 1, json: { ok: false, verified: false } });
    expect(ended.json).toMatchObject({ error: { code: 'E_VERIFY_FAILED' } });
    expect(JSON.stringify(ended.json)).not.toContain('Your data is as it was');
  });

  it('names the other program, where one has written since the run let go of the file', async () => {
    const { file, dataFolder, ask } = await upgradedNow(); // no copy has its time of writing
    const [report] = readHistory(dataFolder, file, () => false);
    expect(report?.leftAs).toBeDefined();
    expect(await isWrittenSince(file, report?.leftAs)).toBe(false);
    forgetVerdict(dataFolder);
    change(file, ELSEWHERE);
    expect(await isWrittenSince(file, report?.leftAs)).toBe(true);
    expect((await ask()).json).toMatchObject({
      error: { message: expect.stringContaining('Another program has written'), details: { isWritten: true } },
    });
  });

  it('is not held against what other programs wrote after a verdict, also one that was asked for later', async () => {
    const { file, dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    const checked = await ask();
    expect(checked.json).toMatchObject({ ok: true, verified: true });
    expect(checked.text).toMatch(
      /^The check that was missing was made, and holds: .*\nThe backup from before: .*\.db$/,
    );
    change(file, ELSEWHERE);
    expect((await ask()).json).toMatchObject({ ok: true, verified: true });
  });

  it('is not the end where a tool has removed a file that rows name: that is done again, behind a backup', async () => {
    const { file, ask } = await upgraded();
    change(file, REMOVE_FILE);
    const repaired = await ask();
    expect(repaired).toMatchObject({ exitCode: 0, json: { ok: true, verified: true, backup: { verified: true } } });
    expect(repaired.json).toMatchObject({ migrations: [{ id: '20260221_0011_rename_candidates' }] });
  });

  it('is not done again where the question of that run is open', async () => {
    const { file, dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    change(file, REMOVE_FILE);
    expect((await ask()).json).toMatchObject({ ok: false, backup: null, error: { code: 'E_VERIFY_FAILED' } });
  });

  it('and what was noted of it cannot be read: then nobody may say that nothing is open', async () => {
    const { dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    const runs = path.join(dataFolder, 'runs');
    const [key = ''] = readdirSync(runs);
    rmSync(path.join(runs, key), { recursive: true });
    writeFileSync(path.join(runs, key), '');

    for (const phase of [1, 2]) {
      const { json } = await ask(phase);
      expect(json).toMatchObject({ ok: false, verified: false, error: { code: 'E_DATA_FOLDER' } });
    }
  });

  it('and its backup was deleted: nobody can compare, which is not called verified before a person leaves it at that', async () => {
    const { file, dataFolder, ask, stay } = await upgraded();
    forgetVerdict(dataFolder);
    rmSync(`${file} backups`, { recursive: true });
    expect((await ask()).json).toMatchObject({ ok: false, verified: false, error: { code: 'E_VERIFY_FAILED' } });

    expect(await stay()).toMatchObject({ ok: true });
    expect((await ask()).json).toMatchObject({ ok: true });
  });
});

describe.skipIf(!existsSync(engineFile))('going on to a later phase, after a part that never got its verdict', () => {
  it('compares with before the first part, too: the backup of its own has the loss already', async () => {
    const { file, dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    change(file, ELSEWHERE);

    const { exitCode, json } = await ask(2);

    expect(exitCode).toBe(1);
    expect(json).toMatchObject({ ok: false, verified: false, toPhase: 2, error: { code: 'E_VERIFY_FAILED' } });
    expect(JSON.stringify(json)).toContain('If another program has used the file between the parts of this upgrade');
    expect((await ask(2)).json).toMatchObject({ ok: false, error: { code: 'E_VERIFY_FAILED' } });
  });

  it('says no where the backup from before the first part is gone', async () => {
    const { file, dataFolder, ask } = await upgraded();
    forgetVerdict(dataFolder);
    rmSync(`${file} backups`, { recursive: true });

    const { json } = await ask(2);

    expect(json).toMatchObject({ ok: false, verified: false, error: { code: 'E_VERIFY_FAILED' } });
    expect(JSON.stringify(json)).toContain('No backup lies at its place any more');
  });

  it('holds where nothing was lost on the whole way, and where a person has left the first part at that', async () => {
    const whole = await upgraded();
    forgetVerdict(whole.dataFolder);
    expect((await whole.ask(2)).json).toMatchObject({ ok: true, verified: true });

    const accepted = await upgraded();
    forgetVerdict(accepted.dataFolder);
    change(accepted.file, ELSEWHERE);
    await accepted.stay();
    expect((await accepted.ask(2)).json).toMatchObject({ ok: true, verified: true });
  });
});
