import type { Plan } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import { Disclosure } from '../../components/disclosure.tsx';
import { Section } from '../../components/section.tsx';
import { keptSentence, removalSentence, removalsOf, type Removals } from './removal-words.ts';
import styles from './plan.module.css';

/** What goes, what stays, what older programs can no longer do, and the way back. */
export function RemovalSection({ plan, status }: { plan: Plan; status: DatabaseStatus }) {
  const removals = removalsOf(status);
  const hasNames = removals.tables.length > 0 || removals.columns.length > 0;
  return (
    <Section title="What is removed">
      <ul className={styles.removal}>
        <li>
          <strong>{removalSentence(removals)}</strong> What they hold is in the new tables and columns; a row that has
          no place there is kept whole among the issue rows.
        </li>
        <li>{keptSentence(status)}</li>
        <li>
          <strong>Older programs:</strong> {plan.olderPrograms}
        </li>
        <li>
          <strong>The way back</strong> is the backup that is made first: restoring it brings the old names back, with
          the data as it was then.
        </li>
      </ul>
      {hasNames && (
        <Disclosure summary="Show every name that is removed">
          <Names removals={removals} />
        </Disclosure>
      )}
    </Section>
  );
}

function Names({ removals }: { removals: Removals }) {
  return (
    <dl className={styles.names}>
      {removals.tables.length > 0 && (
        <>
          <dt>Whole tables</dt>
          <dd>
            <code>{removals.tables.join(', ')}</code>
          </dd>
        </>
      )}
      {removals.columns.map(({ table, names }) => (
        <div key={table} className={styles.namesOf}>
          <dt>
            Columns of <code>{table}</code>
          </dt>
          <dd>
            <code>{names.join(', ')}</code>
          </dd>
        </div>
      ))}
    </dl>
  );
}
