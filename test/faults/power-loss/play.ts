import { readdirSync, readFileSync } from 'node:fs';
import { createHash } from 'node:crypto';
import path from 'node:path';
import type { EngineRunEvent } from '@engine/protocol.ts';
import type { BackupRecord } from '@shared/run.ts';
import { createRandom } from '../../../migrations/kroma/sample/random.ts';
import type { Scene } from '../flows/flow.ts';
import { bodyOf } from '../oracles/body.ts';
import type { Call } from './calls.ts';
import type { FolderNode, Node } from './disk.ts';
import { follow, type Step } from './follow.ts';
import { hasPending, imageOf, type Choice, type Image } from './image.ts';
import { keep, type Kept } from './kept.ts';
import { createRecovery, type Recovered } from './recover.ts';
import { messageReader } from './record.ts';
import { createBackupJudge } from './truth.ts';

/** An undisturbed request as it was recorded. */
export interface Recording {
  readonly scene: Scene;
  readonly calls: readonly Call[];
  /** The disk before it began. */
  readonly before: () => FolderNode;
  readonly modes: ReadonlyMap<string, number>;
}

export interface PlayOptions {
  readonly seed: number;
  /** How many images to make, spread over all operations. */
  readonly images: number;
  /** Where images are recovered; in memory, if possible. */
  readonly scratch: string;
  /** Images kept for a closer look: one of each state the database was found in, and some by chance. */
  readonly keep: number;
  readonly lies?: (flush: number) => boolean;
  /** Stops after this many flushes. */
  readonly untilFlush?: number;
  /** False: what was acknowledged may be gone, as behind a disk that lies. */
  readonly isAckBinding?: boolean;
}

export interface Played {
  operations: number;
  images: number;
  different: number;
  recovered: number;
  /** Different contents that the database was found with. */
  states: number;
  lost: number;
  corrupt: number;
  readonly violations: string[];
  readonly kept: Kept[];
}

/**
 * Lives through a recording and cuts the power at every operation. Whatever the disk then holds, the database must be
 * sound and in a state that was committed, not older than the last one that was acknowledged; every backup is what its
 * manifest says; and what the file was before the request is still there, in it or in a backup or set aside beside it.
 * @throws Error when the replayed files are not the real ones: then the model has missed a write.
 */
export function play(recording: Recording, options: PlayOptions): Played {
  const { scene, calls } = recording;
  const root = recording.before();
  const { sandbox } = scene;
  const names = namesBelow(sandbox.folder, sandbox.file, sandbox.backupFolder);
  const random = createRandom(options.seed);
  const recovery = createRecovery(path.join(options.scratch, 'database'));
  const backups = createBackupJudge(path.join(options.scratch, 'backup'));
  const read = messageReader();
  const played: Played = {
    ...{ operations: 0, images: 0, different: 0, recovered: 0, states: 0, lost: 0, corrupt: 0 },
    ...{ violations: [], kept: [] },
  };
  /** Contents in the order in which they were committed. */
  const committed = new Map<string, number>();
  let acknowledged = 0;
  const promised = new Map<string, string>();
  const events: EngineRunEvent[] = [];
  const seen = new Set<string>();
  const statesKept = new Set<string>();

  const databaseOf = ({ files }: Image): Recovered =>
    recovery.of(files.get(names.file), files.get(`${names.file}-journal`), files.get(`${names.file}-wal`));
  /** What a killed process leaves: the last commit. */
  const noteCommit = (): number => {
    const { content } = databaseOf(imageOf(root, 'all', random));
    const last = committed.size - 1;
    if (!committed.has(content) || committed.get(content) !== last) {
      // A state that comes back (a restore) counts as its latest self.
      committed.delete(content);
      const next = Math.max(-1, ...committed.values()) + 1;
      committed.set(content, next);
      return next;
    }
    return last;
  };
  noteCommit();

  function judge(image: Image, where: string): void {
    const database = databaseOf(image);
    const problems: string[] = [];
    if (!committed.has(database.content)) noteCommit();
    const index = committed.get(database.content);
    if (database.problems.length > 0 && !isAsBefore(database, scene)) {
      problems.push(`the database is damaged: ${database.problems[0] ?? ''}`);
      played.corrupt += 1;
    } else if (index === undefined) {
      problems.push('the database is in a state that was never committed');
      played.corrupt += 1;
    } else if (index < acknowledged) {
      if (options.isAckBinding ?? true)
        problems.push(`a change that was acknowledged is gone (${index} of ${acknowledged})`);
      played.lost += 1;
    }
    if (options.isAckBinding ?? true) {
      const found = backups.judge(image, names.backups, promised);
      problems.push(...found.problems);
      if (!isAsBefore(database, scene) && !isBeforeKept(image, scene, found.contents))
        problems.push('what the file was before is nowhere to be had');
    }
    for (const problem of problems) played.violations.push(`${where}: ${problem}`);
    if (problems.length > 0 || !statesKept.has(database.content) || random.chance(0.002)) {
      statesKept.add(database.content);
      keep(played.kept, options.keep, { image, where, events: [...events] }, random, problems.length > 0);
    }
  }

  function cutPower(step: Step & { kind: 'changed' }, count: number): void {
    const at = `operation ${played.operations} (${step.call} ${path.basename(step.file)})`;
    // Where everything is flushed, all images are the same.
    const most = hasPending(root) ? count : Math.min(count, 1);
    for (let nth = 0; nth < most; nth++) {
      const choice: Choice = isTurningPoint(step) && nth < 2 ? (nth === 0 ? 'none' : 'all') : 'random';
      const image = imageOf(root, choice, random);
      played.images += 1;
      if (seen.has(`${image.key}|${acknowledged}|${promised.size}`)) continue;
      seen.add(`${image.key}|${acknowledged}|${promised.size}`);
      judge(image, `${at}, image ${nth} (${choice})`);
    }
  }

  const share = options.images / Math.max(1, options.untilFlush ?? operationsOf(recording));
  let due = 0;
  for (const step of follow(calls, root, sandbox.folder, options.lies)) {
    if (step.kind === 'said') {
      for (const message of read(step.bytes)) {
        if (message.type === 'run') events.push(message.event);
        const backup = backupIn(message);
        if (backup) promised.set(path.relative(sandbox.folder, backup.path), backup.sha256);
        const isPromise =
          message.type === 'answer' ||
          (message.type === 'run' && ['applied', 'checkpoint', 'backup'].includes(message.event.type));
        if (isPromise) acknowledged = noteCommit();
      }
      continue;
    }
    played.operations += 1;
    if (mayHaveCommitted(step, names.file, root)) noteCommit();
    due += share * (isTurningPoint(step) ? 1.5 : 0.9);
    const count = Math.floor(due);
    due -= count;
    if (options.untilFlush === undefined) cutPower(step, count);
    else if (step.flush >= options.untilFlush) {
      cutPower(step, options.images);
      break;
    }
  }
  played.different = seen.size;
  played.recovered = recovery.counts.recovered;
  played.states = recovery.counts.states;
  if (options.untilFlush === undefined) assertReplayed(root, sandbox.folder);
  return played;
}

