import type Fs from 'node:fs';
import path from 'node:path';
import type * as Drives from '@host/drives.ts';

/** A drive that stops answering, for `vi.mock`: everything in a folder `away`, and in those that are links to it. */
export const drive = { isSilent: false, touched: [] as string[], links: [] as string[] };

const isAway = (file: unknown): boolean =>
  typeof file === 'string' &&
  (`${file}${path.sep}`.includes(`${path.sep}away${path.sep}`) ||
    drive.links.some((link) => file.startsWith(`${link}${path.sep}`)));

/** Who waits for it in this process, and all windows with it, is noted: nobody may. For 'node:fs'. */
export function notingTouches(fs: typeof Fs): typeof Fs {
  const noting =
    (call: unknown) =>
    (...args: unknown[]): unknown => {
      if (drive.isSilent && isAway(args[0])) drive.touched.push(String(args[0]));
      return (call as (...given: unknown[]) => unknown)(...args);
    };
  const realpathSync = Object.assign(noting(fs.realpathSync), { native: noting(fs.realpathSync.native) });
  const { statSync, lstatSync, readdirSync, existsSync, openSync, mkdirSync, rmSync } = fs;
  const plain = { statSync, lstatSync, readdirSync, existsSync, openSync, mkdirSync, rmSync };
  const noted = Object.fromEntries(Object.entries(plain).map(([name, call]) => [name, noting(call)]));
  return { ...fs, ...noted, realpathSync } as unknown as typeof Fs;
}

/** For '@host/drives.ts'. */
export function fallingSilent(drives: typeof Drives): typeof Drives {
  const isSilent = (file: string): boolean => drive.isSilent && isAway(file);
  const look = (file: string) => (isSilent(file) ? Promise.resolve('silent') : drives.lookOnDrives(file));
  const ask = (file: string, question: (file: string) => Promise<object>) =>
    isSilent(file) ? Promise.resolve('silent') : drives.lookOnDrives.ask(file, question);
  return { ...drives, lookOnDrives: Object.assign(look, { isSilent, ask, answered: () => {} }) } as typeof Drives;
}
