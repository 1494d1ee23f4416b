import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { appOver } from './support/app.ts';
import { scriptedApp } from './support/builds.ts';
import { expect, isRealElectron, test } from './support/fixtures.ts';
import { launchElectron } from './support/real-electron.ts';

const programFolder = path.resolve(import.meta.dirname, '../electron-standin/program');

test('what drives real Electron works on a program that is called and driven as Electron is', async ({ folder }) => {
  test.skip(isRealElectron, 'the other specs do that then');
  test.skip(process.platform === 'win32', 'the program is a script');
  const [given, chosen] = ['given.db', 'chosen.db'].map((name) => path.join(folder, name));
  for (const file of [given, chosen]) writeFileSync(file ?? '', 'bytes');
  const profile = path.join(folder, 'electron');
  mkdirSync(profile);
  process.env['ELECTRON_OVERRIDE_DIST_PATH'] = programFolder; // where Playwright looks
  const env = { PHASEWISE_HOME: path.join(folder, 'home') };
  const launch = launchElectron(path.join(programFolder, 'electron'));
  const app = appOver(await launch({ app: scriptedApp(folder), files: [given ?? ''], profile, env }));
  try {
    expect(await app.call('database:list')).toMatchObject({ value: [{ name: 'given.db' }] });
    await app.answerDialog('open', { canceled: false, filePaths: [chosen] });
    await app.clickMenu('open');
    await expect.poll(async () => (await app.call('database:list')).value).toHaveLength(2);
    expect(await app.asked()).toMatchObject([{ kind: 'open', options: { buttonLabel: 'Open' } }]);
    expect(await app.secondStart([given ?? ''])).toBe(0);
    await app.quit();
    expect(await app.exitCode).toBe(0);
  } finally {
    await app.kill();
  }
});
