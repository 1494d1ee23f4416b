import { readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { afterEach, beforeAll, expect, it } from 'vitest';
import { buildEngine } from '../../support/engine-child.ts';
import { ask, closeHosts, leftovers, realHost } from '../../support/real-host.ts';
import { buildScaled } from '../../support/kroma/scaled.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { buildApp } from './support/engine.ts';
import { runCli } from './support/hostile-app.ts';

/** Two doors of ours, each with engine processes of its own, on one database at the same time. */

const folder = temporaryFolder();
let app = '';
beforeAll(async () => {
  await buildEngine();
  app = await buildApp(['engine', 'cli']);
});
afterEach(closeHosts);

const setUp = () =>
  realHost(folder, 'delete', (file) => {
    const db = new Database(file);
    buildScaled(db, { candidates: 200 });
    db.close();
  });

it('K10: while a host is at work, the command line is told so, changes nothing, and the host ends verified', async () => {
  const { home, file, start, when, signal, now } = setUp();
  const data = path.join(home, 'data');
  let said: Promise<unknown> | undefined;
  const answers: { args: string; code: number | null; stdout: string }[] = [];
  when(
    ({ backup }) => backup !== null,
    () => {
      signal('SIGSTOP');
      const before = readFileSync(file);
      said = (async () => {
        const restore = ['restore', now()?.backup?.path ?? '', '--to', file, '--yes', '--json'];
        for (const args of [['migrate', file, '--yes', '--json'], restore]) {
          const { code, stdout } = await runCli(app, args, { ...process.env, PHASEWISE_HOME: data });
          answers.push({ args: args[0] ?? '', code, stdout });
        }
        expect(readFileSync(file).equals(before)).toBe(true);
      })().finally(() => signal('SIGCONT'));
    },
  );

  const run = await start();
  await said;

  expect(answers.map(({ args }) => args)).toEqual(['migrate', 'restore']);
  for (const { code, stdout } of answers) {
    expect(JSON.parse(stdout)).toMatchObject({ error: { code: expect.stringMatching(/^E_(RUN_ACTIVE|DB_IN_USE|DB_BUSY)$/) as string } }); // prettier-ignore
    expect(code).toBe(3);
  }
  expect([run.state, run.error, run.report?.verified]).toEqual(['completed', null, true]);
  expect(leftovers(home)).toEqual([]);
  expect(ask(file, `SELECT count(*) FROM _phasewise_runs`)).toBe(1);
});
