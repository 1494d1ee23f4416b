import { Button } from '@mantine/core';
import type { IngestReport, RunSnapshot } from '@shared/run.ts';
import { KeptNotice } from '../../components/kept-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { WorkBar } from '../../components/work-bar.tsx';
import { forgetLogs, takeIn } from '../../stores/ingest.ts';
import { counted } from '../../words/numbers.ts';
import { sentence, upperFirst } from '../../words/text.ts';
import { IngestFiles } from './ingest-files.tsx';
import { lookedHeadline, lookedSentence, untilTaken, writableFiles } from './ingest-words.ts';

interface LookedProps {
  readonly handle: string;
  readonly report: IngestReport;
  /** What is under way on this database, for the words while it is taken in. */
  readonly run: RunSnapshot | null;
  readonly isTaking: boolean;
}

/** What taking in would do, before anything is done. */
export function IngestLooked({ handle, report, run, isTaking }: LookedProps) {
  const writable = writableFiles(report);
  return (
    <Page label={`Take in ${report.title}s`}>
      <PageHead
        title={lookedHeadline(report, isTaking)}
        actions={
          <>
            <Button
              size="sm"
              variant={writable === 0 ? 'filled' : 'default'}
              disabled={isTaking}
              onClick={() => forgetLogs(handle)}
            >
              Choose others
            </Button>
            {writable > 0 && (
              <Button size="sm" disabled={isTaking || run !== null} onClick={() => void takeIn(handle)}>
                {isTaking ? 'Taking in…' : `Take in ${counted(writable, report.title)}`}
              </Button>
            )}
          </>
        }
      >
        <p>
          {lookedSentence(report)} {writable > 0 && !isTaking && untilTaken(report)}
        </p>
      </PageHead>
      <KeptNotice keptIn={report.keptIn} />
      {isTaking && (
        <WorkBar
          words={sentence(upperFirst(run?.now ?? 'Making and proving a backup, then taking the files in'))}
          done={run?.progress?.rowsDone ?? null}
          total={run?.progress?.rowsTotal ?? null}
        />
      )}
      <IngestFiles report={report} />
    </Page>
  );
}
