import { Button } from '@mantine/core';
import type { DatabaseStatus } from '@shared/status.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page, PageHead } from '../../components/page.tsx';
import { forgetLogs, useIngest } from '../../stores/ingest.ts';
import { goTo } from '../../stores/route.ts';
import { activeOf, useRuns } from '../../stores/runs.ts';
import { WorkProgress } from '../backups/work-progress.tsx';
import { IngestLooked } from './ingest-looked.tsx';
import { IngestStart } from './ingest-start.tsx';
import { IngestTaken } from './ingest-taken.tsx';
import { INGEST_TITLE } from './ingest-words.ts';

/** As the host says it from when it has the files. */
const LOOKING = 'Reading the files and trying them out; nothing is changed by looking';

/** Takes files of a program into an upgraded database: choose, see what they would add, take in, see what they added. */
export function IngestPanel({ handle, status }: { handle: string; status: DatabaseStatus }) {
  const view = useIngest((state) => state.byHandle[handle]);
  const active = useRuns((state) => activeOf(state.byHandle[handle]));
  if (view?.error) {
    return (
      <Page label={`Take in ${INGEST_TITLE}s`}>
        <ErrorNotice
          level={1}
          error={view.error}
          subject={status.file.name}
          actions={
            <>
              <Button onClick={() => forgetLogs(handle)}>Choose again</Button>
              <Button variant="default" onClick={() => goTo(handle, 'overview')}>
                Back to the overview
              </Button>
            </>
          }
        />
      </Page>
    );
  }
  if (view?.busy === 'looking') {
    return (
      <Page label={`Take in ${INGEST_TITLE}s`}>
        <PageHead title={`Looking at the ${INGEST_TITLE}s`} />
        <WorkProgress handle={handle} fileName={status.file.name} words={LOOKING} />
      </Page>
    );
  }
  if (view?.taken) return <IngestTaken handle={handle} report={view.taken} />;
  if (view?.looked) {
    return <IngestLooked handle={handle} report={view.looked.report} run={active} isTaking={view.busy === 'taking'} />;
  }
  return <IngestStart handle={handle} status={status} />;
}
