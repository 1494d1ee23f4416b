import { Button } from '@mantine/core';
import { useEffect } from 'react';
import type { About } from '@shared/about.ts';
import { CopyButton } from '../../components/copy-button.tsx';
import { Dialog } from '../../components/dialog.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { PathText } from '../../components/path-text.tsx';
import { loadAbout, openReleases, showLog, useAbout } from '../../stores/about.ts';
import { showDialog, useDialogs } from '../../stores/dialogs.ts';
import { useSession } from '../../stores/session.ts';
import { newerSentence, OLDER_CAN, packSentence, versionLine } from './version-words.ts';
import styles from './version.module.css';

/** Which version this is, what it can upgrade, where a newer one would be. */
export function VersionDialog() {
  const isOpen = useDialogs((state) => state.isVersionOpen);
  const { about, error } = useAbout();
  useEffect(() => {
    if (isOpen) void loadAbout();
  }, [isOpen]);
  return (
    <Dialog
      isOpen={isOpen}
      onClose={() => showDialog({ isVersionOpen: false })}
      title="Version and updates"
      width={520}
    >
      <div className={styles.parts}>
        {about && <Known about={about} />}
        {about === null && error === null && <p>Looking what this version can do…</p>}
        {error && <ErrorNotice error={error} />}
      </div>
    </Dialog>
  );
}

export function Known({ about }: { about: About }) {
  const { packs, releasesUrl, canOpenReleases, logFolder } = about;
  const canReveal = useSession((state) => state.info?.canRevealFiles ?? false);
  const canShowLog = logFolder !== null && canReveal;
  return (
    <>
      <p className={styles.version}>{versionLine(about)}</p>
      <section aria-label="What it can upgrade" className={styles.part}>
        {packs.map((pack) => (
          <div key={pack.title} className={styles.part}>
            <p>
              <strong>{pack.title}</strong>. {packSentence(pack)}
            </p>
            {/* A line for each: "Legacy version, empty, Legacy version" reads as if some were there twice. */}
            <ul className={styles.variants} aria-label={`What it knows of ${pack.title}`}>
              {pack.variants.map((variant) => (
                <li key={variant}>{variant}</li>
              ))}
            </ul>
          </div>
        ))}
      </section>
      <section aria-label="A newer version" className={styles.part}>
        <p>{newerSentence(about)}</p>
        {releasesUrl !== null && (
          <p className={styles.address}>
            {releasesUrl} <CopyButton text={releasesUrl} label="Copy the address" />
          </p>
        )}
        <p>{OLDER_CAN}</p>
      </section>
      {logFolder !== null && !canReveal && (
        <p>
          Phasewise keeps a log of itself in <PathText path={logFolder} />
        </p>
      )}
      {(canShowLog || canOpenReleases) && (
        <div className={styles.buttons}>
          {canShowLog && (
            <Button variant="default" onClick={() => void showLog()}>
              Show the log
            </Button>
          )}
          {canOpenReleases && <Button onClick={() => void openReleases()}>Open the page of releases</Button>}
        </div>
      )}
    </>
  );
}
