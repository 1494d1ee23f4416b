import type { CanonicalTable, Db, ExitCriterion, Schema, TableInfo } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { finalDataCriteria } from './final-data.ts';

/** Phase 5, by schema: read from pragmas and compared with the canonical data, not with what the rebuild wrote. */

const same = (a: string, b: string): boolean => a.toLowerCase() === b.toLowerCase();

const definitionsFinal: ExitCriterion = {
  id: 'final-definitions',
  title: 'Every table has its final definition',
  cost: 'schema',
  check(_db, schema) {
    const tables = canonical.filter((table) => table.isExtension !== true || schema.table(table.name));
    const findings = tables.flatMap((table) => {
      const present = schema.table(table.name);
      if (!present) return [`the table ${table.name} is missing`];
      return [...columnFindings(table, present), ...uniqueFindings(table, present), ...indexFindings(table, present)];
    });
    const columns = tables.flatMap((table) => table.columns).length;
    return verdict(findings, `${columns} columns, unique rules and indexes of ${tables.length} tables are final.`);
  },
};

function columnFindings(table: CanonicalTable, present: TableInfo): string[] {
  return table.columns.flatMap((column) => {
    const where = `${table.name}.${column.name}`;
    const now = present.columns.find(({ name }) => same(name, column.name));
    if (!now) return column.isExtension ? [] : [`${where} is missing`];
    const findings: string[] = [];
    const isKey = column.isPrimaryKey === true;
    if (!same(now.type, column.type)) findings.push(`${where} is ${now.type || 'without a type'}, not ${column.type}`);
    if (now.primaryKeyPosition > 0 !== isKey) findings.push(`${where} is ${isKey ? 'not ' : ''}the primary key`);
    if (!isKey && now.notNull !== (column.notNull === true))
      findings.push(`${where} ${now.notNull ? 'must be filled' : 'may be empty'}`);
    if ((now.defaultSql ?? '') !== (column.defaultSql ?? '')) {
      findings.push(`${where} has the default ${now.defaultSql ?? 'none'}, not ${column.defaultSql ?? 'none'}`);
    }
    const references = present.foreignKeys.filter(({ from }) => from.length === 1 && same(from[0] ?? '', column.name));
    const isRight = references.some(
      ({ table: parent, onDelete }) =>
        same(parent, column.references?.table ?? '') && onDelete === column.references?.onDelete,
    );
    if (column.references && !isRight) {
      findings.push(`${where} does not refer to ${column.references.table} on delete ${column.references.onDelete}`);
    }
    return findings;
  });
}

const uniqueFindings = (table: CanonicalTable, present: TableInfo): string[] =>
  table.uniques
    .filter((columns) => columns.every((name) => present.columns.some((column) => same(column.name, name))))
    .filter(
      (columns) =>
        !present.indexes.some(
          (index) =>
            index.isUnique &&
            !index.isPartial &&
            index.columns.length === columns.length &&
            index.columns.every(({ name }) => columns.some((wanted) => same(wanted, name ?? ''))),
        ),
    )
    .map((columns) => `${table.name}(${columns.join(', ')}) is not unique`);

const indexFindings = (table: CanonicalTable, present: TableInfo): string[] =>
  table.indexes
    .filter(
      ({ columns }) =>
        !present.indexes.some(
          (index) =>
            !index.isPartial &&
            same(
              index.columns.map(({ name, descending }) => `${name ?? ''}${descending ? ' DESC' : ''}`).join(),
              columns.join(),
            ),
        ),
    )
    .map(({ columns }) => `there is no index on ${table.name}(${columns.join(', ')})`);

const namesGone: ExitCriterion = {
  id: 'final-names',
  title: 'No old name is left',
  cost: 'schema',
  check(_db, schema) {
    const oldTables = canonical.flatMap(({ legacyName }) => legacyName ?? []);
    const findings = [
      ...oldTables.filter((name) => schema.table(name)).map((name) => `the table ${name}`),
      ...canonical.flatMap(({ name, legacyColumns = {} }) =>
        Object.keys(legacyColumns)
          .filter((column) => schema.column(name, column))
          .map((column) => `the column ${name}.${column}`),
      ),
      ...[...schema.tables.values()].flatMap(({ name, foreignKeys }) =>
        foreignKeys
          .filter(({ table }) => oldTables.some((old) => same(old, table)))
          .map(({ from, table }) => `the reference of ${name}(${from.join(', ')}) to ${table}`),
      ),
      ...schema.triggers
        .filter(({ name }) => /^_phasewise_/i.test(name) && mentionsOldName(name, schema))
        .map(({ name }) => `the trigger ${name}`),
    ];
    return verdict(
      findings.map((text) => `${text} is still there`),
      'No table, column, reference or trigger of the old names is left.',
    );
  },
};

