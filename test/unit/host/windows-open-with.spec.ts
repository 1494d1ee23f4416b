import { describe, expect, it } from 'vitest';
import { databaseExtensions, openWithSteps } from '@host/windows-open-with.ts';

const program = String.raw`C:\Users\Ann B\AppData\Local\phasewise\app-0.1.0\phasewise.exe`;
const lasting = String.raw`C:\Users\Ann B\AppData\Local\phasewise\phasewise.exe`;
const keys = (step: string): string[] => openWithSteps(step, program).map(([, key]) => key ?? '');

describe('"Open with" on Windows', () => {
  it('starts the program that outlasts updates, with the file in quotes', () => {
    const command = openWithSteps('--squirrel-install', program).find(([, key]) =>
      key?.endsWith(String.raw`open\command`),
    );
    expect(command).toContain(`"${lasting}" "%1"`);
  });

  it('lists the app for every extension, and is never the default of one', () => {
    const written = keys('--squirrel-updated');
    for (const extension of databaseExtensions)
      expect(written).toContain(String.raw`HKCU\Software\Classes\.${extension}\OpenWithList\phasewise.exe`);
    const changesDefault = openWithSteps('--squirrel-install', program).filter(
      ([, key = '', what]) => /\\Classes\\\.\w+$/.test(key) || (what === '/ve' && key.includes(String.raw`\Classes\.`)),
    );
    expect(changesDefault).toEqual([]);
  });

  it('writes for this person only', () => {
    expect(
      [...keys('--squirrel-install'), ...keys('--squirrel-uninstall')].filter((key) => !key.startsWith('HKCU\\')),
    ).toEqual([]);
  });

  it('takes away exactly what it put there, and no key of an extension', () => {
    const removed = openWithSteps('--squirrel-uninstall', program);
    expect(removed.map(([verb]) => verb)).toEqual(
      Array.from({ length: 1 + databaseExtensions.length }, () => 'delete'),
    );
    expect(keys('--squirrel-uninstall').every((key) => key.endsWith(String.raw`\phasewise.exe`))).toBe(true);
    const kept = keys('--squirrel-install').filter(
      (key) =>
        !keys('--squirrel-uninstall').some((gone) => key.startsWith(gone)) &&
        !key.includes(String.raw`\Uninstall\ `.trim()),
    );
    expect(kept).toEqual([]);
  });

  it('does nothing for other starts', () => {
    for (const step of ['--squirrel-obsolete', '--squirrel-firstrun', 'x.db'])
      expect(openWithSteps(step, program)).toEqual([]);
  });
});
