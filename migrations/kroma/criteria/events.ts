import type { ExitCriterion, Schema } from '@engine/migration.ts';
import { canonical } from '../schema/canonical.ts';
import { eventDataCriteria } from './events-data.ts';
import { mirrorCriterion, sameTable } from '../triggers/exit-criteria-triggers.ts';

/** Phase 2, by schema: the three event tables are there, and what programs do is carried over and noted. */
const eventTables = canonical.filter(({ name }) => ['quality_reports', 'cost_events', 'audit_events'].includes(name));

/** A finding per line, or that all are as they should be. */
const listed = (what: string, count: number, wrong: readonly string[], areRight = 'are there') => ({
  met: wrong.length === 0,
  summary:
    wrong.length === 0 ? `All ${count} ${what} ${areRight}.` : `${wrong.length} of ${count} ${what} are not right.`,
  evidence: [{ label: 'Compared', text: String(count) }, ...wrong.map((text) => ({ label: 'Finding', text }))],
});

const columnsPresent: ExitCriterion = {
  id: 'event-columns',
  title: 'The event tables and their columns are there',
  cost: 'schema',
  check(_db, schema) {
    const expected = eventTables.flatMap(({ name, columns }) =>
      columns.filter(({ phase, isExtension }) => phase <= 2 && !isExtension).map((column) => ({ table: name, column })),
    );
    const wrong = expected.flatMap(({ table, column }) => {
      const found = schema.column(table, column.name);
      if (!found) return [`${table}.${column.name} is missing`];
      return found.type.toUpperCase() === column.type
        ? []
        : [`${table}.${column.name} is ${found.type || 'without a type'}, not ${column.type}`];
    });
    return listed('columns', expected.length, wrong);
  },
};

const indexesPresent: ExitCriterion = {
  id: 'event-indexes',
  title: 'The indexes of the event tables are there',
  cost: 'schema',
  check(_db, schema) {
    const expected = eventTables.flatMap(({ name, indexes }) =>
      indexes.filter(({ phase }) => phase <= 2).map(({ columns }) => ({ name, columns })),
    );
    const wrong = expected.filter(({ name, columns }) => !hasIndex(schema, name, columns));
    return listed(
      'indexes',
      expected.length,
      wrong.map(({ name, columns }) => `no index on ${name}(${columns.join(', ')})`),
    );
  },
};

const hasIndex = (schema: Schema, table: string, columns: readonly string[]): boolean =>
  (schema.table(table)?.indexes ?? []).some(
    (index) =>
      !index.isPartial &&
      index.columns.map(({ name, descending }) => `${name ?? ''}${descending ? ' DESC' : ''}`.toLowerCase()).join() ===
        columns.join().toLowerCase(),
  );

const eventTriggers = mirrorCriterion('event-triggers', 'Old and new names of events are kept in step', [
  sameTable('quality_reports'),
  sameTable('cost_events'),
  sameTable('audit_events'),
]);

/** What programs do that must be noted. */
const audited = [
  ['project_api_secrets', 'INSERT'],
  ['project_api_secrets', 'UPDATE'],
  ['project_api_secrets', 'DELETE'],
  ['project_storage', 'UPDATE'],
  ['project_exports', 'INSERT'],
  ['agent_instructions', 'UPDATE'],
] as const;

const auditTriggers: ExitCriterion = {
  id: 'audit-triggers',
  title: 'Changes of secrets, storage, exports and instructions are noted',
  cost: 'schema',
  check(_db, schema) {
    const expected = audited.filter(([table]) => schema.table(table));
    const wrong = expected.filter(
      ([table, event]) =>
        !schema.triggers.some(
          (trigger) =>
            trigger.name.startsWith('_phasewise_') &&
            trigger.table.toLowerCase() === table &&
            new RegExp(`\\bAFTER ${event}\\b`, 'i').test(trigger.sql) &&
            /\bINSERT INTO audit_events\b/i.test(trigger.sql),
        ),
    );
    return listed(
      'kinds of changes',
      expected.length,
      wrong.map(([table, event]) => `nothing notes ${event} on ${table}`),
      'are noted',
    );
  },
};

export const eventCriteria: readonly ExitCriterion[] = [
  columnsPresent,
  indexesPresent,
  eventTriggers,
  auditTriggers,
  ...eventDataCriteria,
];
