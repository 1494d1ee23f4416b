import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createRandom, type Random } from '../../../migrations/kroma/sample/random.ts';
import { writeSource } from '../databases/sources.ts';
import { steadyEngine } from '../engine/engine-process.ts';
import type { Flow } from '../flows/flow.ts';
import type { FileNode, FolderNode, Node } from './disk.ts';
import { follow } from './follow.ts';
import { imageOf, shaOf, type Image } from './image.ts';
import { createRecovery } from './recover.ts';
import { emptyResult, note, type Place, type PowerJob, type PowerResult } from './report.ts';
import { atRest, recordScene } from './task.ts';

/**
 * Half a page of the write-ahead log holds something else: recovery must end at a state that was committed, or SQLite must
 * say that the file is damaged. Not while the log is being written back: then the log is the only whole copy.
 * Half a page of the database itself, while it is being written and not yet flushed, holds something else: the log or the
 * journal beside it makes it whole again.
 */
export async function tearPages(job: PowerJob, flow: Flow, place: Place): Promise<PowerResult> {
  const startedAt = performance.now();
  rmSync(place.folder, { recursive: true, force: true });
  mkdirSync(place.folder, { recursive: true });
  const result = emptyResult(job);
  const source = writeSource(path.join(place.folder, 'sources'), job.database);
  const bundle = place.bundles[source.family];
  const engine = steadyEngine(bundle, { temporaryFolder: place.folder });
  try {
    const scene = await flow.prepare(path.join(place.folder, 'scene'), source, engine);
    await atRest(scene);
    const { calls, before } = await recordScene({ place, flow, bundle }, scene);
    const name = path.relative(scene.sandbox.folder, scene.sandbox.file);
    const recovery = createRecovery(path.join(place.folder, 'judge'));
    const random = createRandom(job.seed);
    const disk = before();
    const committed = new Set<string>();
    let isWrittenBack = false;
    const chance = Math.min(1, job.images / 1_500);
    const whole = (image: Image, end: string) => image.files.get(name + end);
    for (const step of follow(calls, disk, scene.sandbox.folder)) {
      if (step.kind === 'said') continue;
      if (step.file === scene.sandbox.file && step.written !== null) isWrittenBack = true;
      if (step.file.endsWith('-wal') && step.written?.at === 0) isWrittenBack = false; // begun anew
      if (step.file === scene.sandbox.file && step.written !== null && random.chance(chance)) {
        const image = imageOf(disk, 'all', random);
        const [journal, log] = ['-journal', '-wal'].map((end) => whole(image, end));
        const file = pendingFile(disk, name);
        if (file === null) continue;
        for (const how of ['zero', 'noise', 'older'] as const) {
          const bytes = tornPage(file, step.written, how, random);
          const found = recovery.of({ bytes, sha: shaOf(bytes) }, journal, log);
          result.images += 1;
          if (found.problems.length > 0 || !committed.has(found.content))
            note(result, `operation ${result.operations}, half a page of the database is ${how}`, [
              found.problems[0] ?? 'the database is in a state that was never committed',
            ]);
        }
      }
      if (step.written !== null && !step.file.endsWith('-wal')) continue;
      result.operations += 1;
      const image = imageOf(disk, 'all', random);
      const parts = ['', '-journal', '-wal'].map((end) => whole(image, end));
      committed.add(recovery.of(parts[0], parts[1], parts[2]).content);
      const [main, journal, log] = parts;
      if (isWrittenBack || log === undefined || log.bytes.length < 2 * PAGE) continue;
      if (!random.chance(chance)) continue;
      for (const how of ['zero', 'noise', 'older'] as const) {
        const bytes = torn(log.bytes, how, random);
        const found = recovery.of(main, journal, { bytes, sha: shaOf(bytes) });
        result.images += 1;
        if (found.problems.length === 0 && !committed.has(found.content))
          note(result, `operation ${result.operations}, half a page of the log is ${how}`, [
            'the database is sound and in a state that was never committed',
          ]);
      }
    }
    result.recovered = recovery.counts.recovered;
    result.states = recovery.counts.states;
    result.different = result.images;
  } finally {
    engine.end();
    rmSync(place.folder, { recursive: true, force: true });
  }
  result.seconds = (performance.now() - startedAt) / 1_000;
  return result;
}

type How = 'zero' | 'noise' | 'older';

/** The file's node, when what was written to it last has not been flushed yet. */
function pendingFile(disk: FolderNode, name: string): FileNode | null {
  let node: Node | undefined = disk;
  for (const part of name.split('/')) node = node?.kind === 'folder' ? node.current.get(part) : undefined;
  return node?.kind === 'file' && node.pending.length > 0 ? node : null;
}

/** The second half of the page that was just written; older: as it was flushed last. */
function tornPage({ current, durable }: FileNode, written: { at: number; length: number }, how: How, random: Random) {
  const copy = Buffer.from(current);
  const [from, to] = [written.at + Math.floor(written.length / 2), written.at + written.length];
  spoil(copy.subarray(from, to), durable.subarray(from, to), how, random);
  return copy;
}

const PAGE = 512;
/** Another half page somewhere behind the header of the file; older: what lies a page before. */
function torn(bytes: Buffer, how: How, random: Random): Buffer {
  const copy = Buffer.from(bytes);
  const from = random.int(1, Math.max(1, Math.floor(bytes.length / PAGE) - 1)) * PAGE;
  spoil(copy.subarray(from, from + PAGE / 2), bytes.subarray(from - PAGE, from - PAGE / 2), how, random);
  return copy;
}

function spoil(half: Buffer, older: Buffer, how: How, random: Random): void {
  if (how === 'noise') for (let at = 0; at < half.length; at++) half[at] = random.int(0, 255);
  else if (how === 'zero') half.fill(0);
  else older.copy(half);
}
