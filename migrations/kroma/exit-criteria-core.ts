import type { ExitCriterion, Schema, TableInfo } from '@engine/migration.ts';
import { canonical, phaseOneTables } from './canonical.ts';
import { dataCriteria } from './exit-criteria-data.ts';

/** Phase 1, by schema: the canonical core is there, and what older programs write is carried over to it. */

const core = canonical.filter(({ name }) => phaseOneTables.includes(name));

const columnsPresent: ExitCriterion = {
  id: 'core-columns',
  title: 'The tables and columns of the canonical core are there',
  cost: 'schema',
  check(_db, schema) {
    const expected = core.flatMap(({ name, columns }) =>
      columns.filter(({ phase }) => phase <= 1).map((column) => ({ table: name, column })),
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

/** What older programs may do to each old table or column, as events of triggers. */
const carriedOver: Readonly<Record<string, readonly ('INSERT' | 'UPDATE' | 'DELETE')[]>> = {
  users: ['INSERT', 'UPDATE', 'DELETE'],
  projects: ['INSERT', 'UPDATE', 'DELETE'],
  project_api_secrets: ['INSERT', 'UPDATE'],
  assets: ['INSERT', 'UPDATE'],
  runs: ['INSERT', 'UPDATE'],
  run_jobs: ['INSERT', 'UPDATE'],
  run_job_candidates: ['INSERT', 'UPDATE', 'DELETE'],
  project_exports: ['INSERT', 'UPDATE'],
};

const triggersPresent: ExitCriterion = {
  id: 'core-triggers',
  title: 'What older programs write is carried over',
  cost: 'schema',
  check(_db, schema) {
    const ours = schema.triggers.filter(({ name }) => name.startsWith('_phasewise_'));
    const expected = Object.entries(carriedOver).flatMap(([table, events]) =>
      isLegacyPresent(schema, table) ? events.map((event) => ({ table, event })) : [],
    );
    const missing = expected.filter(
      ({ table, event }) =>
        !ours.some(
          (trigger) =>
            trigger.table.toLowerCase() === table && new RegExp(`\\bAFTER ${event}\\b`, 'i').test(trigger.sql),
        ),
    );
    return {
      met: missing.length === 0,
      summary:
        missing.length === 0
          ? `${expected.length} kinds of writes are carried over by ${ours.length} triggers.`
          : `${missing.length} of ${expected.length} kinds of writes are not carried over.`,
      evidence: [
        { label: 'Triggers', text: ours.map(({ name }) => name).join('\n') },
        ...missing.map(({ table, event }) => ({ label: 'Finding', text: `nothing carries over ${event} on ${table}` })),
      ],
    };
  },
};

/** True while the table, or one of the columns that the last phase removes, is still there. */
function isLegacyPresent(schema: Schema, table: string): boolean {
  if (!schema.table(table)) return false;
  const legacy = canonical.find(({ name }) => name === table)?.legacyColumns;
  return legacy === undefined || Object.keys(legacy).some((column) => schema.column(table, column));
}

export const canonicalCoreCriteria: readonly ExitCriterion[] = [
  columnsPresent,
  indexesPresent,
  triggersPresent,
  ...dataCriteria,
];
