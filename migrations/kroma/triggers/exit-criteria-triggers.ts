import { isRecorded, misledTriggers, type Db, type ExitCriterion, type Schema } from '@engine/migration.ts';
import { columnsMistaken } from '../schema/by-rowid.ts';
import { canonical } from '../schema/canonical.ts';

/**
 * Criteria about triggers. While old names are there, what older programs write to them is carried over, and the old
 * names follow what newer programs write; from the cut-over on nobody depends on either.
 */
type Event = 'INSERT' | 'UPDATE' | 'DELETE';
export interface Written {
  /** The table with the old names, and the one with the new names where that is another. */
  readonly legacy: string;
  readonly canonical?: string;
  /** What older programs do there. */
  readonly carried: readonly Event[];
  /** What newer programs do that the old names follow. */
  readonly followed: readonly Event[];
}

/** Old and new columns of one table. */
export const sameTable = (legacy: string): Written => ({
  legacy,
  carried: ['INSERT', 'UPDATE'],
  followed: ['INSERT', 'UPDATE'],
});
/** An old table beside the new one. */
export const twins = (legacy: string, successor: string): Written => ({
  ...{ legacy, canonical: successor },
  carried: ['INSERT', 'UPDATE', 'DELETE'],
  followed: ['INSERT', 'UPDATE', 'DELETE'],
});

interface Expected {
  readonly table: string;
  readonly event: Event;
  readonly isFollowing: boolean;
}

/** Met when each kind of write has its trigger; once only new names are there, there is nothing to carry over. */
export function mirrorCriterion(id: string, title: string, written: readonly Written[]): ExitCriterion {
  return {
    id,
    title,
    cost: 'schema',
    check(db, schema) {
      const unmade = written.map(newTable).filter((name) => !schema.table(name));
      const expected = written.filter(({ legacy }) => hasOldNames(schema, legacy)).flatMap(expectedOf);
      if (expected.length === 0 && unmade.length > 0) return notMade(unmade);
      if (expected.length === 0) return notNeeded('No old names are left, so nothing has to be carried over.');
      if (isCutOver(db)) return notNeeded('The new names lead now, so nothing has to be carried over from old ones.');
      const missing = expected.filter((each) => !hasTrigger(schema, each));
      const ours = schema.triggers.filter(({ name }) => isMirror(name));
      const misled = misledOn(
        schema,
        expected.map(({ table }) => table),
      );
      return {
        met: missing.length === 0 && misled.findings.length === 0,
        summary:
          missing.length > 0
            ? `${missing.length} of ${expected.length} kinds of writes are not carried over.`
            : (misled.summary ?? `${expected.length} kinds of writes are carried over by ${ours.length} triggers.`),
        evidence: [
          { label: 'Triggers', text: ours.map(({ name }) => name).join('\n') },
          ...missing.map(({ table, event, isFollowing }) => ({
            label: 'Finding',
            text: `nothing carries over ${event} on ${table}${isFollowing ? ' to the old names' : ''}`,
          })),
          ...misled.findings,
        ],
      };
    },
  };
}

/**
 * Triggers that can no longer tell one row of these tables from another, or a column of theirs from their own: somebody
 * changed the table behind them.
 */
export function misledOn(schema: Schema, tables: readonly string[]) {
  const found = misledTriggers(schema, columnsMistaken).filter(({ table }) => tables.includes(table.toLowerCase()));
  const said = (confuses: 'rows' | 'columns', text: string) => {
    const objects = found.filter((each) => each.confuses === confuses).map(({ object }) => object);
    return objects.length === 0 ? [] : [`${text}: ${objects.join(', ')}.`];
  };
  const summary = [
    ...said('rows', 'A write may reach other rows than its own'),
    ...said('columns', 'A write may be carried over with the value of another column'),
  ].join(' ');
  return {
    summary: summary || null,
    findings: found.map(({ object, why }) => ({ label: 'Finding', text: `${object}: ${why}` })),
  };
}

const newTable = ({ legacy, canonical: successor }: Written): string => successor ?? legacy;

/** A file from before the phase that makes them. */
const notMade = (tables: readonly string[]) => ({
  met: false,
  summary: `Not there yet: ${tables.join(', ')}. What is written to them is carried over from then on.`,
  evidence: tables.map((name) => ({ label: 'Finding', text: `there is no table ${name}` })),
});

const notNeeded = (summary: string) => ({ met: true, summary, evidence: [{ label: 'Triggers', text: 'not needed' }] });

const expectedOf = (written: Written): Expected[] => [
  ...written.carried.map((event) => ({ table: written.legacy, event, isFollowing: false })),
  ...written.followed.map((event) => ({ table: newTable(written), event, isFollowing: true })),
];

/** Ours, and not one of those that only note what happens. */
const isMirror = (name: string): boolean =>
  /^_phasewise_\d{4}_/.test(name) && (!name.startsWith('_phasewise_0016_') || name.includes('_0016_events_'));

const hasTrigger = (schema: Schema, { table, event, isFollowing }: Expected): boolean =>
  schema.triggers.some(
    (trigger) =>
      trigger.table.toLowerCase() === table &&
      isMirror(trigger.name) &&
      trigger.name.endsWith('_follows') === isFollowing &&
      // One that only watches the key carries no other change over.
      new RegExp(`\\bAFTER ${event}\\b(?! OF id ON)`, 'i').test(trigger.sql),
  );

/** True while the table is an old one, or has one of the columns that the last phase removes. */
function hasOldNames(schema: Schema, table: string): boolean {
  if (!schema.table(table)) return false;
  const legacy = canonical.find(({ name }) => name === table)?.legacyColumns;
  return legacy === undefined || Object.entries(legacy).some(([old, now]) => now !== null && schema.column(table, old));
}

/** From then on older programs no longer write. */
const isCutOver = (db: Db): boolean => isRecorded(db, '20260221_0025_cut_over');
