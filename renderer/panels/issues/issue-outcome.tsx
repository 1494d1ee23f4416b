import { Button } from '@mantine/core';
import { useEffect, useRef } from 'react';
import { BackupCard } from '../../components/backup-card.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { KeptNotice } from '../../components/kept-notice.tsx';
import { PathText } from '../../components/path-text.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { WorkBar } from '../../components/work-bar.tsx';
import { call } from '../../api.ts';
import { revealBackup } from '../../stores/backups.ts';
import { forgetIssues, useIssues } from '../../stores/issues.ts';
import { activeOf, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import { sentence, upperFirst } from '../../words/text.ts';
import { exportSentence, retrySentence } from './issues-words.ts';
import styles from './issues.module.css';

/** What the last action on the issue rows does or achieved; nothing before the first. */
export function IssueOutcome({ handle, fileName }: { handle: string; fileName: string }) {
  const view = useIssues((state) => state.byHandle[handle]);
  const run = useRuns((state) => activeOf(state.byHandle[handle]));
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  useEffect(() => () => forgetIssues(handle), [handle]);
  const box = useRef<HTMLDivElement>(null);
  const busy = view?.busy ?? null;
  const before = useRef(busy);
  useEffect(() => {
    // The button that asked can be pressed again only afterwards, and goes if every row has found its place.
    if (busy === 'retrying' && before.current !== busy) box.current?.focus({ preventScroll: true });
    before.current = busy;
  }, [busy]);
  if (!view) return null;
  const { error, exported, retried } = view;
  return (
    <div ref={box} tabIndex={-1} className={styles.outcomes}>
      {busy === 'retrying' && (
        <WorkBar
          words={sentence(upperFirst(run?.now ?? 'Making and proving a backup, then trying the rows again'))}
          done={run?.progress?.rowsDone ?? null}
          total={run?.progress?.rowsTotal ?? null}
        />
      )}
      {error && <ErrorNotice error={error} subject={fileName} />}
      {exported && (
        <div role="status" className={styles.outcome}>
          <StateMark mark={{ tone: 'done', word: exportSentence(exported) }} wraps />
          <PathText path={exported.path} maxLength={64} />
          {canReveal && (
            <Button variant="default" onClick={() => void call('database:reveal', { handle })}>
              Show in folder
            </Button>
          )}
        </div>
      )}
      {retried && (
        <div role="status" className={styles.outcome}>
          <StateMark mark={{ tone: retried.left === 0 ? 'done' : 'attention', word: retrySentence(retried) }} wraps />
        </div>
      )}
      <KeptNotice keptIn={retried?.keptIn} />
      {retried?.backup && (
        <BackupCard
          backup={retried.backup}
          onReveal={canReveal ? () => void revealBackup(handle, retried.backup?.id ?? null) : undefined}
        />
      )}
    </div>
  );
}
