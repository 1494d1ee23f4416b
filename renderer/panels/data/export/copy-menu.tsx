import { Button, Menu } from '@mantine/core';
import { IconChevronDown, IconCopy } from '@tabler/icons-react';
import type { CopyKind } from './copy-text.ts';
import type { CopyState } from './use-copy.ts';
import { menuPlace } from '../../../components/menu-place.ts';
import styles from './export.module.css';

interface CopyMenuProps {
  readonly copy: (kind: CopyKind) => Promise<void>;
  readonly state: CopyState | null;
  /** Cells that are marked. */
  readonly cells: number;
  readonly rows: number;
}

/** Copies the marked cells, or their whole rows, in the form that is needed. */
export function CopyMenu({ copy, state, cells, rows }: CopyMenuProps) {
  const marked = cells === 1 ? 'Cell' : 'Cells';
  const row = rows === 1 ? 'Row' : 'Rows';
  const item = (kind: CopyKind, words: string, hint?: string) => (
    <Menu.Item
      data-autofocus={kind === 'cells' || undefined}
      onClick={() => void copy(kind)}
      rightSection={hint && <kbd>{hint}</kbd>}
    >
      {words}
    </Menu.Item>
  );
  return (
    <>
      <span role="status" className={styles.copied} data-failed={state?.isFailed ?? false}>
        {state?.words}
      </span>
      <Menu position="bottom-end" width={250} {...menuPlace}>
        <Menu.Target>
          <Button
            size="xs"
            variant="default"
            leftSection={<IconCopy size={14} aria-hidden />}
            rightSection={<IconChevronDown size={13} aria-hidden />}
          >
            Copy
          </Button>
        </Menu.Target>
        <Menu.Dropdown>
          {item('cells', cells === 1 ? 'Cell' : 'Cells, for a spreadsheet', 'Ctrl+C')}
          {item('csv', `${marked} as CSV`)}
          {item('markdown', `${marked} as Markdown`)}
          <Menu.Divider />
          {item('row-json', `${row} as JSON`)}
          {item('row-sql', `${row} as SQL INSERT`)}
        </Menu.Dropdown>
      </Menu>
    </>
  );
}
