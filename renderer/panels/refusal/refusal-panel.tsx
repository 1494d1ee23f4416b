import { Button } from '@mantine/core';
import { useEffect } from 'react';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page } from '../../components/page.tsx';
import { chooseDatabase, useDatabases } from '../../stores/databases.ts';
import { needsAnotherFile } from '../../words/errors.ts';
import { goHome } from '../../stores/route.ts';

/** A file that could not be opened: why, that nothing was changed, and what to do. */
export function RefusalPanel() {
  const refusal = useDatabases((state) => state.refusal);
  useEffect(() => {
    if (refusal === null) goHome(); // after a reload there is nothing to tell
  }, [refusal]);
  if (refusal === null) return null;
  const isHopeless = needsAnotherFile(refusal.error);
  const retry = (
    <Button key="retry" variant={isHopeless ? 'default' : 'filled'} onClick={() => void refusal.retry()}>
      Try again
    </Button>
  );
  const another = (
    <Button key="another" variant={isHopeless ? 'filled' : 'default'} onClick={() => void chooseDatabase()}>
      Open another file…
    </Button>
  );
  return (
    <Page label="The file was not opened">
      <ErrorNotice level={1} error={refusal.error} actions={isHopeless ? [another, retry] : [retry, another]} />
    </Page>
  );
}
