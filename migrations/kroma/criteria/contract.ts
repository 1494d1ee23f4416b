import {
  expectNone,
  quoteName,
  withEmptyDatabase,
  type Db,
  type ExitCriterion,
  type Finding,
  type Schema,
} from '@engine/migration.ts';
import {
  apiContract,
  everyRowQuery,
  listQuery,
  type ApiField,
  type ApiResource,
  type HasColumn,
} from '../contract/api-contract.ts';
import { canonical } from '../schema/canonical.ts';
import { problemsOf, screenOf, type Problem } from '../contract/contract-problems.ts';

/**
 * Phase 3: everything the program's interface promises is answered from new names alone, and what it answers is what
 * the contract says. The queries of the contract are run here on every row, in SQL.
 */

/** Of columns kept on purpose, a file has those that its program wrote; all others are there from their phase on. */
const columnsIn =
  (schema: Schema): HasColumn =>
  (table, column) =>
    schema.column(table, column) !== undefined;

/** Phase 4 brings its tables into shape; until it is reached, or where nothing old is left, they are not asked. */
function asked(db: Db, schema: Schema): readonly ApiResource[] {
  return apiContract.filter(({ phase }) => phase === 3 || isKnowledgeReady(db, schema));
}
const knowledgePhase = 4;
function isKnowledgeReady(db: Db, schema: Schema): boolean {
  if (!schema.table('users') && !schema.column('runs', 'mode')) return true;
  if (!schema.table('_phasewise_checkpoints')) return false;
  const sql = 'SELECT 1 FROM _phasewise_checkpoints WHERE phase >= ? LIMIT 1';
  return db.prepare<[number]>(sql).get(knowledgePhase) !== undefined;
}

/** The new schema with nothing old in it: canonical columns, and of the extensions those that this file has. */
function createNewNames(empty: Db, has: HasColumn): void {
  for (const { name, columns } of canonical) {
    const list = columns
      .filter((column) => !column.isExtension || has(name, column.name))
      .map((column) => `${quoteName(column.name)} ${column.type}`);
    empty.exec(`CREATE TABLE ${quoteName(name)} (${list.join(', ')})`);
  }
}

