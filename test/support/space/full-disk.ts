/**
 * Runs an upgrade on a disk that fills up in its middle, and tells what happened as one line of JSON. Started by
 * full-disk.mjs in a mount namespace of its own, where `folder` is a small file system that nobody else sees.
 */
import {
  closeSync,
  copyFileSync,
  openSync,
  readdirSync,
  rmSync,
  statfsSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import path from 'node:path';
import type { RunSnapshot } from '@shared/run.ts';
import { createHost } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';

const [folder = '', source = '', outside = '', engine = ''] = process.argv.slice(2);
const file = path.join(folder, 'project.db');
copyFileSync(source, file);
const host = createHost({ dataFolder: path.join(outside, 'data'), appVersion: '0.0.0', spawn: spawnWithNode(engine) });
const opened = host.databases.open(file);
if (!opened.ok) throw new Error(opened.error.message);
const database = opened.value;
const told: { code: string; message: string; needBytes: unknown; freeBytes: unknown }[] = [];
const filler = path.join(folder, 'filler');
let isFilled = false;

const free = (): number => {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
};

/** Takes all but `leave` bytes. */
function fill(leave: number): void {
  const descriptor = openSync(filler, 'a');
  const bytes = Buffer.alloc(Math.max(0, free() - leave));
  try {
    for (let at = 0; at < bytes.length; at += 1 << 20)
      writeSync(descriptor, bytes, at, Math.min(1 << 20, bytes.length - at));
  } catch {
    // full is what was wanted
  }
  closeSync(descriptor);
}

host.events.on((name, payload) => {
  if (name !== 'run:changed') return;
  const run = payload as RunSnapshot;
  // Paused while the disk is filled: a small upgrade may be over before anybody here hears of its rows.
  if (!isFilled && run.state === 'migrating') host.runs.control(database.handle, 'pause');
  if (!isFilled && run.state === 'paused') {
    isFilled = true;
    fill(200_000);
    host.runs.control(database.handle, 'resume');
  }
  if (run.state !== 'paused' || !run.attention) return;
  const { code, message, details } = run.attention;
  told.push({ code, message, needBytes: details?.['needBytes'], freeBytes: details?.['freeBytes'] });
  // Nobody says a word from here on: a little room is told as a fresh number, enough of it lets the run go on.
  if (told.length === 1) truncateSync(filler, statSync(filler).size - 200_000);
  else rmSync(filler, { force: true });
});

const started = host.runs.start(database, {
  ...{ toPhase: 4, fingerprint: null, plan: null, backupFolder: path.join(outside, 'backups') },
  ...{ source: { kind: 'none' }, isRemovalConfirmed: false },
});
if (!started.ok) throw new Error(started.error.message);
const run = await started.value.done;
host.close();
const { state, error } = run;
const answer = { state, error, told, verified: run.report?.verified, left: readdirSync(folder), isFilled };
process.stdout.write(`${JSON.stringify(answer)}\n`);