/** Our triggers that keep old and new names in step have nothing to do any more. */
function mentionsOldName(trigger: string, schema: Schema): boolean {
  const sql = schema.triggers.find(({ name }) => name === trigger)?.sql ?? '';
  return /_follows$/i.test(trigger) || /\b(users|run_job_candidates|_phasewise_mirrored)\b/i.test(sql);
}

/** Every kind of write is prepared, not executed: that compiles all triggers and references that it would set off. */
const tablesWritable: ExitCriterion = {
  id: 'final-writable',
  title: 'Every table can be written',
  cost: 'schema',
  check(db, schema) {
    const present = canonical.filter(({ name }) => schema.table(name));
    const findings = present.flatMap(({ name }) =>
      [
        `INSERT INTO ${name} DEFAULT VALUES`,
        `UPDATE ${name} SET ${(schema.table(name)?.columns ?? [])
          .filter(({ hidden }) => hidden === 0)
          .map((column) => `"${column.name.replaceAll('"', '""')}" = NULL`)
          .join(', ')}`,
        `DELETE FROM ${name}`,
      ].flatMap((sql) => failure(db, name, sql)),
    );
    return verdict(findings, `Inserting, changing and deleting compiles for ${present.length} tables.`);
  },
};

function failure(db: Db, table: string, sql: string): string[] {
  try {
    db.prepare(sql);
    return [];
  } catch (error) {
    if (isOthersMismatch(error)) return [];
    return [`${sql.slice(0, 6)} on ${table}: ${error instanceof Error ? error.message : String(error)}`];
  }
}

/** A reference that somebody's own table never had right: it kept programs from writing here before us, too. */
function isOthersMismatch(error: unknown): boolean {
  const [, child = ''] =
    /^foreign key mismatch - "(.*)" referencing "/.exec(error instanceof Error ? error.message : '') ?? [];
  return child !== '' && !canonical.some(({ name }) => same(name, child));
}

/** What other programs do to these is noted in the list of events, or carried over to the links: table, event, words of the trigger. */
const noted: readonly (readonly [string, string, string])[] = [
  ['project_api_secrets', 'INSERT', 'secret.created'],
  ['project_api_secrets', 'UPDATE', 'secret.updated'],
  ['project_api_secrets', 'DELETE', 'secret.deleted'],
  ['project_storage', 'UPDATE', 'storage.local.updated'],
  ['project_storage', 'UPDATE', 'storage.s3.updated'],
  ['project_exports', 'INSERT', 'project.exported'],
  ['agent_instructions', 'UPDATE', 'instruction.status_changed'],
  ['run_candidates', 'INSERT', 'INSERT INTO asset_links'],
  ['run_candidates', 'UPDATE', 'INSERT INTO asset_links'],
  ['run_jobs', 'UPDATE', 'INSERT INTO asset_links'],
  ['assets', 'DELETE', 'DELETE FROM asset_links'],
];

const eventsNoted: ExitCriterion = {
  id: 'final-audit',
  title: 'Changes of secrets, storage, exports and instructions are noted, and files stay linked',
  cost: 'schema',
  check(_db, schema) {
    const missing = noted.filter(
      ([table, event, words]) =>
        !schema.triggers.some(
          (trigger) =>
            same(trigger.table, table) &&
            new RegExp(`\\bAFTER ${event}\\b`, 'i').test(trigger.sql) &&
            trigger.sql.includes(words),
        ),
    );
    return verdict(
      missing.map(([table, event, words]) => `nothing does "${words}" upon ${event} on ${table}`),
      `${noted.length} kinds of writes are noted in audit_events or carried over to asset_links.`,
    );
  },
};

function verdict(findings: readonly string[], whenMet: string) {
  return {
    met: findings.length === 0,
    summary: findings.length === 0 ? whenMet : `${findings.length} things are not final, the first: ${findings[0]}.`,
    evidence: [
      { label: 'Result', text: findings.length === 0 ? whenMet : `${findings.length} findings` },
      ...findings.slice(0, 50).map((text) => ({ label: 'Finding', text })),
    ],
  };
}

/** Phase 5, legacy cleanup. */
export const finalCriteria: readonly ExitCriterion[] = [
  definitionsFinal,
  namesGone,
  tablesWritable,
  eventsNoted,
  ...finalDataCriteria,
];
