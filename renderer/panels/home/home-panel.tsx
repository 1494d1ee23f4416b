import { IconFlask, IconFolderOpen } from '@tabler/icons-react';
import { Loader } from '@mantine/core';
import { isDesktop } from '../../api.ts';
import { Page, PageHead } from '../../components/page.tsx';
import { chooseDatabase, openSample, useDatabases } from '../../stores/databases.ts';
import { useRecovery } from '../../stores/recovery.ts';
import { useSession } from '../../stores/session.ts';
import { RecentCards } from './recent-cards.tsx';
import { RecoveryNotices } from './recovery-notices.tsx';
import styles from './home-panel.module.css';

/** Nothing is shown yet: open one, try a sample, or go back to one of the last. */
export function HomePanel() {
  const opening = useDatabases((state) => state.opening);
  // One obvious next step: something interrupted goes before something new.
  const isInterrupted = useRecovery((state) => (state.notices ?? []).length > 0);
  // Known before the host has said it.
  const canDrop = useSession((state) => (state.info === null ? isDesktop() : state.info.door === 'electron'));
  return (
    <Page label="Start page">
      <PageHead title="Which database shall we look at?">
        <p>
          Looking never changes a file. Before anything is upgraded, Phasewise makes a backup and proves that it can be
          restored.
        </p>
      </PageHead>
      <RecoveryNotices />
      <div className={styles.choices}>
        <button
          type="button"
          className={styles.choice}
          data-primary={isInterrupted ? undefined : ''}
          disabled={opening !== null}
          onClick={() => void chooseDatabase()}
        >
          <IconFolderOpen size={26} stroke={1.6} aria-hidden />
          <span className={styles.choiceTitle}>Open a database…</span>
          <span className={styles.choiceText}>
            {canDrop
              ? 'Choose your project’s .db file, or drop it anywhere in this window.'
              : 'Choose your project’s .db file on this computer. Nothing is uploaded.'}
          </span>
        </button>
        <button type="button" className={styles.choice} disabled={opening !== null} onClick={() => void openSample()}>
          <IconFlask size={26} stroke={1.6} aria-hidden />
          <span className={styles.choiceTitle}>Try it with a sample database</span>
          <span className={styles.choiceText}>
            Builds a realistic older database in a folder of its own, so that you can try everything.
          </span>
        </button>
      </div>
      <p role="status" className={styles.opening}>
        {opening !== null && (
          <>
            <Loader size={14} aria-hidden /> {opening}
          </>
        )}
      </p>
      <RecentCards />
    </Page>
  );
}
