import { mkdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import { readCalls } from './calls.ts';
import { follow, snapshotFolder } from './follow.ts';
import { imageOf } from './image.ts';
import { messageReader, record } from './record.ts';
import { emptyResult, note, type Place, type PowerJob, type PowerResult } from './report.ts';

/** The host's journal of a run: a line that was written is there, whole, and nothing stands before it that was not. */
export async function cutThroughJournal(job: PowerJob, place: Place): Promise<PowerResult> {
  const startedAt = performance.now();
  const root = path.join(place.folder, 'data');
  rmSync(place.folder, { recursive: true, force: true });
  mkdirSync(root, { recursive: true });
  const result = emptyResult(job);
  const before = snapshotFolder(root);
  const trace = path.join(place.folder, 'trace');
  // Not a request of the engine's: the writer is told where to write, and nothing else.
  await record(path.join(path.dirname(place.bundles.kroma), 'journal-writer.cjs'), trace, place.folder, {
    name: 'inspect',
    input: { folder: root, runId: 'run-1' },
  } as never);
  const calls = [...readCalls(trace)];
  const seen = new Set<string>();
  const random = createRandom(job.seed);
  const disk = before();
  const read = messageReader();
  let acknowledged = 0;
  const share = Math.ceil(job.images / 60);
  for (const step of follow(calls, disk, root)) {
    if (step.kind === 'said') {
      acknowledged += read(step.bytes).filter(({ type }) => type === 'run').length;
      continue;
    }
    result.operations += 1;
    for (let nth = 0; nth < share; nth++) {
      const image = imageOf(disk, nth === 0 ? 'none' : nth === 1 ? 'all' : 'random', random);
      result.images += 1;
      if (seen.has(image.key + acknowledged)) continue;
      seen.add(image.key + acknowledged);
      const journals = [...image.files].filter(([name]) => name.endsWith('.jsonl'));
      const whole = wholeLines(journals[0]?.[1].bytes.toString() ?? '');
      const where = `operation ${result.operations} (${step.call} ${path.basename(step.file)}), image ${nth}`;
      if (whole < acknowledged) note(result, where, [`${acknowledged} lines were acknowledged, ${whole} are there`]);
    }
  }
  result.different = seen.size;
  result.seconds = (performance.now() - startedAt) / 1_000;
  rmSync(place.folder, { recursive: true, force: true });
  return result;
}

/** As the host reads it: a line cut short ends the journal. */
function wholeLines(text: string): number {
  const lines = text.split('\n');
  const broken = lines.findIndex((line) => {
    try {
      return typeof (JSON.parse(line) as { type: unknown }).type !== 'string';
    } catch {
      return true;
    }
  });
  return broken === -1 ? lines.length : broken;
}
