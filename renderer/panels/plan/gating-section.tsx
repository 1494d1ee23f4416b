import { Button } from '@mantine/core';
import type { Plan } from '@shared/run.ts';
import { Section } from '../../components/section.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { issuesDetail } from '../../route.ts';
import { goTo } from '../../stores/route.ts';
import { counted } from '../../words/numbers.ts';
import { gatingSentence } from './removal-words.ts';
import styles from './plan.module.css';

const stops = { tone: 'blocked', word: 'must be put right first' } as const;

/** Issue rows that must be put right before anything is removed, with the way to each kind. */
export function GatingSection({ handle, gating }: { handle: string; gating: Plan['gating'] }) {
  return (
    <Section title="To be put right first" note={gatingSentence(gating)}>
      <p className="muted">
        Two rows claim one place, and only the program that made them, or you, can say which is right. Change one of
        them there, then choose “Try again” at the issue rows.
      </p>
      <ul>
        {gating.map(({ reason, title, count }) => (
          <li key={reason} className={styles.finding} data-state="blocking">
            <StateMark mark={stops} quiet />
            <div className={styles.gate}>
              <span>
                <strong>{counted(count, 'row')}:</strong> {title}
              </span>
              <Button
                variant="default"
                aria-label={`Look at ${count === 1 ? 'it' : 'them'}: ${title}`}
                onClick={() => goTo(handle, 'overview', issuesDetail(reason))}
              >
                Look at {count === 1 ? 'it' : 'them'}
              </Button>
            </div>
          </li>
        ))}
      </ul>
    </Section>
  );
}
