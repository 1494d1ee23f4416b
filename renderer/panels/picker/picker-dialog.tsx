import { Button, Skeleton, Switch, TextInput } from '@mantine/core';
import { IconArrowUp, IconSearch } from '@tabler/icons-react';
import { useMemo, useState, type KeyboardEvent } from 'react';
import type { FileEntry } from '@shared/channels.ts';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { openFile } from '../../stores/databases.ts';
import { showDialog, useDialogs, type PickerRequest } from '../../stores/dialogs.ts';
import { Crumbs } from './crumbs.tsx';
import { FileList } from './file-list.tsx';
import { PickerFoot } from './picker-foot.tsx';
import { canChoose, filterEntries, notListedWords, sortEntries } from './picker-words.ts';
import { useFolder } from './use-folder.ts';
import styles from './picker.module.css';

const database: PickerRequest = { mode: 'database' };
const noFiles: ReadonlyMap<string, string> = new Map();

/** The browser host's own file dialog: a browser gives no paths, so the host lists the folders it allows. */
export function PickerDialog() {
  const asked = useDialogs((state) => state.picker);
  const request = asked ?? database;
  const { folder, token, crumbs, error, enter, up } = useFolder(asked !== null);
  const [text, setText] = useState('');
  const [onlyDatabases, setOnlyDatabases] = useState(false);
  const [chosen, setChosen] = useState(noFiles);
  const entries = useMemo(
    () => filterEntries(sortEntries(folder?.entries ?? []), text, onlyDatabases && request.mode === 'database'),
    [folder, text, onlyDatabases, request.mode],
  );
  const [hasWalked, setWalked] = useState(false);
  const close = (): void => {
    setWalked(false);
    setChosen(noFiles);
    setText('');
    showDialog({ picker: null });
  };
  const go = (to: string | null): void => {
    setText('');
    setWalked(true);
    void enter(to);
  };
  const choose = (entry: FileEntry): void => {
    if (entry.kind === 'folder') return go(entry.token);
    if (request.mode === 'files') return canChoose(entry, request) ? setChosen(toggled(chosen, entry)) : undefined;
    if (request.mode === 'folder') return;
    close();
    void openFile(entry.token, entry.name);
  };
  const goUp = (): void => {
    setText('');
    setWalked(true);
    up();
  };
  const finish = (tokens: readonly string[]): void => {
    close();
    if (request.mode !== 'database') request.onChoose(tokens);
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
    <Dialog
      isOpen={asked !== null}
      onClose={close}
      title={request.mode === 'database' ? 'Open a database' : request.title}
      width={720}
    >
      <p className={styles.lead}>
        {request.mode === 'database' ? 'Looking never changes a file.' : request.lead}
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
        {request.mode === 'database' && (
          <Switch
            size="xs"
            label="Databases only"
            checked={onlyDatabases}
            onChange={(event) => setOnlyDatabases(event.currentTarget.checked)}
          />
        )}
      </div>
      {error && <ErrorNotice error={error} actions={<Button onClick={() => go(null)}>Back to the start</Button>} />}
      {folder === null && !error && <Skeleton height={280} />}
      {folder !== null && (
        <FileList
          key={folder.title}
          title={folder.title}
          entries={entries}
          request={request}
          chosen={chosen}
          takesFocus={hasWalked}
          onChoose={choose}
          onUp={goUp}
        />
      )}
      {folder !== null && <p className={styles.notListed}>{notListedWords(folder)}</p>}
      <PickerFoot request={request} folder={folder} token={token} chosen={chosen} onFinish={finish} onCancel={close} />
    </Dialog>
  );
}

function toggled(chosen: ReadonlyMap<string, string>, { token, name }: FileEntry): ReadonlyMap<string, string> {
  const next = new Map(chosen);
  if (!next.delete(token)) next.set(token, name);
  return next;
}
