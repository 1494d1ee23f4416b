import { Button } from '@mantine/core';
import type { DatabaseStatus } from '@shared/status.ts';
import { EmptyState, Page, PageHead } from '../../components/page.tsx';
import { Section } from '../../components/section.tsx';
import { goTo } from '../../stores/route.ts';
import { IssueActions } from './issue-actions.tsx';
import { IssueOutcome } from './issue-outcome.tsx';
import { IssueRows } from './issue-rows.tsx';
import { issuesHeadline, issueTotal, kindsNote } from './issues-words.ts';

/** Every issue row of the file, whenever it was upgraded: why, which, and what can be done. */
export function IssuesPanel({
  handle,
  status,
  reason,
}: {
  handle: string;
  status: DatabaseStatus;
  reason: string | null;
}) {
  const { issues } = status;
  const total = issueTotal(issues);
  const back = (): void => goTo(handle, 'overview');
  return (
    <Page label="Issue rows">
      <PageHead
        title={issuesHeadline(issues)}
        actions={
          <>
            {total > 0 && <IssueActions handle={handle} status={status} total={total} />}
            <Button onClick={back}>Back to the overview</Button>
          </>
        }
      >
        <p>
          {total === 0
            ? 'Every row that was upgraded is in its place.'
            : 'Nothing is lost: a row that has no place yet is kept whole, and the others are in their place but need a look. The database works without anything being done here.'}
        </p>
      </PageHead>
      <IssueOutcome handle={handle} fileName={status.file.name} />
      {total === 0 ? (
        <EmptyState title="Nothing to look at." />
      ) : (
        <Section title="By reason" note={kindsNote(issues)} flush>
          <IssueRows
            key={`${reason ?? ''} ${JSON.stringify(issues)}`}
            handle={handle}
            issues={issues}
            wanted={reason}
          />
        </Section>
      )}
    </Page>
  );
}
