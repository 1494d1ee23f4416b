import { Button } from '@mantine/core';
import type { DatabaseStatus } from '@shared/status.ts';
import { StateMark } from '../../components/state-mark.tsx';
import { INGEST_DETAIL, issuesDetail } from '../../route.ts';
import { goTo } from '../../stores/route.ts';
import { upperFirst } from '../../words/text.ts';
import { INGEST_TITLE, ingestObstacle } from '../ingest/ingest-words.ts';
import { issuesHeadline } from '../issues/issues-words.ts';
import styles from './overview.module.css';

interface StripsProps {
  readonly handle: string;
  readonly status: DatabaseStatus;
  readonly hasActiveRun: boolean;
}

/** The ways from the overview to what is not part of an upgrade: issue rows, and files to take in. */
export function MoreStrips({ handle, status, hasActiveRun }: StripsProps) {
  const obstacle = ingestObstacle(status, hasActiveRun);
  return (
    <>
      {status.issues.length > 0 && (
        <div className={styles.strip} role="group" aria-label="Issue rows">
          <span>
            <StateMark mark={{ tone: 'none', word: issuesHeadline(status.issues) }} />
            <span className="muted"> · nothing is lost, nothing waits for them</span>
          </span>
          <div className={styles.stripActions}>
            <Button variant="default" onClick={() => goTo(handle, 'overview', issuesDetail())}>
              Look at the issue rows
            </Button>
          </div>
        </div>
      )}
      <div className={styles.strip} role="group" aria-label={`${upperFirst(INGEST_TITLE)}s`}>
        <StateMark
          mark={{
            tone: 'none',
            word: obstacle ?? `${upperFirst(INGEST_TITLE)}s that a program wrote can be taken in`,
          }}
          wraps
        />
        <div className={styles.stripActions}>
          <Button
            variant="default"
            disabled={obstacle !== null}
            onClick={() => goTo(handle, 'overview', INGEST_DETAIL)}
          >
            Take in {INGEST_TITLE}s…
          </Button>
        </div>
      </div>
    </>
  );
}
