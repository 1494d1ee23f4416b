import { readdirSync } from 'node:fs';
import path from 'node:path';
import { WorkKind } from '@shared/recovery.ts';
import { RunReport } from '@shared/run.ts';
import { z } from 'zod';
import { readText } from './json-file.ts';
import type { JournalLine } from './run-journal.ts';
import { statsOf } from './stats.ts';

/** Paths of the journals in a folder; none where it is not there. Never throws. */
export function journalFiles(folder: string): string[] {
  try {
    const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl'));
    return names.map((name) => path.join(folder, name));
  } catch {
    return []; // no run yet
  }
}

/** Journals only grow: one with the same stamp need not be read again. null = it is not there. Never throws. */
export function stampOf(file: string): string | null {
  const stats = statsOf(file);
  return stats === undefined ? null : `${stats.size} ${stats.mtimeMs} ${stats.ino}`;
}

/**
 * What was cut short by a power loss, or is no line of ours, is left out; later lines, which another start has written
 * behind it, count again. None where there is no journal; null where it cannot be read. Never throws.
 */
export function linesOf(file: string): readonly JournalLine[] | null {
  if (stampOf(file) === null) return [];
  const whole = textOf(file);
  if (whole === null) return null;
  return whole.split('\n').flatMap((text) => {
    const line = parsed(text);
    if (!Readable.safeParse(line).success || !hasItsParts(line as JournalLine)) return [];
    return [line as JournalLine];
  });
}

export type Line<T extends JournalLine['type']> = Extract<JournalLine, { type: T }>;

export const firstOf = <T extends JournalLine['type']>(lines: readonly JournalLine[], type: T) =>
  lines.find(ofType(type));
export const lastOf = <T extends JournalLine['type']>(lines: readonly JournalLine[], type: T) =>
  lines.findLast(ofType(type));
const ofType =
  <T extends JournalLine['type']>(type: T) =>
  (line: JournalLine): line is Line<T> =>
    line.type === type;

/** Enough to know that a line is one; what else it holds was written by this program. */
const Readable = z.looseObject({ type: z.string(), at: z.string() });
const Started = z.looseObject({
  runId: z.string(),
  kind: WorkKind.optional(),
  path: z.string(),
  toPhase: z.number().int().nullable(),
  pid: z.number().int(),
  process: z.string().optional(),
  order: z.number().int().optional(),
  since: z.string().optional(),
  before: z.string().optional(),
});

function hasItsParts(line: JournalLine): boolean {
  if (line.type === 'started') return Started.safeParse(line).success;
  if (line.type === 'ended' || line.type === 'migrated') return RunReport.safeParse(line.report).success;
  if (line.type === 'set-aside' || line.type === 'kept') return typeof line.folder === 'string';
  if (line.type === 'steps' || line.type === 'verdict') {
    return Array.isArray(line.type === 'steps' ? line.steps : line.checks);
  }
  return true;
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

function textOf(file: string): string | null {
  try {
    return readText(file);
  } catch {
    return null;
  }
}
