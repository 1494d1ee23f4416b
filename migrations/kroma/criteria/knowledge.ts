import { isRecorded } from '@engine/migration.ts';
import type { CanonicalColumn, CanonicalTable, ExitCriterion, Schema, TableInfo } from '@engine/migration.ts';
import { knowledgeTables } from '../schema/canonical-knowledge.ts';
import { misledOn } from '../triggers/exit-criteria-triggers.ts';
import { knowledgeDataCriteria } from './knowledge-data.ts';

/** Phase 4, by schema: every table of knowledge and links has its final fields, and old and new columns stay in step. */

const fieldsFinal: ExitCriterion = {
  id: 'knowledge-columns',
  title: 'Provider accounts, knowledge, templates and links have their final fields',
  cost: 'schema',
  check(_db, schema) {
    const expected = knowledgeTables.flatMap(({ columns }) => columns.filter(({ isExtension }) => !isExtension));
    const findings = knowledgeTables.flatMap((table) => {
      const found = schema.table(table.name);
      return found ? tableFindings(table, found) : [`${table.name} is missing`];
    });
    return {
      met: findings.length === 0,
      summary:
        findings.length === 0
          ? `All ${expected.length} fields in ${knowledgeTables.length} tables have their type, default and rules.`
          : `${findings.length} things are not as they should be: ${findings[0] ?? ''}.`,
      evidence: [
        { label: 'Fields compared', text: String(expected.length) },
        ...findings.map((text) => ({ label: 'Finding', text })),
      ],
    };
  },
};

const tableFindings = (table: CanonicalTable, found: TableInfo): string[] => [
  ...table.columns.filter(({ isExtension }) => !isExtension).flatMap((column) => columnFindings(column, found)),
  ...table.columns.flatMap((column) => referenceFindings(column, found)),
  ...table.uniques
    .filter((columns) => !isUnique(found, columns))
    .map((columns) => `${table.name}(${columns.join(', ')}) may hold the same twice`),
];

function columnFindings(column: CanonicalColumn, table: TableInfo): string[] {
  const found = table.columns.find(({ name }) => name.toLowerCase() === column.name);
  const name = `${table.name}.${column.name}`;
  if (!found) return [`${name} is missing`];
  if (found.type.toUpperCase() !== column.type)
    return [`${name} is ${found.type || 'without a type'}, not ${column.type}`];
  if (column.isPrimaryKey) return found.primaryKeyPosition === 1 ? [] : [`${name} is not the key`];
  // What only a rebuild of the table can give waits for the last phase.
  if (column.constraintsPhase !== undefined) return [];
  return [
    ...(found.notNull === (column.notNull ?? false) ? [] : [`${name} ${found.notNull ? 'must not' : 'may'} be empty`]),
    ...(defaultOf(found.defaultSql) === defaultOf(column.defaultSql ?? null)
      ? []
      : [`${name} has the default ${found.defaultSql ?? 'none'}, not ${column.defaultSql ?? 'none'}`]),
  ];
}

function referenceFindings({ name, references, constraintsPhase }: CanonicalColumn, table: TableInfo): string[] {
  if (!references || constraintsPhase !== undefined) return [];
  const isThere = table.foreignKeys.some(
    (key) =>
      key.from.length === 1 &&
      key.from[0]?.toLowerCase() === name &&
      key.table.toLowerCase() === references.table &&
      key.onDelete.toUpperCase() === references.onDelete,
  );
  return isThere
    ? []
    : [`${table.name}.${name} does not refer to ${references.table} on delete ${references.onDelete}`];
}

const isUnique = (table: TableInfo, columns: readonly string[]): boolean =>
  table.indexes.some(
    (index) =>
      index.isUnique &&
      !index.isPartial &&
      index.columns
        .map(({ name }) => name?.toLowerCase() ?? '')
        .toSorted()
        .join() === columns.toSorted().join(),
  );

const defaultOf = (sql: string | null): string => (sql ?? '').replace(/^\((.*)\)$/, '$1').replace(/^"(.*)"$/, `'$1'`);

/** What may be written where, and the column or table that a trigger of ours must then bring up to date. */
const inStep = [
  { table: 'provider_accounts', old: 'meta_json', targets: ['config_json', 'meta_json'] },
  { table: 'style_guides', old: 'specs_json', targets: ['rules_json', 'specs_json'] },
  { table: 'reference_sets', old: 'title', targets: ['name', 'title', 'metadata_json'] },
] as const;

const keptInStep: ExitCriterion = {
  id: 'knowledge-triggers',
  title: 'Old and new columns follow each other, and new candidates get their links',
  cost: 'schema',
  check(db, schema) {
    // From the cut-over on the new names lead, and nobody depends on the old ones.
    const isCutOver = isRecorded(db, '20260221_0025_cut_over');
    const expected = [
      ...inStep
        .filter(({ table, old }) => !isCutOver && schema.column(table, old))
        .flatMap(({ table, targets }) =>
          targets.flatMap((target) =>
            ['INSERT', 'UPDATE'].map((event) => ({ table, event, effect: `UPDATE ${table} SET ${target} =` })),
          ),
        ),
      ...['INSERT', 'UPDATE'].map((event) => ({ table: 'run_candidates', event, effect: 'INSERT INTO asset_links' })),
    ];
    const missing = expected.filter((each) => !hasTrigger(schema, each));
    const misled = misledOn(
      schema,
      expected.map(({ table }) => table),
    );
    return {
      met: missing.length === 0 && misled.findings.length === 0,
      summary:
        missing.length > 0
          ? `${missing.length} of ${expected.length} kinds of writes are not carried over.`
          : expected.length === 0
            ? 'No old column has to be kept in step any more.'
            : (misled.summary ?? `${expected.length} kinds of writes are carried over.`),
      evidence: [
        { label: 'Kinds of writes', text: String(expected.length) },
        ...missing.map(({ table, event, effect }) => ({
          label: 'Finding',
          text: `no trigger after ${event} on ${table} does ${effect}`,
        })),
        ...misled.findings,
      ],
    };
  },
};

interface Follower {
  readonly table: string;
  readonly event: string;
  readonly effect: string;
}
const hasTrigger = (schema: Schema, { table, event, effect }: Follower): boolean =>
  schema.triggers.some(
    (trigger) =>
      trigger.name.startsWith('_phasewise_') &&
      trigger.table.toLowerCase() === table &&
      new RegExp(`\\bAFTER ${event}\\b`, 'i').test(trigger.sql) &&
      trigger.sql.includes(effect),
  );

export const knowledgeCriteria: readonly ExitCriterion[] = [fieldsFinal, keptInStep, ...knowledgeDataCriteria];