/** What is wrong with a query, or null: it must prepare, and answer with exactly the fields promised, in their order. */
function flawOf(db: Db, resource: ApiResource, has: HasColumn): string | null {
  try {
    const names = db
      .prepare(listQuery(resource, has))
      .columns()
      .map(({ name }) => name);
    const promised = resource.fields.map(({ name }) => name);
    return names.join() === promised.join() ? null : `it answers ${names.join(', ')}`;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

const newNamesOnly: ExitCriterion = {
  id: 'contract-new-names',
  title: 'Every answer of the interface comes from new names alone',
  cost: 'schema',
  check(db, schema) {
    const has = columnsIn(schema);
    const resources = asked(db, schema);
    const flaws = withEmptyDatabase((empty) => {
      createNewNames(empty, has);
      return resources.flatMap((resource) =>
        [
          ['a schema of new names alone', flawOf(empty, resource, has)],
          ['this file', flawOf(db, resource, has)],
        ].flatMap(([where, flaw]) => (flaw === null ? [] : [`${resource.id}, on ${where}: ${flaw}`])),
      );
    });
    const fields = resources.reduce((sum, resource) => sum + resource.fields.length, 0);
    return {
      met: flaws.length === 0,
      summary:
        flaws.length === 0
          ? `${resources.length} resources with ${fields} fields are answered without any old table or column.`
          : `${flaws.length} queries cannot be answered.`,
      evidence: [
        ...flaws.map((text) => ({ label: 'Finding', text })),
        {
          label: 'Resources',
          text: resources
            .map(({ id, paths, answer, fields: list }) => `${id}: ${paths[0]} -> ${answer}, ${list.length} fields`)
            .join('\n'),
        },
        { label: 'How it was asked', text: 'Each query was prepared on an empty database that has no old name.' },
      ],
    };
  },
};

const answersAsPromised: ExitCriterion = {
  id: 'contract-answers',
  title: 'Every answer of the interface is what the contract promises',
  cost: 'data',
  check(db, schema) {
    const has = columnsIn(schema);
    // What cannot be answered at all is the other criterion's finding.
    const answered = asked(db, schema).filter((resource) => flawOf(db, resource, has) === null);
    const results = answered.map((resource) => examine(db, schema, resource, has));
    const findings = results.flatMap(({ findings: found }) => found);
    const rows = results.reduce((sum, { rows: count }) => sum + count, 0);
    return {
      met: findings.length === 0,
      summary:
        findings.length === 0
          ? `${rows.toLocaleString('en-US')} rows of ${results.length} resources were answered as promised.`
          : findings.map(({ what, count, sampleKeys }) => `${count} ${what} (${sampleKeys.join(', ')})`).join('; ') +
            '.',
      evidence: results.flatMap(({ evidence }) => evidence),
    };
  },
};

interface Examined {
  readonly rows: number;
  readonly findings: Finding[];
  readonly evidence: { label: string; text: string }[];
}

/** Runs the list query for a few scopes, then looks at every row that it could answer. */
function examine(db: Db, schema: Schema, resource: ApiResource, has: HasColumn): Examined {
  const lists = runLists(db, resource, has);
  const every = everyRowQuery(resource, has);
  const [rows = 0, ...suspects] = screenRows(db, resource, every);
  const problems = resource.fields.flatMap((field, at) =>
    suspects[at] === 0 ? [] : problemsOf(schema, resource, field, `f${at}`),
  );
  const found = problems.map((problem) => weigh(db, every, problem));
  const findings = found.flatMap(({ finding }) => finding);
  const noted = found.flatMap(({ note }) => note);
  const evidence = [
    {
      label: resource.id,
      text: `${rows.toLocaleString('en-US')} rows, ${resource.fields.length} fields, lists asked for: ${lists}`,
    },
    ...findings.flatMap(({ what, count, sampleKeys, sql }) => [
      { label: what, text: `${count} rows, e.g. ${sampleKeys.join(', ')}` },
      { label: 'SQL', text: sql.trim() },
    ]),
    ...noted,
    { label: `SQL of ${resource.id}`, text: listQuery(resource, has) },
  ];
  return { rows, findings, evidence };
}

/** The rows with a problem: those that are not excused are a finding, the others are noted. */
function weigh(db: Db, every: string, { what, isWrong, excused }: Problem) {
  const all = expectNone(db, what, offending(every, isWrong));
  const finding =
    all.length === 0 || excused === 'always'
      ? []
      : expectNone(db, what, offending(every, `${isWrong} AND NOT ${excused.unless(db)}`));
  const note = all.flatMap(({ count, sampleKeys }) => {
    const excusedRows = count - (finding[0]?.count ?? 0);
    if (excusedRows === 0) return [];
    const keys = sampleKeys.filter((key) => !finding[0]?.sampleKeys.includes(key));
    return [{ label: `Noted: ${what}`, text: `${excusedRows} rows stood so in the source, e.g. ${keys.join(', ')}` }];
  });
  return { finding, note };
}

const offending = (every: string, isWrong: string): string =>
  `SELECT row_key FROM (${every}) AS answer WHERE ${isWrong}`;

/** The number of rows, and for each field of those that may have a problem, in one walk. */
function screenRows(db: Db, resource: ApiResource, every: string): number[] {
  // A file's address is looked at among the files themselves; unasked, it costs no look-up per row here.
  const sums = resource.fields.map((field, at) =>
    isOfAnotherTable(resource, field) ? ', 0' : `, count(*) FILTER (WHERE ${screenOf(field, `f${at}`)})`,
  );
  return (
    db
      .prepare<[], number[]>(`SELECT count(*)${sums.join('')} FROM (${every}) AS answer`)
      .raw()
      .get() ?? []
  );
}

/** Answered by an optional file that the row refers to. */
const isOfAnotherTable = ({ key }: ApiResource, { sql, isNullable }: ApiField): boolean =>
  isNullable && /^\w\.storage_uri$/.test(sql) && sql[0] !== key[0];

/** Asks for lists as the interface does, for a few projects, runs or jobs. @returns how many. */
function runLists(db: Db, resource: ApiResource, has: HasColumn): number {
  const list = db.prepare<Record<string, unknown>, unknown[]>(listQuery(resource, has)).raw();
  const scopes = db
    .prepare<[], unknown>(`SELECT id FROM ${resource.scopeTable} WHERE id IS NOT NULL ORDER BY id LIMIT 20`)
    .pluck()
    .all();
  for (const scope of scopes) {
    const limit = resource.limit === null ? {} : { limit: resource.limit.usual };
    list.all({ scope, ...limit });
  }
  return scopes.length;
}

export const contractCriteria: readonly ExitCriterion[] = [newNamesOnly, answersAsPromised];
