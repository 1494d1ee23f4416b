import { Button, Group, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload, IconRefresh } from '@tabler/icons-react';
import { useState } from 'react';
import type { DatabaseStatus } from '@shared/status.ts';
import { Dialog } from '../../components/dialog.tsx';
import { menuPlace } from '../../components/menu-place.ts';
import { exportIssues, retryIssues, useIssues } from '../../stores/issues.ts';
import { isActive, useRuns } from '../../stores/runs.ts';
import { counted } from '../../words/numbers.ts';
import { retryObstacle } from './issues-words.ts';

/** What can be done with issue rows: take them along as a file, or try to place them once more. */
export function IssueActions({ handle, status, total }: { handle: string; status: DatabaseStatus; total: number }) {
  const [isAsking, setAsking] = useState(false);
  const busy = useIssues((state) => state.byHandle[handle]?.busy ?? null);
  const obstacle = useRuns((state) => retryObstacle(status, isActive(state.byHandle[handle])));
  return (
    <>
      <Menu position="bottom-start" width={230} {...menuPlace}>
        <Menu.Target>
          <Button
            variant="default"
            disabled={busy !== null}
            leftSection={<IconDownload size={15} aria-hidden />}
            rightSection={<IconChevronDown size={13} aria-hidden />}
          >
            {busy === 'exporting' ? 'Saving…' : 'Save as a file'}
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          <Menu.Item data-autofocus onClick={() => void exportIssues(handle, 'csv')}>
            As CSV, for a spreadsheet
          </Menu.Item>
          <Menu.Item onClick={() => void exportIssues(handle, 'json')}>As JSON, for support</Menu.Item>
        </Menu.Dropdown>
      </Menu>
      <Button
        variant="default"
        leftSection={<IconRefresh size={15} aria-hidden />}
        disabled={busy !== null || obstacle !== null}
        title={obstacle ?? undefined}
        onClick={() => setAsking(true)}
      >
        {busy === 'retrying' ? 'Trying again…' : 'Try again…'}
      </Button>
      <Dialog isOpen={isAsking} onClose={() => setAsking(false)} title="Try the issue rows again?" width={500}>
        <p>
          This helps after the cause was put right, for example after the missing row or file is back.{' '}
          {total === 1 ? 'The one row is' : `Each of the ${counted(total, 'row')} is`} looked at once more and put in
          its place where that is possible now. Where it is not, everything stays as it is.
        </p>
        <p>
          <strong>A backup is made and proved first.</strong>
        </p>
        <Group justify="flex-end" mt="md">
          <Button variant="default" onClick={() => setAsking(false)}>
            Not now
          </Button>
          <Button
            data-autofocus
            onClick={() => {
              setAsking(false);
              void retryIssues(handle);
            }}
          >
            Back up and try again
          </Button>
        </Group>
      </Dialog>
    </>
  );
}
