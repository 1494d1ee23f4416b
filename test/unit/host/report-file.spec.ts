import { readdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import * as files from 'node:fs/promises';
import path from 'node:path';
import { partialFor } from '@host/export-partials.ts';
import { safetyText } from '@shared/errors.ts';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { closedAfter, codeOf, must, scriptedHost } from './scripted-host.ts';

vi.mock(import('node:fs/promises'), { spy: true });

const folder = temporaryFolder();
afterEach(() => void vi.restoreAllMocks());

/** A window whose dialog answers with this name beside the database. */
function setUp(chosen: string | null) {
  const asked: string[][] = [];
  const house = scriptedHost(folder, {
    chooseSaveFile: (...words) => {
      asked.push(words);
      return Promise.resolve(chosen === null ? null : path.join(house.home, chosen));
    },
  });
  closedAfter(house);
  const { handle } = house.open('app');
  const save = () => house.client.call('report:save', { handle, name: 'app-phase-1.txt', text: 'Done. Ä\n' });
  return { ...house, asked, save };
}
const failing = (code: string) => Object.assign(new Error(`${code}: no`), { code });

describe('a report that is saved', () => {
  it('goes where the dialog says, whole and for its owner only', async () => {
    const { asked, save, home } = setUp('mine.txt');
    expect(must(await save())).toEqual({ path: path.join(home, 'mine.txt') });
    expect(asked).toEqual([[path.join(home, 'app-phase-1.txt'), 'Save report', 'Save']]);
    expect(readFileSync(path.join(home, 'mine.txt'), 'utf8')).toBe('Done. Ä\n');
    expect(readdirSync(home).toSorted()).toEqual(['app.db', 'mine.txt']);
    if (process.platform !== 'win32') expect(statSync(path.join(home, 'mine.txt')).mode & 0o777).toBe(0o600);
  });

  it('goes nowhere when the dialog is closed, and is none of the host where there is no dialog', async () => {
    const { save, home } = setUp(null);
    expect(must(await save())).toBeNull();
    expect(readdirSync(home)).toEqual(['app.db']);
    const house = closedAfter(scriptedHost(folder));
    const asked = { handle: house.open('app').handle, name: 'a.txt', text: '' };
    expect(codeOf(await house.client.call('report:save', asked))).toBe('E_BAD_REQUEST');
  });

  it.each([
    ['the database', 'app.db', 'E_PATH_UNSUPPORTED'],
    ['the log of the database', 'app.db-wal', 'E_PATH_UNSUPPORTED'],
    ['that log by another way to its folder', 'link/app.db-journal', 'E_PATH_UNSUPPORTED'],
    ['what is there', 'there.txt', 'E_FILE_EXISTS'],
    ['a file in a folder that is gone', 'gone/mine.txt', 'E_NOT_FOUND'],
  ])('is never %s', async (_, chosen, code) => {
    const { save, home } = setUp(chosen);
    symlinkSync(home, path.join(home, 'link'), 'dir');
    writeFileSync(path.join(home, 'there.txt'), 'mine');
    const before = readdirSync(home);
    expect(codeOf(await save())).toBe(code);
    expect(readdirSync(home)).toEqual(before);
    expect(readFileSync(path.join(home, 'app.db'), 'utf8')).toBe('bytes');
    expect(readFileSync(path.join(home, 'there.txt'), 'utf8')).toBe('mine');
  });

  it.each([
    ['ENOSPC', 'E_NO_SPACE'],
    ['EDQUOT', 'E_NO_SPACE'],
    ['EACCES', 'E_READONLY_DIR'],
    ['EROFS', 'E_READONLY_DIR'],
    ['EIO', 'E_IO'],
  ])('says what the disk says (%s), and leaves nothing half-written', async (system, code) => {
    const { save, home } = setUp('mine.txt');
    const { open } = await vi.importActual<typeof files>('node:fs/promises');
    vi.mocked(files.open).mockImplementationOnce(async (...args) => {
      const file = await open(...args);
      vi.spyOn(file, 'writeFile').mockRejectedValue(failing(system));
      return file;
    });

    const saved = await save();

    expect(codeOf(saved)).toBe(code);
    const error = saved.ok ? null : saved.error;
    expect(error?.message).toMatch(/^The report was not saved: /);
    expect(error?.safety).toBe(safetyText['not-ours']);
    expect(readdirSync(home)).toEqual(['app.db']);
  });

  it('has until then a name that the next export into that folder knows how to sweep', async () => {
    const { save, home } = setUp('mine.txt');
    const { link } = await vi.importActual<typeof files>('node:fs/promises');
    const seen: string[] = [];
    vi.mocked(files.link).mockImplementationOnce((...args) => {
      seen.push(...readdirSync(home));
      return link(...args);
    });
    must(await save());
    const known = path.basename(partialFor(path.join(home, 'x'))).replace(/[0-9a-f]{12}\.part$/, '');
    expect(seen).toContainEqual(expect.stringMatching(new RegExp(`^${known}[0-9a-f]{12}\\.part$`)));
  });

  it("takes nobody else's name on a disk without links either", async () => {
    const { save, home } = setUp('mine.txt');
    vi.mocked(files.link).mockRejectedValue(failing('EPERM'));
    must(await save());
    expect(readFileSync(path.join(home, 'mine.txt'), 'utf8')).toBe('Done. Ä\n');
    expect(codeOf(await save())).toBe('E_FILE_EXISTS');
    expect(readdirSync(home).toSorted()).toEqual(['app.db', 'mine.txt']);
  });
});
