import { Button } from '@mantine/core';
import { IconCircleCheckFilled } from '@tabler/icons-react';
import type { IngestReport } from '@shared/run.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { CheckList } from '../../components/check-list.tsx';
import { KeptNotice } from '../../components/kept-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { Section } from '../../components/section.tsx';
import { revealBackup } from '../../stores/backups.ts';
import { forgetLogs } from '../../stores/ingest.ts';
import { goTo } from '../../stores/route.ts';
import { useSession } from '../../stores/session.ts';
import { counted } from '../../words/numbers.ts';
import { IngestFiles } from './ingest-files.tsx';
import { takenHeadline, takenSentence } from './ingest-words.ts';
import styles from './ingest.module.css';

/** What was taken in, and the backup from before. */
export function IngestTaken({ handle, report }: { handle: string; report: IngestReport }) {
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const leave = (): void => {
    forgetLogs(handle);
    goTo(handle, 'overview');
  };
  return (
    <Page label={`Take in ${report.title}s`}>
      <PageHead
        title={takenHeadline(report)}
        actions={
          <>
            <Button size="sm" variant="default" onClick={() => forgetLogs(handle)}>
              Take in more…
            </Button>
            <Button size="sm" onClick={leave}>
              Back to the overview
            </Button>
          </>
        }
      >
        <p role="status" className={styles.taken}>
          <IconCircleCheckFilled size={18} aria-hidden />
          <span>
            {takenSentence(report)}
            {report.backup === null && ' Nothing had to be written, so no backup was needed.'}
          </span>
        </p>
      </PageHead>
      <KeptNotice keptIn={report.keptIn} />
      {report.backup && (
        <BackupCard
          backup={report.backup}
          onReveal={canReveal ? () => void revealBackup(handle, report.backup?.id ?? null) : undefined}
        />
      )}
      <IngestFiles report={report} />
      {report.checks.length > 0 && (
        <Section title="Checks" note={`${counted(report.checks.length, 'check')}, after the file was opened again`}>
          <CheckList checks={report.checks} label="Checks" />
        </Section>
      )}
    </Page>
  );
}
