import { Button, Skeleton, Switch, TextInput } from '@mantine/core';
import { IconArrowUp, IconChevronRight, IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import type { FileEntry } from '@shared/channels.ts';
import { openFile } from '../../stores/databases.ts';
import { showDialog, useDialogs } from '../../stores/dialogs.ts';
import { FileList } from './file-list.tsx';
import { filterEntries, sortEntries } from './picker-words.ts';
import { useFolder, type Crumb } from './use-folder.ts';
import styles from './picker.module.css';

/** The browser host's own file dialog: a browser gives no paths, so the host lists the folders it allows. */
export function PickerDialog() {
  const isOpen = useDialogs((state) => state.isPickerOpen);
  const { folder, crumbs, error, enter, up } = useFolder(isOpen);
  const [text, setText] = useState('');
  const [onlyDatabases, setOnlyDatabases] = useState(false);
  const entries = useMemo(
    () => filterEntries(sortEntries(folder?.entries ?? []), text, onlyDatabases),
    [folder, text, onlyDatabases],
  );
  const [hasWalked, setWalked] = useState(false);
  const close = (): void => {
    setWalked(false);
    showDialog({ isPickerOpen: false });
  };
  const go = (token: string | null): void => {
    setText('');
    setWalked(true);
    void enter(token);
  };
  const choose = (entry: FileEntry): void => {
    if (entry.kind === 'folder') return go(entry.token);
    close();
    void openFile(entry.token, entry.name);
  };
  const goUp = (): void => {
    setText('');
    setWalked(true);
    up();
  };
  /** From the filter straight to what it found. */
  const onFilterKey = (event: KeyboardEvent): void => {
    const first = entries[0];
    if (event.key === 'Enter' && text !== '' && first) choose(first);
    if (event.key === 'ArrowDown') {
      event.currentTarget.closest('[role=dialog]')?.querySelector<HTMLElement>('[role=listbox]')?.focus();
    }
  };

  return (
    <Dialog isOpen={isOpen} onClose={close} title="Open a database" width={720}>
      <p className={styles.lead}>
        Looking never changes a file.
        {folder?.isTop && (
          <>
            {' '}
            Files elsewhere: start Phasewise with their folder, <code>npm start -- FOLDER</code>.
          </>
        )}
      </p>
      <div className={styles.bar}>
        <Button
          variant="default"
          leftSection={<IconArrowUp size={14} aria-hidden />}
          disabled={!folder || folder.isTop}
          onClick={goUp}
        >
          Up
        </Button>
        <Crumbs crumbs={crumbs} onEnter={go} />
      </div>
      <div className={styles.bar}>
        <TextInput
          className={styles.filter}
          data-autofocus
          aria-label="Filter by name"
          placeholder="Filter by name"
          leftSection={<IconSearch size={14} aria-hidden />}
          value={text}
          onKeyDown={onFilterKey}
          onChange={(event) => setText(event.currentTarget.value)}
        />
        <Switch
          size="xs"
          label="Databases only"
          checked={onlyDatabases}
          onChange={(event) => setOnlyDatabases(event.currentTarget.checked)}
        />
      </div>
      {error && <ErrorNotice error={error} actions={<Button onClick={() => go(null)}>Back to the start</Button>} />}
      {folder === null && !error && <Skeleton height={280} />}
      {folder !== null && (
        <FileList
          key={folder.title}
          title={folder.title}
          entries={entries}
          takesFocus={hasWalked}
          onChoose={choose}
          onUp={goUp}
        />
      )}
    </Dialog>
  );
}

function Crumbs({ crumbs, onEnter }: { crumbs: readonly Crumb[]; onEnter: (token: string | null) => void }) {
  return (
    <nav aria-label="Folders" className={styles.crumbs}>
      {crumbs.map((crumb, index) => {
        const isLast = index === crumbs.length - 1;
        return (
          <span key={crumb.token ?? 'top'} className={styles.crumb}>
            {index > 0 && <IconChevronRight size={12} aria-hidden />}
            <button
              type="button"
              disabled={isLast}
              aria-current={isLast ? 'true' : undefined}
              onClick={() => onEnter(crumb.token)}
              title={crumb.title}
            >
              {shortTitle(crumb.title)}
            </button>
          </span>
        );
      })}
    </nav>
  );
}

/** The folder's own name; the whole path is the tooltip. */
const shortTitle = (title: string): string => title.split(/[/\\]/).findLast((part) => part !== '') ?? title;
