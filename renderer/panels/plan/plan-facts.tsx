import type { Plan } from '@shared/run.ts';
import { PathText } from '../../components/path-text.tsx';
import { Section } from '../../components/section.tsx';
import { backupSpaceWords, growthWords, timeWords } from './plan-words.ts';
import { SpaceParts } from './space-parts.tsx';
import styles from './plan.module.css';

/** What it costs and what stays possible. */
export function PlanFacts({ plan }: { plan: Plan }) {
  return (
    <div className={styles.stack}>
      <Section title="Time and space">
        <dl className={styles.facts}>
          <dt>Time</dt>
          <dd>{timeWords(plan)}</dd>
          <dt>The database</dt>
          <dd>{growthWords(plan)}</dd>
          <dt>The backup</dt>
          <dd>{backupSpaceWords(plan)}</dd>
          <dt>Where the backup goes</dt>
          <dd>
            <PathText path={plan.backupFolder} maxLength={36} />
          </dd>
        </dl>
        <SpaceParts space={plan.space} />
      </Section>
      {!plan.removesAnything && (
        <Section title="Older programs">
          <p>{plan.olderPrograms}</p>
        </Section>
      )}
    </div>
  );
}
