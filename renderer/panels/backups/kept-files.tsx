import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '@shared/channels.ts';
import { PathText } from '../../components/path-text.tsx';
import { undoRestore } from '../../stores/backups.ts';
import { noteRestored } from '../../stores/recovery.ts';
import { dateTime } from '../../words/times.ts';
import { setAsideTitle, setAsideWords } from './backups-words.ts';
import styles from './backups.module.css';
import { PutBackDialog } from './put-back-dialog.tsx';

interface KeptFilesProps {
  readonly handle: string;
  readonly fileName: string;
  readonly list: Output<'backup:list'>;
  readonly isBusy: boolean;
}

/** Raw files that were set aside: what a restore replaced, and what was found with a journal or a log beside it. */
export function KeptFiles({ handle, fileName, list, isBusy }: KeptFilesProps) {
  /** The folder that was shown when somebody asked; by now the list may name another. */
  const [asked, setAsked] = useState<string | null>(null);
  const { replaced, beforeRecovery } = list;
  const putBack = async (): Promise<void> => {
    if (asked === null) return;
    setAsked(null);
    if ((await undoRestore(handle, { by: 'files', folder: asked }, fileName)) === null) noteRestored(handle);
  };
  return (
    <>
      {replaced && (
        <div className={styles.kept} role="group" aria-label="Files that a restore set aside">
          <p className={styles.words}>
            <strong>{setAsideTitle(replaced)}</strong>{' '}
            <span className="muted">
              on {dateTime(replaced.at)}, byte for byte: {setAsideWords(replaced)}.
            </span>
            <br />
            <PathText path={replaced.folder} maxLength={76} />
          </p>
          <Button variant="default" disabled={isBusy} onClick={() => setAsked(replaced.folder)}>
            Put them back…
          </Button>
        </div>
      )}
      {beforeRecovery.map(({ folder, at }) => (
        <div key={folder} className={styles.kept} role="group" aria-label="Files as they were found">
          <p className={styles.words}>
            <strong>File, journal and log as they were found</strong>{' '}
            <span className="muted">
              on {dateTime(at)}, before the file was opened for writing. If something that was done last is missing,
              send support this folder:
            </span>
            <br />
            <PathText path={folder} maxLength={76} />
          </p>
        </div>
      ))}
      <PutBackDialog
        fileName={fileName}
        isOfUndo={replaced?.isOfUndo ?? false}
        isOpen={asked !== null}
        onConfirm={() => void putBack()}
        onClose={() => setAsked(null)}
      />
    </>
  );
}
