import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
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
function drives(own = '/') {
  const asked: string[] = [];
  let comesBack = (): void => {};
  const isBack = new Promise<void>((resolve) => (comesBack = resolve));
  const look = createDrives({
    limitMs: 20,
    own: () => [own],
    driveOf: (file) => /^\/away\/../.exec(file)?.[0] ?? '/',
    ask(file) {
      asked.push(file);
      if (file.includes('/here/')) return stat(here);
      return file.startsWith('/away') ? isBack.then(() => stat(here)) : stat(file);
    },
  });
  return { look, asked, comesBack };
}

describe('any other question', () => {
  it('is answered, or says that there is nothing, like what a path leads to', async () => {
    const { look } = drives();
    expect(await look.ask(here, () => Promise.resolve({ names: ['a'] }))).toEqual({ names: ['a'] });
    const gone = Object.assign(new Error('ENOENT'), { code: 'ENOENT' });
    expect(await look.ask(here, () => Promise.reject(gone))).toBe('nothing');
  });

  it('of a drive that does not answer is waited for no longer, and no other is asked there until it has', async () => {
    const { look, asked } = drives();
    let answer: (found: object) => void = () => {};
    const late = new Promise<object>((resolve) => (answer = resolve));
    expect(await look.ask('/away/n1/a.db', () => late)).toBe('silent');
    expect([look.isSilent('/away/n1/b.db'), await look('/away/n1/here/b.db')]).toEqual([true, 'silent']);
    expect(asked).toEqual([]);

    answer({});
    await vi.waitFor(() => expect(look.isSilent('/away/n1/b.db')).toBe(false));
    expect(await look('/away/n1/here/b.db')).toMatchObject({ size: 5 });
  });
});

describe('a drive that does not answer', () => {
  it('is waited for once, and is asked again when it has answered after all', async () => {
    const { look, asked, comesBack } = drives();
    expect(await Promise.all(['/away/n1/a.db', '/away/n1/b.db'].map((file) => look(file)))).toEqual([
      'silent',
      'silent',
    ]);
    expect(asked).toEqual(['/away/n1/a.db']);

    comesBack();
    await vi.waitFor(async () => expect(await look('/away/n1/b.db')).toMatchObject({ size: 5 }));
  });

  it('is known for it without being asked again, by whoever cannot wait', async () => {
    const { look, asked, comesBack } = drives();
    expect(look.isSilent('/away/n1/a.db')).toBe(false); // nobody has looked
    await look('/away/n1/a.db');
    expect(['/away/n1/b.db', '/away/n2/a.db', here].map((file) => look.isSilent(file))).toEqual([true, false, false]);
    expect(asked).toHaveLength(1);

    comesBack();
    await vi.waitFor(() => expect(look.isSilent('/away/n1/a.db')).toBe(false));
  });

  it('is told from one that has, while this process itself stood still', async () => {
    const look = createDrives({
      limitMs: 20,
      ask(file) {
        const answer = stat(file);
        const until = performance.now() + 80;
        while (performance.now() < until); // as with the computer asleep
        return answer;
      },
    });
    await stat(here); // from here on, the turn in which answers come is over, and that of clocks is next
    expect(await look(here)).toMatchObject({ size: 5 });
  });

  it('keeps nobody from seeing what lies on another', async () => {
    const { look } = drives();
    expect(await Promise.all(['/away/n1/a.db', here].map((file) => look(file)))).toMatchObject(['silent', { size: 5 }]);
  });

  it('of our own is never silent: only the folder is, behind which something hangs', async () => {
    const { look } = drives('/away/n1');
    expect(await Promise.all(['/away/n1/x/a.db', '/away/n1/x/b.db'].map((file) => look(file)))).toEqual([
      'silent',
      'silent',
    ]);
    expect(await look('/away/n1/here/c.db')).toMatchObject({ size: 5 });
  });

  it('keeps nobody from seeing what lies on our own, though it was not asked before', async () => {
    const { look } = drives();
    await Promise.all(['/away/n1/a.db', '/away/n2/a.db'].map((file) => look(file)));
    expect(await look(here)).toMatchObject({ size: 5 });
  });

  it.skipIf(process.platform === 'win32')('is no other than the one that all lies on', async () => {
    const look = createDrives({
      limitMs: 20,
      ask: (file) => (file.includes('hanging') ? new Promise(() => {}) : stat(here)),
    });
    expect(await look('/hanging/a.db')).toBe('silent');
    expect(await look('/home/b.db')).toMatchObject({ size: 5 });
  });

  it('leaves threads to everybody else, however many there are', async () => {
    const { look, asked } = drives();
    await look(here);
    const away = ['n1', 'n2', 'n3', 'n4', 'n5'].map((drive) => look(`/away/${drive}/a.db`));
    expect(await Promise.all(away)).toEqual(['silent', 'silent', 'unasked', 'unasked', 'unasked']);
    expect(asked.filter((file) => file.startsWith('/away'))).toHaveLength(2);
    expect(await look(here)).toMatchObject({ size: 5 });
  });

  it('is told from one that nobody has asked, as others keep the threads', async () => {
    const { look, asked } = drives();
    await Promise.all(['/away/n1/a.db', '/away/n2/a.db'].map((file) => look(file)));
    expect(await look('/away/n3/here/a.db')).toBe('unasked');
    expect(await look('/away/n1/b.db')).toBe('silent');
    expect(asked).toHaveLength(2);
  });

  it('keeps nobody from what lies on another that a person named, or that was opened', async () => {
    const { look } = drives();
    await Promise.all(['/away/n1/a.db', '/away/n2/a.db'].map((file) => look(file)));
    expect(await look('/away/n3/here/a.db', true)).toMatchObject({ size: 5 });
    expect(await look('/away/n3/here/b.db')).toMatchObject({ size: 5 }); // it has answered
    look.answered('/away/n4/here/a.db');
    expect(await look('/away/n4/here/a.db')).toMatchObject({ size: 5 });
  });

  it('is asked for nobody once one thread only is left', async () => {
    const { look, asked } = drives();
    for (const drive of ['n1', 'n2', 'n3']) expect(await look(`/away/${drive}/a.db`, true)).toBe('silent');
    expect(await look('/away/n4/here/a.db', true)).toBe('unasked');
    expect(asked).toHaveLength(3);
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

  it('that could not even be asked is no reason to say that the file is gone either', async () => {
    const recents = createRecents(path.join(folder, 'unasked'), () => Promise.resolve('unasked'));
    recents.seen('/away/n3/a.db', status());
    expect(await recents.list()).toMatchObject([{ exists: false, isSilent: true }]);
  });

  it('keeps no notice from the first page that a journal tells of', async () => {
    const { dataFolder, busy, journal, file, runs } = setUp();
    const away = '/away/n1/a.db';
    journal('r1', []);
    const ofAway = path.join(runs(away), 'r2.jsonl');
    mkdirSync(path.dirname(ofAway), { recursive: true });
    renameSync(journal('r2', [], { path: away }), ofAway);
    const recents = { files: () => [away, '/away/n2/b.db'] };
    const { look } = drives();
    const notices = await findNotices({ dataFolder, busy, recents }, look);
    expect(notices).toMatchObject([
      { file: away, notice: { kind: 'upgrade', name: 'a.db', folder: '/away/n1' } },
      { file, notice: { kind: 'upgrade' } },
    ]);
  });
});