function operationsOf({ calls, before, scene }: Recording): number {
  let count = 0;
  for (const { kind } of follow(calls, before(), scene.sandbox.folder)) if (kind === 'changed') count += 1;
  return count;
}

/** Where promises are made and broken: everything but plain writes. */
const isTurningPoint = ({ written }: Step & { kind: 'changed' }): boolean => written === null;

const namesBelow = (folder: string, file: string, backupFolder: string) => ({
  file: path.relative(folder, file),
  backups: path.relative(folder, backupFolder),
});

const isAsBefore = ({ content, bytes }: Recovered, { before }: Scene): boolean =>
  before.content !== null
    ? content === before.content
    : bytes === null
      ? before.sha256 === null
      : content === `unreadable ${before.sha256}` || (typeof before.body === 'string' && bodyOf(bytes) === before.body);

/** In a backup, or byte for byte in a folder beside the file. */
function isBeforeKept(image: Image, { before }: Scene, backups: ReadonlySet<string>): boolean {
  if (before.sha256 === null) return true;
  if (before.content !== null && backups.has(before.content)) return true;
  // Under its other name only while a note of the restore lies there that will give it this one.
  const isNoted = [...image.files.keys()].some((name) => name.endsWith('.restore-intent'));
  const isKept = (name: string): boolean => name.includes(' replaced-') || (isNoted && name.includes(' replacing-'));
  return [...image.files].some(([name, { bytes }]) => isKept(name) && sha256(bytes) === before.sha256);
}

/** The operations at which a transaction can have become whole; at all others the last commit is still the same. */
function mayHaveCommitted({ file, written }: Step & { kind: 'changed' }, name: string, root: FolderNode): boolean {
  if (written === null) return true;
  if (file.endsWith('-journal')) return written.at === 0;
  if (!file.endsWith(`${path.basename(name)}-wal`) || written.at < 24) return false;
  let node: Node | undefined = root;
  for (const part of `${name}-wal`.split('/')) node = node?.kind === 'folder' ? node.current.get(part) : undefined;
  // A page's frame begins 24 bytes before it; its second number is not 0 where it ends a transaction.
  return node?.kind === 'file' && written.length > 24 && node.current.readUInt32BE(written.at - 20) !== 0;
}

function backupIn(message: ReturnType<ReturnType<typeof messageReader>>[number]): BackupRecord | null {
  if (message.type === 'run') return message.event.type === 'backup' ? message.event.backup : null;
  if (message.type !== 'answer' || !message.result.ok) return null;
  const value = message.result.value as { path?: unknown; sha256?: unknown; before?: BackupRecord | null } | null;
  if (typeof value?.path === 'string' && typeof value.sha256 === 'string') return value as BackupRecord;
  return value?.before ?? null;
}

/** @throws Error where the model and the real files are not the same: a write was missed. */
function assertReplayed(folder: FolderNode, real: string): void {
  for (const name of new Set([...readdirSync(real), ...folder.current.keys()])) {
    const full = path.join(real, name);
    const node = folder.current.get(name);
    if (node === undefined) throw new Error(`${full} is there, but the trace does not say where it came from`);
    if (node.kind === 'folder') assertReplayed(node, full);
    else if (!node.current.equals(readFileSync(full))) throw new Error(`${full} is not what the trace says`);
  }
}

const sha256 = (bytes: Buffer): string => createHash('sha256').update(bytes).digest('hex');
