import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from './support/fixtures.ts';

/** Every way a file gets into the app, and the one way out. The engine only pretends: it is not what is looked at. */
const write = (folder: string, name: string): string => {
  const file = path.join(folder, name);
  writeFileSync(file, 'bytes');
  return file;
};

test('files come by dialog, menu, drop and the system, and each by its own path', async ({ launchApp, folder }) => {
  const app = await launchApp({ engine: 'scripted' });
  const names = async () =>
    ((await app.call('database:list')).value as { name: string }[]).map(({ name }) => name).toSorted();

  await test.step('by the dialog; its path stays outside the page', async () => {
    await app.answerDialog('open', { canceled: false, filePaths: [write(folder, 'chosen.db')] });
    const chosen = await app.call('database:choose');
    expect(chosen).toMatchObject({ ok: true, value: { name: 'chosen.db' } });
    expect(JSON.stringify(chosen)).not.toContain('"path"');
  });

  await test.step('a dialog that was closed opens nothing', async () => {
    expect(await app.call('database:choose')).toEqual({ ok: true, value: null });
    expect(await names()).toEqual(['chosen.db']);
  });

  await test.step('by the menu', async () => {
    await app.answerDialog('open', { canceled: false, filePaths: [write(folder, 'menu.db')] });
    await app.clickMenu('open');
    await expect.poll(names).toEqual(['chosen.db', 'menu.db']);
  });

  await test.step('by the system, as on macOS', async () => {
    await app.openFile(write(folder, 'system.db'));
    await expect.poll(names).toEqual(['chosen.db', 'menu.db', 'system.db']);
  });

  await test.step('by a drop, with the path that only Electron knows', async () => {
    await app.dropFile(write(folder, 'dropped.db'));
    await expect.poll(names).toEqual(['chosen.db', 'dropped.db', 'menu.db', 'system.db']);
  });

  await test.step('a file that a page made up has no path, so it opens nothing', async () => {
    const madeUp = await app.inWindow(`phasewise.openDropped(new File(['x'], 'made-up.db'))`);
    expect(madeUp).toMatchObject({ error: { code: 'E_NOT_A_FILE' } });
    expect(await app.inWindow(`phasewise.openDropped('/etc/passwd')`)).toMatchObject({
      error: { code: 'E_NOT_A_FILE' },
    });
    expect(await names()).toHaveLength(4);
  });
});

test('files named at the start are open, and a second start hands its own over', async ({ launchApp, folder }) => {
  const missing = path.join(folder, 'missing.db');
  const app = await launchApp({ files: [write(folder, 'given.db'), missing, '--some-option'], engine: 'scripted' });

  expect(await app.call('database:list')).toMatchObject({ value: [{ name: 'given.db' }] });
  await expect(app.page.getByRole('region', { name: 'Overview' }), 'the window begins there').toBeVisible();
  const asked = await app.asked();
  expect(asked).toHaveLength(1);
  expect(JSON.stringify(asked)).toContain('There is no file there');

  await app.minimize();
  expect(await app.secondStart([write(folder, 'second.db')])).toBe(0);

  await expect
    .poll(async () => (await app.call('database:list')).value)
    .toMatchObject([{ name: 'given.db' }, { name: 'second.db' }]);
  expect(await app.windows()).toMatchObject([{ minimized: false, focused: true }]);
});

test('exported rows go where the dialog says, and are shown there', async ({ launchApp, folder }) => {
  const given = write(folder, 'given.db');
  const app = await launchApp({ files: [given], engine: 'scripted' });
  const [{ handle }] = (await app.call('database:list')).value as [{ handle: string }];
  const target = path.join(folder, 'rows.csv');
  await app.answerDialog('save', { canceled: false, filePath: target });
  const query = { table: 'runs', sort: [], filters: [], find: null };
  const asked = { handle, query, columns: null, format: 'csv', hasMark: false, revealed: [] };

  expect(await app.call('browse:export', asked)).toEqual({ ok: true, value: { path: target, rows: 7, bytes: 4 } });
  expect(await app.call('browse:export', asked)).toEqual({ ok: true, value: null }); // the dialog was closed
  expect(await app.asked()).toMatchObject([
    { kind: 'save', options: { defaultPath: path.join(folder, 'given runs.csv'), buttonLabel: 'Export' } },
    { kind: 'save' },
  ]);
  await app.call('browse:revealExport', { handle });
  await app.call('database:reveal', { handle });
  expect(await app.opened()).toEqual([target, given]);
  expect(readFileSync(target, 'utf8')).toBe('half');
});
