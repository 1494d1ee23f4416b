import { ActionIcon, Skeleton, Tooltip } from '@mantine/core';
import { IconX } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { RecentDatabase } from '@shared/channels.ts';
import { PhaseDots } from '../../components/phase-dots.tsx';
import { useNow } from '../../components/use-now.ts';
import { forgetRecent, loadRecents, openBackupsOf, openRecent, useDatabases } from '../../stores/databases.ts';
import { bytes } from '../../words/numbers.ts';
import { ago } from '../../words/times.ts';
import { middleEllipsis } from '../../words/text.ts';
import { backupsWords, describeLastBackup, describeRecent } from './home-words.ts';
import { StateMark } from '../../components/state-mark.tsx';
import styles from './home-panel.module.css';

export function RecentCards() {
  const recents = useDatabases((state) => state.recents);
  const now = useNow(30_000);
  useEffect(() => {
    if (useDatabases.getState().recents !== null) void loadRecents(); // they may have been listed long ago
  }, []);
  if (recents === null) return <Skeleton height={110} width={280} />;
  if (recents.length === 0) return null;
  return (
    <section aria-label="Recent databases">
      <h2 style={{ margin: '8px 0 10px' }}>Recent databases</h2>
      <ul className={styles.recents}>
        {recents.map((recent) => (
          <Card key={recent.recentId} recent={recent} now={now} />
        ))}
      </ul>
    </section>
  );
}

function Card({ recent, now }: { recent: RecentDatabase; now: number }) {
  const isBusy = useDatabases((state) => state.opening !== null);
  const isGone = !recent.exists && !recent.isSilent;
  return (
    <li className={styles.card}>
      <button
        type="button"
        className={styles.cardOpen}
        disabled={isBusy}
        onClick={() => void (isGone ? openBackupsOf : openRecent)(recent.recentId, recent.name)}
      >
        <span className={styles.cardName}>{recent.name}</span>
        <span className={styles.folder} title={recent.folder}>
          {middleEllipsis(recent.folder, 38)}
        </span>
        <span className={styles.cardLine}>
          {recent.exists ? (
            <span>{describeRecent(recent)}</span>
          ) : (
            <StateMark mark={{ tone: 'attention', word: describeRecent(recent) }} />
          )}
        </span>
        {recent.exists && recent.packTitle !== null && (
          <span className={styles.cardLine}>
            <PhaseDots reached={recent.phaseReached} count={recent.phaseCount} />
            {recent.sizeBytes !== null && <span>{bytes(recent.sizeBytes)}</span>}
          </span>
        )}
        <span className={styles.cardLine}>
          <span>{describeLastBackup(recent, now)}</span>
        </span>
        {(recent.brokenBackups ?? 0) > 0 && (
          <span className={styles.cardLine}>
            <StateMark mark={{ tone: 'blocked', word: 'a backup of it is broken' }} />
          </span>
        )}
        <span className={styles.cardLine}>opened {ago(recent.lastOpenedAt, now)}</span>
        {isGone && <span className={styles.cardNext}>{backupsWords(recent)}</span>}
      </button>
      <Tooltip label="Forget it; the file stays">
        <ActionIcon
          size={22}
          className={styles.forget}
          aria-label={`Forget ${recent.name}`}
          onClick={() => void forgetRecent(recent.recentId)}
        >
          <IconX size={13} aria-hidden />
        </ActionIcon>
      </Tooltip>
    </li>
  );
}
