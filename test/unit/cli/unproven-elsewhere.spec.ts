import { cpSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { migrate } from '../../../electron/cli/migrate.ts';
import { buildEngine, engineBundle } from '../../support/engine-child.ts';
import { keepFolder } from '../../support/kept-folder.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/**
 * What an upgrade goes on from is told by the runs that the file itself names: also where it was renamed, carried to
 * another computer, or is what a restore has put back, so that no journal of its path knows of them.
 */

beforeAll(buildEngine, 60_000);
const folder = temporaryFolder();
const hosts: Host[] = [];
const closeHosts = () => hosts.splice(0).forEach((host) => host.close());
afterEach(closeHosts);

const newHome = () => mkdtempSync(path.join(folder, 'home-'));

/** A computer with a data folder of its own. */
function computer(home = newHome()) {
  const dataFolder = path.join(home, 'data');
  const host = createHost({ dataFolder, appVersion: '0', spawn: spawnWithNode(engineBundle) });
  hosts.push(host);
  const at = (name: string) => {
    const file = path.join(home, name);
    const command = { name: 'migrate', file, backupFolder: null, yes: true, contract: false } as const;
    const ask = (to: number) => migrate(host, { ...command, to, source: { kind: 'none' } });
    const opened = () => {
      const database = host.databases.open(file);
      if (!database.ok) throw new Error(database.error.message);
      return database.value;
    };
    return { file, ask, opened };
  };
  return { home, dataFolder, host, at };
}

const change = (file: string, sql: string) => new Database(file).exec(sql).close();
const lose = (file: string) => change(file, `UPDATE projects SET name = name || ' (changed)' WHERE rowid = 1`);

type End = 'verified' | 'without a verdict' | 'killed in the middle';

let kept: { readonly home: string; readonly putBack: () => void } | undefined;
/** A sample upgraded to phase 1: once for all cases, then a copy of it at its place. */
async function upgradedOnce() {
  if (kept === undefined) {
    const { home, host, at } = computer();
    const { file, ask } = at('sample.db');
    await host.engines.askAlone(file, 'sample', { path: file, packId: 'kroma', seed: 1 }).answer;
    expect((await ask(1)).json).toMatchObject({ ok: true, verified: true });
    closeHosts();
    kept = { home, putBack: keepFolder(home) };
  }
  kept.putBack();
  return computer(kept.home);
}

/** The same, and how that ended. The journal's last line is its report. */
async function upgraded(end: End) {
  const house = await upgradedOnce();
  const sample = house.at('sample.db');
  const runs = path.join(house.dataFolder, 'runs');
  const [journal = ''] = readdirSync(runs, { recursive: true, encoding: 'utf8' }).filter((name) =>
    name.endsWith('.jsonl'),
  );
  const lines = readFileSync(path.join(runs, journal), 'utf8').trim().split('\n');
  const until = { verified: lines.length, 'without a verdict': -1, 'killed in the middle': -2 }[end];
  writeFileSync(path.join(runs, journal), `${lines.slice(0, until).join('\n')}\n`);
  if (end === 'killed in the middle') change(sample.file, `UPDATE _phasewise_runs SET state = 'running'`);
  return { ...house, sample };
}

const backupsOf = (file: string) => `${file} backups`;

/** The file and its backups under another name. */
function rename(house: Awaited<ReturnType<typeof upgraded>>) {
  const moved = house.at('moved.db');
  renameSync(house.sample.file, moved.file);
  renameSync(backupsOf(house.sample.file), backupsOf(moved.file));
  return moved;
}

/** A copy of the file on another computer, with or without its backups. */
function carry({ sample }: Awaited<ReturnType<typeof upgraded>>, hasBackups: boolean) {
  const other = computer();
  const copy = other.at('sample.db');
  cpSync(sample.file, copy.file);
  if (hasBackups) cpSync(backupsOf(sample.file), backupsOf(copy.file), { recursive: true });
  return { ...other, copy };
}

const unproven = { exitCode: 1, json: { ok: false, verified: false, error: { code: 'E_VERIFY_FAILED' } } };
const BETWEEN = 'Compared with before this part, everything is as it should be';

describe('going on with an interrupted upgrade compares with the backup from before its first part', () => {
  it('after its half upgraded backup was put back', async () => {
    const { host, sample } = await upgraded('killed in the middle');
    const [first] = await listed(host, sample);
    lose(sample.file);
    await sample.ask(2);
    const halfUpgraded = (await listed(host, sample)).find(({ runId }) => runId !== first?.runId);
    const restored = await host.backups.restore(sample.opened(), halfUpgraded?.id ?? '', 'sample.db');
    expect(restored.ok).toBe(true);

    const ended = await sample.ask(2);

    expect(ended).toMatchObject(unproven);
    expect(JSON.stringify(ended.json)).toContain(BETWEEN);
    expect((await sample.ask(2)).json).toMatchObject({ verified: false });
  });

  it('on another computer, where the backups were carried along', async () => {
    const house = await upgraded('killed in the middle');
    lose(house.sample.file);
    const { copy } = carry(house, true);
    const ended = await copy.ask(2);
    expect(ended).toMatchObject(unproven);
    expect(JSON.stringify(ended.json)).toContain(BETWEEN);
    expect(await copy.ask(2)).toMatchObject(unproven);
  });

  it('and says no on another computer where there is none', async () => {
    const { copy } = carry(await upgraded('killed in the middle'), false);
    const ended = await copy.ask(2);
    expect(ended).toMatchObject(unproven);
    expect(JSON.stringify(ended.json)).toContain('No backup lies at its place any more');
  });

  it('under another name', async () => {
    const house = await upgraded('killed in the middle');
    lose(house.sample.file);
    const ended = await rename(house).ask(2);
    expect(ended).toMatchObject(unproven);
    expect(JSON.stringify(ended.json)).toContain(BETWEEN);
  });

  it('and is proven by that where nothing was lost', async () => {
    const house = await upgraded('killed in the middle');
    expect(await carry(house, true).copy.ask(2)).toMatchObject({ exitCode: 0, json: { ok: true, verified: true } });
    expect(await rename(house).ask(2)).toMatchObject({ exitCode: 0, json: { ok: true, verified: true } });
  });
});

describe('"there is nothing to do", of a file whose last run never got its verdict', () => {
  it('is said under another name only after the comparison, and the question is asked there', async () => {
    const house = await upgraded('without a verdict');
    lose(house.sample.file);
    const moved = rename(house);
    expect(await house.host.recoveries.get(moved.opened())).toMatchObject({ kind: 'upgrade', state: 'unproven' });
    expect(await moved.ask(1)).toMatchObject(unproven);
    expect(await house.host.recoveries.check(moved.opened())).toMatchObject({
      value: { error: { code: 'E_VERIFY_FAILED' } },
    });
  });

  it('is verified under another name where the comparison holds, which is noted', async () => {
    const house = await upgraded('without a verdict');
    const moved = rename(house);
    expect(await moved.ask(1)).toMatchObject({ exitCode: 0, json: { verified: true } });
    lose(moved.file); // another program's work by now
    expect(await moved.ask(1)).toMatchObject({ exitCode: 0, json: { verified: true } });
    expect(await house.host.recoveries.get(moved.opened())).toBeNull();
  });

  it('notes of a copy what is true of the copy alone', async () => {
    const { host, sample, at } = await upgraded('without a verdict');
    const copy = at('copy.db');
    cpSync(sample.file, copy.file);
    lose(sample.file);
    expect(await copy.ask(1)).toMatchObject({ exitCode: 0 });
    expect(await host.recoveries.get(copy.opened())).toBeNull();
    expect(await sample.ask(1)).toMatchObject(unproven);
  });

  it('does not claim on another computer what nobody there can know', async () => {
    const house = await upgraded('without a verdict');
    lose(house.sample.file);
    const { copy, host } = carry(house, true);
    const { exitCode, json, text } = await copy.ask(1);
    expect(exitCode).toBe(0); // carried after its verdict, it would look the same
    expect(json).toMatchObject({ ok: true, verified: false });
    expect(text).toBe('There is nothing to do: phase 1 is reached and its checks hold.');
    expect(await host.recoveries.get(copy.opened())).toBeNull();
  });

  it('needs no comparison where the verdict is known, whatever the file is called', async () => {
    const house = await upgraded('verified');
    rmSync(backupsOf(house.sample.file), { recursive: true });
    const moved = house.at('moved.db');
    renameSync(house.sample.file, moved.file);
    lose(moved.file); // another program's work
    const { exitCode, text } = await moved.ask(1);
    expect([exitCode, text]).toEqual([0, 'There is nothing to do: phase 1 is reached and verified.']);
    expect(await carry({ ...house, sample: moved }, false).copy.ask(2)).toMatchObject({ exitCode: 0 });
  });
});

async function listed(host: Host, { opened }: { opened: () => Parameters<Host['backups']['list']>[0] }) {
  const backups = await host.backups.list(opened());
  return backups.ok ? backups.value.backups : [];
}
