import { Button } from '@mantine/core';
import { IconFiles, IconFolderOpen } from '@tabler/icons-react';
import type { DatabaseStatus } from '@shared/status.ts';
import { Page, PageHead } from '../../components/page.tsx';
import { Section } from '../../components/section.tsx';
import { showDialog } from '../../stores/dialogs.ts';
import { chooseLogs, lookAtLogs } from '../../stores/ingest.ts';
import { goTo } from '../../stores/route.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { useSession } from '../../stores/session.ts';
import { isWorkedOn, useWorks } from '../../stores/works.ts';
import { INGEST_EXTENSION, INGEST_TITLE, ingestObstacle } from './ingest-words.ts';
import styles from './ingest.module.css';

/** What taking in means, and the choice of files. */
export function IngestStart({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const hasActiveRun = useRuns((state) => isActive(state.byHandle[handle]));
  const isBusy = useWorks((state) => isWorkedOn(state, handle));
  const isNative = useSession((state) => state.info?.fileChoosing === 'native');
  const obstacle = ingestObstacle(status, hasActiveRun || isBusy);
  const choose = (what: 'files' | 'folder'): void => {
    if (isNative) return void chooseLogs(handle, what);
    const common = {
      title: what === 'files' ? `Choose ${INGEST_TITLE}s` : `Choose a folder of ${INGEST_TITLE}s`,
      lead: 'The files are only read. You see what they would add before anything is changed.',
      onChoose: (tokens: readonly string[]) => void lookAtLogs(handle, tokens),
    };
    showDialog({
      picker:
        what === 'files' ? { ...common, mode: 'files', extension: INGEST_EXTENSION } : { ...common, mode: 'folder' },
    });
  };
  return (
    <Page label={`Take in ${INGEST_TITLE}s`}>
      <PageHead
        title={`Take in ${INGEST_TITLE}s`}
        actions={
          <Button size="sm" variant="default" onClick={() => goTo(handle, 'overview')}>
            Back to the overview
          </Button>
        }
      >
        <p>
          A {INGEST_TITLE} is the file that a program writes about one run. Taking it in adds that run with its jobs,
          candidates, files, quality reports and costs, where they are not in the database yet.
        </p>
      </PageHead>
      <Section title={`Where are the ${INGEST_TITLE}s?`}>
        <ol className={styles.way}>
          <li>You choose files or a folder. They are only read, never changed or moved.</li>
          <li>You see file by file what it would add. Until then nothing is changed.</li>
          <li>Only when you say so, a backup is made and proved, and then they are taken in.</li>
        </ol>
        <div className={styles.choices}>
          <Button
            size="sm"
            leftSection={<IconFolderOpen size={16} aria-hidden />}
            disabled={obstacle !== null}
            onClick={() => choose('folder')}
          >
            Choose a folder…
          </Button>
          <Button
            size="sm"
            variant="default"
            leftSection={<IconFiles size={16} aria-hidden />}
            disabled={obstacle !== null}
            onClick={() => choose('files')}
          >
            Choose files…
          </Button>
          {obstacle !== null && <span className="muted">{obstacle}</span>}
        </div>
      </Section>
    </Page>
  );
}
