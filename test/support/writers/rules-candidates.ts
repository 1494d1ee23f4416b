import { isEmpty, textOf, type Row, type Value } from '../oracle/rows.ts';
import { addressOf, findFile, isNamedBy, pathAfter, projectOfJob, registerFile } from './files.ts';
import type { Memory, Rules } from './memory.ts';
import { changedColumns, dropReplaced, dropTwin, mark, twinOf } from './twins.ts';

const shared = [
  'job_id', 'candidate_index', 'status', 'rank_hard_failures', 'rank_soft_warnings', 'rank_avg_chroma_exceed', 'meta_json',
]; // prettier-ignore
const files = [
  { path: 'output_path', asset: 'output_asset_id', kind: 'candidate_output', end: ':output' },
  { path: 'final_output_path', asset: 'final_asset_id', kind: 'candidate_final_output', end: ':final' },
] as const;
const isCandidates = (table: string) => table === 'run_job_candidates' || table === 'run_candidates';

/** run_job_candidates names files by path, run_candidates by asset. */
export const candidateRules: Partial<Rules> = {
  inserted(memory, table, row, { yielded, replaced }) {
    if (table === 'runs') return keepLongMarks(memory);
    if (!isCandidates(table)) return;
    if (table === 'run_job_candidates') registerBoth(memory, row);
    dropReplaced(memory, table, replaced);
    carry(memory, table, row, { columns: shared, files: files.map(({ path }) => path), yielded });
    if (table === 'run_job_candidates') completeJob(memory, row);
  },
  updated(memory, table, before, after, replaced) {
    if (!isCandidates(table)) return;
    const names = files.map(({ path, asset }) => (table === 'run_candidates' ? asset : path));
    const changed = changedColumns([...shared, 'created_at', ...names], before, after);
    if (changed.length === 0) return;
    if (table === 'run_job_candidates') registerBoth(memory, after);
    dropReplaced(memory, table, replaced);
    const columns = changed.filter((column) => !names.some((name) => name === column));
    const paths = files.flatMap(({ path, asset }) =>
      changed.includes(table === 'run_candidates' ? asset : path) ? [path] : [],
    );
    carry(memory, table, after, { columns, files: paths, yielded: null });
    if (table === 'run_job_candidates') completeJob(memory, after);
  },
  deleted(memory, table, row) {
    if (isCandidates(table)) dropTwin(memory, table, row);
    // Without foreign keys the old table keeps what hung on the job; the new one never does.
    if (table === 'run_jobs')
      for (const each of memory.rows('run_candidates'))
        if (textOf(each['job_id']) === textOf(row['id'])) memory.drop('run_candidates', textOf(each['id']));
  },
};

interface Carried {
  readonly columns: readonly string[];
  readonly files: readonly string[];
  readonly yielded: Row | null;
}

function carry(memory: Memory, table: string, row: Row, carried: Carried): void {
  const other = twinOf[table] ?? '';
  const twin = memory.row(other, row['id']);
  const project = projectOfJob(memory, row['job_id']);
  if (project === null) return;
  if (!memory.rows(other).some((each) => isInSlot(each, row))) {
    const own = Object.fromEntries(carried.columns.map((column) => [column, row[column] ?? null]));
    if (twin) memory.put(other, { ...twin, ...own, ...filesFor(memory, table, row, twin, carried) });
    else {
      const all = { columns: [...shared, 'id', 'created_at'], files: files.map(({ path }) => path), yielded: null };
      const values = Object.fromEntries(all.columns.map((column) => [column, row[column] ?? null]));
      memory.put(other, { ...memory.shapes.get(other)?.defaults, ...values, ...filesFor(memory, table, row, {}, all) });
      mark(memory, other, row);
    }
  }
  if (carried.yielded) complete(memory, table, row, carried.yielded);
}

const isInSlot = (other: Row, row: Row) =>
  other['id'] !== row['id'] && other['job_id'] === row['job_id'] && other['candidate_index'] === row['candidate_index'];

/** What the twin is to name files by. */
function filesFor(memory: Memory, table: string, row: Row, twin: Row, { files: wanted, yielded }: Carried): Row {
  const project = projectOfJob(memory, row['job_id']);
  const values = files.flatMap(({ path, asset }): [string, Value][] => {
    if (!wanted.includes(path)) return [];
    const [from, to] = table === 'run_candidates' ? [asset, path] : [path, asset];
    const there = twin[to] ?? null;
    if (yielded && isEmpty(row[from])) return [[to, there]];
    if (to === asset) return [[to, isNamedBy(memory, there, row[from]) ? there : findFile(memory, project, row[from])]];
    return [[to, 'id' in twin ? pathAfter(memory, row[from], project, there) : addressOf(memory, row[from])]];
  });
  return Object.fromEntries(values);
}

/** What the second insert of a program that writes both names leaves empty comes from the first. */
function complete(memory: Memory, table: string, row: Row, yielded: Row): void {
  for (const { path, asset } of files) {
    const name = table === 'run_candidates' ? asset : path;
    if (!isEmpty(row[name])) continue;
    const twin = memory.row('run_candidates', row['id']);
    const value = name === asset ? yielded[asset] : addressOf(memory, twin?.[asset]);
    memory.change(table, row['id'], { [name]: value ?? null });
  }
}

function registerBoth(memory: Memory, row: Row): void {
  const project = projectOfJob(memory, row['job_id']);
  const run_id = memory.row('run_jobs', row['job_id'])?.['run_id'] ?? null;
  const owners = { run_id, job_id: row['job_id'] ?? null, candidate_id: row['id'] ?? null };
  for (const { path, kind, end } of files)
    registerFile(memory, { id: `${textOf(row['id'])}${end}`, project, path: row[path], kind, owners });
}

/** A job whose chosen candidate comes after it gets its final file with it. */
function completeJob(memory: Memory, row: Row): void {
  const job = memory.row('run_jobs', row['job_id']);
  if (!job || !isEmpty(job['final_asset_id']) || job['selected_candidate_index'] !== row['candidate_index']) return;
  const candidate = memory.row('run_candidates', row['id']);
  const file = candidate?.['final_asset_id'] ?? candidate?.['output_asset_id'] ?? null;
  memory.change('run_jobs', job['id'], { final_asset_id: file });
}

/** A program writes both names within one run. */
function keepLongMarks(memory: Memory): void {
  memory.marks = new Set([...memory.marks].filter((each) => !isCandidates(each.split(' ')[0] ?? '')));
}
