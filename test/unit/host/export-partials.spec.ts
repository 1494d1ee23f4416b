import { spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, symlinkSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { expect, it, vi } from 'vitest';
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

it('what a killed export left goes with the next one into that folder; what may still be written stays', async () => {
  const folder = newFolder();
  const target = path.join(folder, 'rows.csv');
  const pid = await endedPid();
  const own = left(partialFor(target), 600);
  const fresh = left(ofEnded(partialFor(target), pid), 0);
  left(ofEnded(partialFor(target), pid), 2);
  // Its id was given again: another process of that id is at work.
  const reused = partialFor(target).replace(/-[0-9a-f]{8}-([0-9a-f]{12})\.part$/, '-00000000-$1.part');
  left(reused, 2);

  sweepPartials(folder);

  expect(readdirSync(folder).toSorted()).toEqual([own, fresh].toSorted());
});

it('of another computer one that was written to today stays', () => {
  const folder = newFolder();
  const hostname = vi.spyOn(os, 'hostname').mockReturnValue('elsewhere');
  const [today, old] = [0, 1].map(() => partialFor(path.join(folder, 'rows.csv')));
  hostname.mockRestore();
  const kept = left(today ?? '', 23 * 60);
  left(old ?? '', 25 * 60);

  sweepPartials(folder);

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

  sweepPartials(folder);
  sweepPartials(path.join(folder, 'no such folder'));

  expect(readdirSync(folder)).toEqual(before);
});
