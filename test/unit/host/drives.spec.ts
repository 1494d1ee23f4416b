import { writeFileSync } from 'node:fs';
import { stat } from 'node:fs/promises';
import path from 'node:path';
import { createDrives } from '@host/drives.ts';
import { createRecents } from '@host/recents.ts';
import { findNotices } from '@host/recovery-notices.ts';
import { describe, expect, it, vi } from 'vitest';
import { setUp } from '../../support/recovered-house.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { status } from '../renderer/values.ts';

const folder = temporaryFolder();
const here = path.join(folder, 'here.db');
writeFileSync(here, 'bytes');

/** Everything below `/away` lies on drives of two letters, of which none answers until all come back. */
function drives() {
  const asked: string[] = [];
  let comesBack = (): void => {};
  const isBack = new Promise<void>((resolve) => (comesBack = resolve));
  const look = createDrives({
    limitMs: 20,
    driveOf: (file) => /^\/away\/../.exec(file)?.[0] ?? '/',
    ask(file) {
      asked.push(file);
      return file.startsWith('/away') ? isBack.then(() => stat(here)) : stat(file);
    },
  });
  return { look, asked, comesBack };
}

describe('a drive that does not answer', () => {
  it('is waited for once, and is asked again when it has answered after all', async () => {
    const { look, asked, comesBack } = drives();
    expect(await Promise.all(['/away/n1/a.db', '/away/n1/b.db'].map(look))).toEqual(['silent', 'silent']);
    expect(asked).toEqual(['/away/n1/a.db']);

    comesBack();
    await vi.waitFor(async () => expect(await look('/away/n1/b.db')).toMatchObject({ size: 5 }));
  });

  it('keeps nobody from seeing what lies on another', async () => {
    const { look } = drives();
    expect(await Promise.all(['/away/n1/a.db', here].map(look))).toMatchObject(['silent', { size: 5 }]);
  });

  it('leaves threads to everybody else, however many there are', async () => {
    const { look, asked } = drives();
    await look(here);
    const away = ['n1', 'n2', 'n3', 'n4', 'n5'].map((drive) => look(`/away/${drive}/a.db`));
    expect(await Promise.all(away)).toEqual(Array(5).fill('silent'));
    expect(asked.filter((file) => file.startsWith('/away'))).toHaveLength(2);
    expect(await look(here)).toMatchObject({ size: 5 });
  });

  it('is told from a file that is not there, and so is one that says that it is gone', async () => {
    const failing = (code: string) =>
      createDrives({ ask: () => Promise.reject(Object.assign(new Error(code), { code })) });
    expect(await failing('ENOENT')('/a')).toBe('nothing');
    expect(await failing('ESTALE')('/a')).toBe('silent');
  });

  it('is named in the list of recent databases, and is no reason to say that the file is gone', async () => {
    const { look } = drives();
    const recents = createRecents(path.join(folder, 'data'), look);
    for (const file of ['/away/n1/a.db', here, path.join(folder, 'gone.db')]) recents.seen(file, status());
    const [gone, there, away] = await recents.list();
    expect([gone?.exists, gone?.isSilent, there?.exists, there?.isSilent]).toEqual([false, undefined, true, undefined]);
    expect(away).toMatchObject({ exists: false, isSilent: true, sizeBytes: null });
    expect(await recents.paths()).toEqual([here]);
  });

  it('keeps no notice from the first page but its own', async () => {
    const { dataFolder, busy, journal, file } = setUp();
    journal('r1', []);
    const recents = { files: () => ['/away/n1/a.db'] };
    const { look } = drives();
    expect(await findNotices({ dataFolder, busy, recents }, look)).toMatchObject([{ file }]);
  });
});
