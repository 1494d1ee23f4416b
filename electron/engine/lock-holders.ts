import fs from 'node:fs';
import path from 'node:path';

/**
 * Programs that have the database or a file beside it open, as "name (process 123)". Best effort: only Linux tells,
 * and only about processes of the same user. The own process is left out.
 */
export function holdersOf(file: string): string[] {
  if (process.platform !== 'linux') return [];
  const wanted = new Set([file, `${file}-wal`, `${file}-shm`, `${file}-journal`]);
  return list('/proc')
    .filter((name) => /^\d+$/.test(name) && Number(name) !== process.pid)
    .filter((pid) => list(`/proc/${pid}/fd`).some((fd) => wanted.has(linkTarget(`/proc/${pid}/fd/${fd}`))))
    .map((pid) => `${nameOf(pid)} (process ${pid})`);
}

function list(folder: string): string[] {
  try {
    return fs.readdirSync(folder);
  } catch {
    return []; // gone, or not ours to look at
  }
}

function linkTarget(link: string): string {
  try {
    return fs.readlinkSync(link);
  } catch {
    return '';
  }
}

/** The program's file name: the kernel's own name for a process may be that of its first thread. */
function nameOf(pid: string): string {
  try {
    const [program] = fs.readFileSync(`/proc/${pid}/cmdline`, 'utf8').split('\0');
    return path.basename(program ?? '') || fs.readFileSync(`/proc/${pid}/comm`, 'utf8').trim();
  } catch {
    return 'a program';
  }
}
