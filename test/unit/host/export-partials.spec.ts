import { spawn } from 'node:child_process';
import fs, { mkdtempSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';
import os from 'node:os';
import path from 'node:path';
import { describe, expect, it, vi } from 'vitest';
import { partialFor, sweepPartials } from '@host/export-partials.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const newFolder = () => mkdtempSync(path.join(temporaryFolder(), 'out-'));
/** Last written to so many minutes ago. */
function left(file: string, minutes: number): string {
  writeFileSync(file, 'rows');
  const at = Date.now() / 1_000 - minutes * 60;
  utimesSync(file, at, at);
  return path.basename(file);
}
/** A name as a process that has ended gave it. */
const ofEnded = (partial: string, pid: number): string => partial.replace(`-${process.pid}-`, `-${pid}-`);
async function endedPid(): Promise<number> {
  const child = spawn(process.execPath, ['-e', '']);
  await new Promise((resolve) => child.on('close', resolve));
  return child.pid ?? 0;
}

/** What some links lead to, and some files hold, is something else. */
async function elsewhere<T>(said: Partial<Record<string, string>>, act: () => T | Promise<T>): Promise<T> {
  const { readlinkSync, openSync } = fs;
  vi.spyOn(fs, 'readlinkSync').mockImplementation(((link: string) => said[link] ?? readlinkSync(link)) as never);
  vi.spyOn(fs, 'openSync').mockImplementation((file, ...more) => {
    const text = said[String(file)];
    if (text === undefined) return openSync(file, ...more);
    throw Object.assign(new Error(text), { code: text });
  });
  syncBuiltinESMExports();
  const done = await act();
  vi.restoreAllMocks();
  syncBuiltinESMExports();
  return done;
}
const stays = async (name: string, folder: string): Promise<boolean> => {
  await sweepPartials(folder);
  return readdirSync(folder).includes(name);
};

// Only there the system says which computer and container it is.
describe.skipIf(process.platform !== 'linux')('what an export leaves', () => {
  it('what a killed export left goes with the next one into that folder; what may still be written stays', async () => {
    const folder = newFolder();
    const target = path.join(folder, 'rows.csv');
    const pid = await endedPid();
    const own = left(partialFor(target), 600);
    const fresh = left(ofEnded(partialFor(target), pid), 9);
    left(ofEnded(partialFor(target), pid), 11);
    // Its id was given again: another process of that id is at work.
    const reused = partialFor(target).replace(/-[0-9a-f]{8}-([0-9a-f]{12})\.part$/, '-00000000-$1.part');
    left(reused, 11);

    await sweepPartials(folder);

    expect(readdirSync(folder).toSorted()).toEqual([own, fresh].toSorted());
  });

  it('one of another container stays for a day, whose processes have the same ids and whose name is the same', async () => {
    const folder = newFolder();
    const pid = await endedPid();
    const partial = await elsewhere({ '/proc/self/ns/pid': 'pid:[1]' }, () =>
      partialFor(path.join(folder, 'rows.csv')),
    );
    expect(await stays(left(ofEnded(partial, pid), 23 * 60), folder)).toBe(true);
    expect(await stays(left(ofEnded(partial, pid), 25 * 60), folder)).toBe(false);
  });

  it('one of a living process stays where it cannot be told whether it is that one', async () => {
    const folder = newFolder();
    const target = path.join(folder, 'rows.csv');
    const unmarked = { [`/proc/${process.pid}/stat`]: 'EACCES' };
    const name = left(await elsewhere(unmarked, () => partialFor(target)), 90);
    expect(await stays(name, folder)).toBe(true);
    const marked = left(partialFor(target), 90);
    expect(await elsewhere(unmarked, () => stays(marked, folder))).toBe(true);
  });

  it('where the system does not say which computer it is, one stays for a day', async () => {
    const folder = newFolder();
    const pid = await endedPid();
    await elsewhere({ '/proc/sys/kernel/random/boot_id': 'ENOENT' }, async () => {
      const partial = ofEnded(partialFor(path.join(folder, 'rows.csv')), pid);
      expect(await stays(left(partial, 23 * 60), folder)).toBe(true);
      expect(await stays(left(partial, 25 * 60), folder)).toBe(false);
    });
  });
});

it('of another computer one that was written to today stays', async () => {
  const folder = newFolder();
  const hostname = vi.spyOn(os, 'hostname').mockReturnValue('elsewhere');
  const [today, old] = [0, 1].map(() => partialFor(path.join(folder, 'rows.csv')));
  hostname.mockRestore();
  const kept = left(today ?? '', 23 * 60);
  left(old ?? '', 25 * 60);

  await sweepPartials(folder);

  expect(readdirSync(folder)).toEqual([kept]);
});

it('what is not certainly ours stays, however old', async () => {
  const folder = newFolder();
  const pid = await endedPid();
  const ours = ofEnded(partialFor(path.join(folder, 'rows.csv')), pid);
  for (const name of ['.phasewise-.part', '.phasewise-1234567890ab.part', 'rows.csv', `${path.basename(ours)}.txt`])
    left(path.join(folder, name), 90 * 24 * 60);
  symlinkSync(path.join(folder, 'rows.csv'), ours);
  const before = readdirSync(folder);

  await sweepPartials(folder);
  await sweepPartials(path.join(folder, 'no such folder'));

  expect(readdirSync(folder)).toEqual(before);
});
