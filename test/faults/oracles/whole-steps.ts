import Database from 'better-sqlite3';
import { inspectRemains, keptProblems } from '../../support/kill/whole-step.ts';
import type { Source } from '../databases/source.ts';

/**
 * Whole steps: what is recorded holds, what is not has left nothing but committed chunks that its accounts explain, and
 * nothing of the person's was lost.
 * @param copy of the file; may be written.
 */
export function wholeSteps(source: Source, copy: string): { applied: readonly string[]; problems: string[] } {
  if (source.family === 'shop') return shopSteps(source, copy);
  const { applied, problems } = inspectRemains(copy);
  const known = ownFindings.get(source.file) ?? new Set();
  return {
    applied,
    problems: [...problems, ...keptProblems(copy, source.file)].filter((problem) => !known.has(problem)),
  };
}

const ownFindings = new Map<string, ReadonlySet<string>>();

/** What these questions find in the source, or in its undisturbed result, is its own oddity: dual files have some. */
export function learnOwnFindings(source: Source, copyOfSource: string, copyOfResult: string): void {
  if (source.family === 'shop') return;
  const found = [copyOfSource, copyOfResult].flatMap((copy) => inspectRemains(copy).problems);
  ownFindings.set(source.file, new Set([...found, ...markedBefore(source)]));
}

/** A later program has left its own markers in the ledger, under the ids that ours have. */
function markedBefore({ file }: Source): string[] {
  const db = new Database(file, { readonly: true });
  const versions = db.prepare<[], string>(`SELECT version FROM schema_migrations`).pluck().all();
  db.close();
  return versions.map((id) => `${id}: the ledger and our record disagree`);
}

/** The shop's second backfill is not idempotent: a note that was worked on twice has been touched twice. */
function shopSteps(source: Source, copy: string): { applied: readonly string[]; problems: string[] } {
  const db = new Database(copy);
  try {
    const has = (table: string) => db.prepare(`SELECT 1 FROM sqlite_schema WHERE name = ?`).get(table) !== undefined;
    const count = (sql: string) => db.prepare<[], number>(sql).pluck().get() ?? -1;
    db.prepare(`ATTACH ? AS old`).run(source.file);
    const kept = ['member', 'setting'].filter(
      (table) => count(`SELECT count(*) FROM (SELECT * FROM old.${table} EXCEPT SELECT * FROM main.${table})`) > 0,
    );
    const problems = kept.map((table) => `rows of ${table} were lost or changed`);
    if (
      count(
        `SELECT count(*) FROM (SELECT id, member_id, body FROM old.note EXCEPT SELECT id, member_id, body FROM main.note)`,
      ) > 0
    )
      problems.push('rows of note were lost or changed');
    if (!has('_phasewise_migrations')) {
      const own = ['person', '_phasewise_runs', '_phasewise_backfills', '_phasewise_person_insert'].filter(has);
      return {
        applied: [],
        problems: [...problems, ...own.map((name) => `${name} exists before anything was recorded`)],
      };
    }
    const applied = db.prepare<[], string>(`SELECT id FROM _phasewise_migrations ORDER BY id`).pluck().all();
    const ledger = db
      .prepare<[], string>(`SELECT version FROM schema_migrations WHERE version <> 'shop_1' ORDER BY 1`)
      .pluck()
      .all();
    if (applied.join() !== ledger.join())
      problems.push(`the record says ${applied.join()}, the ledger ${ledger.join()}`);
    return { applied, problems: [...problems, ...backfillProblems(count, has, applied)] };
  } finally {
    db.close();
  }
}

function backfillProblems(
  count: (sql: string) => number,
  has: (table: string) => boolean,
  applied: readonly string[],
): string[] {
  const problems: string[] = [];
  const cursor = (id: string) => `(SELECT cursor FROM _phasewise_backfills WHERE id = '${id}')`;
  const passedMembers = applied.includes('0001_person') ? `true` : `m.id <= ${cursor('0001_person/persons')}`;
  if (has('person')) {
    const wrong = count(`SELECT count(*) FROM member m LEFT JOIN person p ON p.id = m.id
      WHERE coalesce(${passedMembers}, false) <> (p.id IS NOT NULL) AND m.name IS NOT NULL`);
    if (wrong > 0) problems.push(`${wrong} persons do not fit the cursor`);
  } else if (applied.includes('0001_person')) problems.push('person is recorded and missing');
  const hasTouched = count(`SELECT count(*) FROM pragma_table_info('note') WHERE name = 'touched'`) === 1;
  if (!hasTouched)
    return applied.includes('0002_note_length') ? [...problems, 'touched is recorded and missing'] : problems;
  const passedNotes = applied.includes('0002_note_length') ? `true` : `id <= ${cursor('0002_note_length/lengths')}`;
  const wrong = count(`SELECT count(*) FROM note WHERE touched <> coalesce(${passedNotes}, false)`);
  return wrong > 0 ? [...problems, `${wrong} notes were touched too often or not at all`] : problems;
}
