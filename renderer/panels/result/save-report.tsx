import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import { useEffect } from 'react';
import type { WholeReport } from '@shared/channels.ts';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { menuPlace } from '../../components/menu-place.ts';
import { PathText } from '../../components/path-text.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { forgetReport, saveReport, useReports } from '../../stores/reports.ts';
import { useSession } from '../../stores/session.ts';
import { reportText } from './report-text.ts';
import { reportFileName } from './result-words.ts';
import styles from './result.module.css';

interface SaveReportProps {
  readonly handle: string;
  readonly report: WholeReport;
}

/** Saves the report as a file of the person's choice. */
export function SaveReport({ handle, report }: SaveReportProps) {
  const isNative = useSession((state) => state.info?.fileChoosing === 'native');
  const isSaving = useReports((state) => state.byHandle[handle]?.state === 'saving');
  const save = (format: 'txt' | 'json'): void => {
    const name = reportFileName(report, format);
    const text = format === 'txt' ? reportText(report) : `${JSON.stringify(report, null, 2)}\n`;
    if (isNative) void saveReport(handle, report.runId, { name, text });
    else download(name, format === 'txt' ? 'text/plain' : 'application/json', text);
  };
  return (
    <Menu position="bottom-start" width={210} {...menuPlace}>
      <Menu.Target>
        <Button
          size="sm"
          variant="default"
          disabled={isSaving}
          leftSection={<IconDownload size={15} aria-hidden />}
          rightSection={<IconChevronDown size={13} aria-hidden />}
        >
          {isSaving ? 'Saving…' : 'Save report'}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item data-autofocus onClick={() => save('txt')}>
          As text, to read
        </Menu.Item>
        <Menu.Item onClick={() => save('json')}>As JSON, complete</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Where the report lies, or why it was not saved. A browser shows that itself. */
export function SavedReport({ handle, report }: SaveReportProps) {
  const view = useReports((state) => state.byHandle[handle]);
  useEffect(() => () => forgetReport(handle), [handle, report.runId]);
  if (!view || view.state === 'saving' || view.runId !== report.runId) return null;
  if (view.state === 'failed') return <ErrorNotice error={view.error} subject={report.fileName} />;
  return (
    <div role="status" className={styles.saved}>
      <StateMark mark={{ tone: 'done', word: 'Report saved' }} />
      <PathText path={view.path} maxLength={76} />
    </div>
  );
}

function download(name: string, type: string, text: string): void {
  const url = URL.createObjectURL(new Blob([text], { type }));
  const link = document.createElement('a');
  link.href = url;
  link.download = name;
  link.click();
  setTimeout(() => URL.revokeObjectURL(url), 10_000); // after the browser has taken it
}
