import { Button } from '@mantine/core';
import { useState } from 'react';
import type { Output } from '@shared/channels.ts';
import { Dialog } from '../../components/dialog.tsx';
import { PathText } from '../../components/path-text.tsx';
import { TypedConfirmation } from '../../components/typed-confirmation.tsx';
import { undoRestore } from '../../stores/backups.ts';
import { dateTime } from '../../words/times.ts';
import styles from './backups.module.css';

interface KeptFilesProps {
  readonly handle: string;
  readonly fileName: string;
  readonly list: Output<'backup:list'>;
  readonly isBusy: boolean;
}

/** Raw files that were set aside: what a restore replaced, and what a run found with a journal beside it. */
export function KeptFiles({ handle, fileName, list, isBusy }: KeptFilesProps) {
  const [isAsking, setAsking] = useState(false);
  const { replaced, beforeRecovery } = list;
  const putBack = (): void => {
    setAsking(false);
    void undoRestore(handle, { by: 'files' }, fileName);
  };
  return (
    <>
      {replaced && (
        <div className={styles.kept} role="group" aria-label="Files that a restore set aside">
          <p className={styles.words}>
            <strong>A restore set the old files aside</strong>{' '}
            <span className="muted">on {dateTime(replaced.at)}, byte for byte: SQLite could not read them.</span>
            <br />
            <PathText path={replaced.folder} maxLength={76} />
          </p>
          <Button variant="default" disabled={isBusy} onClick={() => setAsking(true)}>
            Put them back…
          </Button>
        </div>
      )}
      {beforeRecovery.map(({ folder, at }) => (
        <div key={folder} className={styles.kept} role="group" aria-label="File and journal as a run found them">
          <p className={styles.words}>
            <strong>File and journal as an upgrade found them</strong>{' '}
            <span className="muted">
              on {dateTime(at)}, before SQLite undid an unfinished write of another program.
            </span>
            <br />
            <PathText path={folder} maxLength={76} />
          </p>
        </div>
      ))}
      <Dialog
        isOpen={isAsking}
        onClose={() => setAsking(false)}
        title={`Put the old files of ${fileName} back?`}
        width={540}
      >
        {isAsking && (
          <TypedConfirmation
            fileName={fileName}
            label="Put the old files back"
            busyLabel="Putting them back…"
            keepLabel="Keep the file as it is"
            isBusy={false}
            busyWords=""
            error={null}
            onConfirm={putBack}
            onKeep={() => setAsking(false)}
          >
            <p>
              <strong>{fileName}</strong> becomes, byte for byte, what the restore replaced: a file that could not be
              read.
            </p>
            <p>What is there now is set aside in the same way, so this can be undone too.</p>
          </TypedConfirmation>
        )}
      </Dialog>
    </>
  );
}
