import type { ExitCriterion, Schema, TableInfo } from '@engine/migration.ts';
import { canonical, phaseOneTables } from '../schema/canonical.ts';
import { dataCriteria } from './core-data.ts';
import { mirrorCriterion, sameTable, twins } from '../triggers/exit-criteria-triggers.ts';

/** Phase 1, by schema: the canonical core is there, and what older programs write is carried over to it. */

const core = canonical.filter(({ name }) => phaseOneTables.includes(name));

const columnsPresent: ExitCriterion = {
  id: 'core-columns',
  title: 'The tables and columns of the canonical core are there',
  cost: 'schema',
  check(_db, schema) {
    const expected = core.flatMap(({ name, columns }) =>
      columns
        // An extension is kept where a file has it, and asked of no other.
        .filter(({ phase, isExtension, name: column }) => phase <= 1 && (!isExtension || schema.column(name, column)))
        .map((column) => ({ table: name, column })),
    );
    const wrong = expected.flatMap(({ table, column }) => {
      const found = schema.column(table, column.name);
      if (!found) return [`${table}.${column.name} is missing`];
      return found.type.toUpperCase() === column.type
        ? []
        : [`${table}.${column.name} is ${found.type || 'without a type'}, not ${column.type}`];
    });
    return {
      met: wrong.length === 0,
      summary:
        wrong.length === 0
          ? `All ${expected.length} columns in ${core.length} tables are there.`
          : `${wrong.length} of ${expected.length} columns are not as they should be.`,
      evidence: [
        { label: 'Columns compared', text: String(expected.length) },
        ...wrong.map((text) => ({ label: 'Finding', text })),
      ],
    };
  },
};

const indexesPresent: ExitCriterion = {
  id: 'core-indexes',
  title: 'The indexes of the canonical core are there',
  cost: 'schema',
  check(_db, schema) {
    const expected = canonical.flatMap(({ name, indexes }) => {
      const table = schema.table(name);
      return table ? indexes.filter(({ phase }) => phase <= 1).map(({ columns }) => ({ table, columns })) : [];
    });
    const missing = expected.filter(({ table, columns }) => !hasIndex(table, columns));
    return {
      met: missing.length === 0,
      summary:
        missing.length === 0
          ? `All ${expected.length} indexes are there, by columns and direction.`
          : `${missing.length} of ${expected.length} indexes are missing.`,
      evidence: [
        { label: 'Indexes compared', text: String(expected.length) },
        ...missing.map(({ table, columns }) => ({
          label: 'Finding',
          text: `no index on ${table.name}(${columns.join(', ')})`,
        })),
        ...uniqueFindings(schema),
      ],
    };
  },
};

const hasIndex = (table: TableInfo, columns: readonly string[]): boolean =>
  table.indexes.some(
    (index) =>
      !index.isPartial &&
      index.columns.map(({ name, descending }) => `${name ?? ''}${descending ? ' DESC' : ''}`.toLowerCase()).join() ===
        columns.join().toLowerCase(),
  );

/** Uniqueness is final in phase 5; rows that stand against it are worth knowing now. */
const uniqueFindings = (schema: Schema) =>
  [
    ['projects', 'owner_user_id', 'slug'],
    ['assets', 'project_id', 'storage_uri'],
  ].flatMap(([table = '', ...columns]) => {
    const isUnique = schema
      .table(table)
      ?.indexes.some((index) => index.isUnique && index.columns.map(({ name }) => name).join() === columns.join());
    return isUnique
      ? []
      : [
          {
            label: 'For later',
            text: `rows of ${table} share ${columns.join(' and ')}, so it could not be made unique yet`,
          },
        ];
  });

const triggersPresent = mirrorCriterion('core-triggers', 'Old and new names are kept in step', [
  twins('users', 'app_users'),
  // A project takes its row in project_storage along.
  { ...sameTable('projects'), carried: ['INSERT', 'UPDATE', 'DELETE'] },
  sameTable('project_api_secrets'),
  sameTable('assets'),
  sameTable('runs'),
  sameTable('run_jobs'),
  twins('run_job_candidates', 'run_candidates'),
  sameTable('project_exports'),
]);

export const canonicalCoreCriteria: readonly ExitCriterion[] = [
  columnsPresent,
  indexesPresent,
  triggersPresent,
  ...dataCriteria,
];
