import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconDownload } from '@tabler/icons-react';
import type { RunReport } from '@shared/run.ts';
import { reportText } from './report-text.ts';
import { reportFileName } from './result-words.ts';

/** Saves the report as a file of the person's choice. */
export function SaveReport({ report }: { report: RunReport }) {
  return (
    <Menu position="bottom-end" width={210}>
      <Menu.Target>
        <Button
          size="sm"
          variant="default"
          leftSection={<IconDownload size={15} aria-hidden />}
          rightSection={<IconChevronDown size={13} aria-hidden />}
        >
          Save report
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item onClick={() => download(reportFileName(report, 'txt'), 'text/plain', reportText(report))}>
          As text, to read
        </Menu.Item>
        <Menu.Item
          onClick={() =>
            download(reportFileName(report, 'json'), 'application/json', `${JSON.stringify(report, null, 2)}\n`)
          }
        >
          As JSON, complete
        </Menu.Item>
      </Menu.Dropdown>
    </Menu>
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
