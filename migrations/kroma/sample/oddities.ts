import type { Db } from '@engine/migration.ts';
import type { Random } from './random.ts';
import { rowWriter, type Row } from './rows.ts';

/**
 * What years of use leave behind in real files: rows whose parent is gone, paths written on Windows, files that nobody
 * registered, times in other forms. A sample without them would make every upgrade look easier than it is.
 */
export function addOddities(db: Db, random: Random): void {
  const sample = (table: string, count: number): Row[] => {
    const rows = db.prepare<[], Row>(`SELECT * FROM ${table} ORDER BY id`).all();
    return Array.from({ length: count }, () => rows.splice(random.int(0, rows.length - 1), 1)[0]).filter(
      (row) => row !== undefined,
    );
  };
  const change = (table: string, column: string, rows: readonly Row[], next: (row: Row) => string | null): void => {
    const update = db.prepare(`UPDATE ${table} SET ${column} = ? WHERE id = ?`);
    for (const row of rows) update.run(next(row), row['id']);
  };

  change('run_job_candidates', 'output_path', sample('run_job_candidates', 12), (row) => windows(row['output_path']));
  change('run_job_candidates', 'final_output_path', sample('run_job_candidates', 5), () => '');
  change('run_job_candidates', 'meta_json', sample('run_job_candidates', 2), () => '{"candidate_index":1,"outp');
  change('assets', 'rel_path', sample('assets', 2), (row) => windows(row['rel_path']));
  change('assets', 'meta_json', sample('assets', 2), () => '');
  change('assets', 'rel_path', sample('assets', 2), (row) => `s3://polarfuchs-archive/${String(row['rel_path'])}`);
  change('run_jobs', 'final_output', sample('run_jobs', 3), () => '');
  change('runs', 'created_at', sample('runs', 4), (row) => otherForm(String(row['created_at']), random));
  change('assets', 'created_at', sample('assets', 8), (row) => otherForm(String(row['created_at']), random));
  change('run_job_candidates', 'created_at', sample('run_job_candidates', 8), (row) =>
    otherForm(String(row['created_at']), random),
  );
  const forgotten = db.prepare(`DELETE FROM assets WHERE id = ?`);
  for (const asset of sample('assets', 10)) forgotten.run(asset['id']);
  addOrphans(db, random, sample);
}

function addOrphans(db: Db, random: Random, sample: (table: string, count: number) => Row[]): void {
  const write = rowWriter(db);
  for (const candidate of sample('run_job_candidates', 2)) {
    write('run_job_candidates', { ...candidate, id: random.uuid(), job_id: random.uuid() });
  }
  for (const asset of sample('assets', 1)) write('assets', { ...asset, id: random.uuid(), project_id: random.uuid() });
  for (const message of sample('chat_messages', 1))
    write('chat_messages', { ...message, id: random.uuid(), session_id: random.uuid() });
}

const windows = (path: unknown): string | null => (typeof path === 'string' ? path.replaceAll('/', '\\') : null);

/** The same instant in one of the other forms seen in real files. */
function otherForm(time: string, random: Random): string {
  const instant = new Date(time);
  return random.pick([
    time.replace('T', ' ').replace('Z', ''),
    time.replace('Z', '.250Z'),
    time.replace('Z', '+00:00'),
    time.slice(0, 10),
    String(Math.floor(instant.getTime() / 1000)),
  ]);
}
