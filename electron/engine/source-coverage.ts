import path from 'node:path';
import type { SourceCoverage } from '@shared/run.ts';
import { lookAt } from './look.ts';
import type { Db, IdentifiedMigration, Pack, SourceFolder } from './migration.ts';
import type { EngineRequests, SourceChoice } from './protocol.ts';
import { recogniseOrRefuse } from './recognise.ts';
import { openSourceFiles, type OpenSourceFiles } from './source-files.ts';

/** Which folder the files of a phase are read from, and how they match the rows. Reads only. */

/** Paths asked for when a folder is guessed: only their being there is looked at. */
const GUESS_PATHS = 500;
/** Rows whose file is read and compared, at most, and for how long: the look holds a read lock meanwhile. */
const MOST_ROWS = 20_000;
const BUDGET_MS = 3_000;
/** Samples shown of each state. */
const SAMPLES = 5;

export interface ResolvedSource {
  readonly files: OpenSourceFiles | null;
  readonly choice: SourceCoverage['choice'];
}

/**
 * The folder that a choice means for this database.
 * @param database the real path of the database; guesses are relative to its folder.
 * @throws CodedError E_SOURCE_FOLDER when the folder that a person chose cannot be read.
 */
export function resolveSource(
  db: Db,
  { sourceFolder }: Pack,
  choice: SourceChoice | undefined,
  database: string,
): ResolvedSource {
  if (sourceFolder === undefined) return { files: null, choice: 'none' };
  if (choice?.kind === 'none') return { files: null, choice: 'declined' };
  if (choice?.kind === 'folder') return { files: openSourceFiles(choice.folder, database), choice: 'chosen' };
  const guessed = guess(db, sourceFolder, database);
  return { files: guessed, choice: guessed === null ? 'none' : 'guessed' };
}

/** The usual place with the most files that rows name; the earlier one where two have as many. */
function guess(db: Db, sourceFolder: SourceFolder, database: string): OpenSourceFiles | null {
  const deadline = performance.now() + BUDGET_MS / 3;
  const paths = sourceFolder.paths(db, GUESS_PATHS);
  let best: { files: OpenSourceFiles; hits: number } | null = null;
  for (const relative of sourceFolder.guesses) {
    const files = openIfThere(path.resolve(path.dirname(database), relative), database);
    if (files === null) continue;
    let hits = 0;
    for (const row of paths) {
      if (performance.now() > deadline) break;
      if (files.has(row.path)) hits++;
    }
    if (hits > (best?.hits ?? 0)) best = { files, hits };
  }
  return best?.files ?? null;
}

function openIfThere(folder: string, database: string): OpenSourceFiles | null {
  try {
    return openSourceFiles(folder, database);
  } catch {
    return null; // a place that is not there is no guess
  }
}

/**
 * How the files match the rows: read and compared one by one within about three seconds; what is left over then is said
 * by `isComplete`.
 * @returns null when this family reads no files.
 * @throws CodedError E_SOURCE_FOLDER
 */
export function coverageOf(
  db: Db,
  pack: Pack,
  choice: SourceChoice | undefined,
  database: string,
  budgetMs = BUDGET_MS,
): SourceCoverage | null {
  const { sourceFolder } = pack;
  if (sourceFolder === undefined) return null;
  const resolved = resolveSource(db, pack, choice, database);
  const { title, question, explanation } = sourceFolder;
  const rows = sourceFolder.countPaths(db);
  const counted = resolved.files ? compareAll(db, sourceFolder, resolved.files, rows, budgetMs) : nothingLookedInto;
  return {
    title,
    question,
    explanation,
    folder: resolved.files?.folder ?? null,
    choice: resolved.choice,
    rows,
    ...counted,
  };
}

type Counted = Pick<SourceCoverage, 'found' | 'missing' | 'unreadable' | 'differing' | 'isComplete' | 'samples'>;
type State = SourceCoverage['samples'][number]['state'];

const nothingLookedInto: Counted = { found: 0, missing: 0, unreadable: 0, differing: 0, isComplete: true, samples: [] };

function compareAll(
  db: Db,
  sourceFolder: SourceFolder,
  files: OpenSourceFiles,
  rows: number,
  budgetMs: number,
): Counted {
  const deadline = performance.now() + budgetMs;
  const counts: Record<State, number> = { found: 0, missing: 0, unreadable: 0, differs: 0 };
  const samples: SourceCoverage['samples'] = [];
  let looked = 0;
  for (const { key, path: named } of sourceFolder.paths(db, MOST_ROWS)) {
    if (performance.now() > deadline) break;
    const { state, file } = stateOf(db, sourceFolder, files, key, named);
    counts[state]++;
    looked++;
    if (counts[state] <= SAMPLES) samples.push({ path: named, state, file });
  }
  const { found, missing, unreadable, differs } = counts;
  return { found, missing, unreadable, differing: differs, isComplete: looked >= rows, samples };
}

function stateOf(
  db: Db,
  sourceFolder: SourceFolder,
  files: OpenSourceFiles,
  key: string,
  named: string,
): { state: State; file: string | null } {
  const read = files.read(named, (text) => sourceFolder.compare(db, key, text) === 'agrees');
  if (read.state === 'missing') return { state: 'missing', file: null };
  if (read.state === 'unreadable') return { state: 'unreadable', file: read.file };
  const verdict = sourceFolder.compare(db, key, read.text);
  return {
    state: ({ agrees: 'found', differs: 'differs', unreadable: 'unreadable' } as const)[verdict],
    file: read.file,
  };
}

/** True when one of these steps is of the phase that reads the files. */
export const readsSource = ({ sourceFolder }: Pack, steps: readonly Pick<IdentifiedMigration, 'phase'>[]): boolean =>
  sourceFolder !== undefined && steps.some(({ phase }) => phase === sourceFolder.phase);

/**
 * The answer to `source`, whatever phase the database is in.
 * @throws CodedError as `inspect`; E_SOURCE_FOLDER.
 */
export const lookAtSource = (
  { path: file, source }: EngineRequests['source']['input'],
  packs: readonly Pack[],
): Promise<SourceCoverage | null> =>
  lookAt(file, (look) => coverageOf(look.db, recogniseOrRefuse(look.db, packs).pack, source, look.file.path));
