import { Button, Loader, VisuallyHidden } from '@mantine/core';
import {
  IconAlertTriangleFilled,
  IconArrowBackUp,
  IconCircleCheckFilled,
  IconHandStop,
  IconInfoCircle,
  IconPlayerPlay,
  IconRefresh,
  IconShieldCheck,
} from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import type { Recovery, RecoveryChoiceId } from '@shared/recovery.ts';
import { BackupCard } from '../../components/backup-card.tsx';
import { ErrorNotice } from '../../components/error-notice.tsx';
import { Page } from '../../components/page.tsx';
import { useNow } from '../../components/use-now.ts';
import { useBackups } from '../../stores/backups.ts';
import { refresh } from '../../stores/events.ts';
import { type Asking, choose, lookAnew, putBackAndShow, putOff, useRecovery } from '../../stores/recovery.ts';
import { goTo } from '../../stores/route.ts';
import { useWorks } from '../../stores/works.ts';
import { ago, dateTime } from '../../words/times.ts';
import { PutBackDialog } from '../backups/put-back-dialog.tsx';
import { ReadingProgress } from '../backups/reading-progress.tsx';
import { RestoreDialog } from '../backups/restore-dialog.tsx';
import { StopLine } from '../frame/stop-reading.tsx';
import { WorkProgress } from '../backups/work-progress.tsx';
import { busyWords, headline, reasonsTitle, whichBackup } from './recovery-words.ts';
import styles from './recovery.module.css';

interface RecoveryProps {
  readonly handle: string;
  readonly fileName: string;
  readonly recovery: Recovery;
}

/** Shown before anything else of a database that something was interrupted in: what, where, is my data safe, what now. */
export function RecoveryPanel({ handle, fileName, recovery }: RecoveryProps) {
  const view = useRecovery((state) => state.byHandle[handle]);
  const [asking, setAsking] = useState<Asking | null>(null);
  const work = useWorks((state) => state.byHandle[handle] ?? null);
  const failed = useBackups((state) => state.byHandle[handle]?.error ?? null);
  const now = useNow(15_000);
  const busy = view?.busy ?? null;
  const isBusy = busy !== null || work !== null;
  useEffect(focusMain, [recovery.runId]);
  const isUnseen = recovery.choices.some(({ id }) => id === 'look');
  useEffect(() => {
    if (document.activeElement === document.body) focusMain(); // it was seen now, and the button that asked for it went
  }, [isUnseen]);
  const onChoose = (id: RecoveryChoiceId): void => {
    if (isBusy) return;
    if (id === 'restore' || id === 'put-back') setAsking(id);
    else if (id === 'look') void lookAnew(handle, () => refresh(handle));
    else void choose(handle, id);
  };
  return (
    <Page label="Something was interrupted">
      <div className={styles.screen}>
        <Head recovery={recovery} fileName={fileName} now={now} />
        <section aria-labelledby="recovery-reasons">
          <h2 id="recovery-reasons" className={styles.title}>
            {reasonsTitle(recovery)}
          </h2>
          <Reasons recovery={recovery} />
        </section>
        {recovery.backup && <BackupCard backup={recovery.backup} what={whichBackup(recovery)} />}
        <section aria-labelledby="recovery-choices">
          <h2 id="recovery-choices" className={styles.title}>
            What would you like to do?
          </h2>
          <Choices choices={recovery.choices} busy={busy} isBusy={isBusy} onChoose={onChoose} />
        </section>
        {(busy === 'finish' || (work && busy === null && asking === null)) && (
          <WorkProgress
            handle={handle}
            fileName={fileName}
            words={busy === 'finish' ? 'Reading the backup' : 'Working'}
          />
        )}
        {busy === 'check' && <StopLine handle={handle} reading="recovery:check" />}
        {busy === 'look' && view?.looking && (
          <ReadingProgress handle={handle} reading="recovery:get" words={`${view.looking}…`} />
        )}
        {view?.error && <ErrorNotice error={view.error} subject={fileName} />}
        {failed && asking === null && (
          <ErrorNotice error={failed} subject={fileName} actions={<SeeBackups handle={handle} error={failed} />} />
        )}
        <p className={styles.foot}>
          <Button variant="subtle" disabled={busy !== null} onClick={() => putOff(handle)}>
            Look at the database first
          </Button>
          <VisuallyHidden role="status">{busy === null ? '' : busyWords[busy]}</VisuallyHidden>
          <span className="muted">
            For support: <code>{recovery.code}</code>
          </span>
        </p>
      </div>
      <RestoreDialog
        handle={handle}
        fileName={fileName}
        backup={asking === 'restore' ? recovery.backup : null}
        onClose={() => setAsking(null)}
      />
      <PutBack handle={handle} fileName={fileName} isOpen={asking === 'put-back'} onClose={() => setAsking(null)} />
    </Page>
  );
}

const focusMain = (): void => document.getElementById('main')?.focus({ preventScroll: true });

interface PutBackProps {
  readonly handle: string;
  readonly fileName: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
}

/** In front until the files are back: only then is there something that the page of the backups can tell. */
function PutBack({ handle, fileName, isOpen, onClose }: PutBackProps) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const close = (): void => {
    setError(null);
    onClose();
  };
  const putBack = async (): Promise<void> => {
    setBusy(true);
    const failed = await putBackAndShow(handle, fileName);
    setBusy(false);
    setError(failed);
    if (!failed) close();
  };
  return (
    <PutBackDialog
      fileName={fileName}
      isOpen={isOpen}
      isBusy={isBusy}
      progress={<WorkProgress handle={handle} fileName={fileName} words="Putting the old files back" />}
      error={error}
      errorActions={error && <SeeBackups handle={handle} error={error} />}
      onConfirm={() => void putBack()}
      onClose={close}
    />
  );
}

/** Where others than these old files were set aside last: the page of the backups shows those, and puts them back. */
function SeeBackups({ handle, error }: { handle: string; error: AppError }) {
  if (error.code !== 'E_STATE_CHANGED') return null;
  const see = (): void => {
    putOff(handle); // else this page would stand before it; a line there leads back
    goTo(handle, 'backups');
  };
  return (
    <Button variant="default" onClick={see}>
      See its backups
    </Button>
  );
}

function Head({ recovery, fileName, now }: { recovery: Recovery; fileName: string; now: number }) {
  const Icon = recovery.isSafe ? IconShieldCheck : IconAlertTriangleFilled;
  return (
    <div className={styles.head} data-safe={recovery.isSafe}>
      <Icon size={34} stroke={1.6} aria-hidden />
      <div>
        <h1>{headline(recovery)}</h1>
        <p>
          {recovery.what} {recovery.where}
        </p>
        <p className="muted">
          {fileName} · begun {dateTime(recovery.startedAt)} · last sign of it {ago(recovery.lastSignAt, now)}
        </p>
      </div>
    </div>
  );
}

function Reasons({ recovery }: { recovery: Recovery }) {
  return (
    <ul className={styles.reasons} data-safe={recovery.isSafe}>
      {recovery.reasons.map((reason) => (
        <li key={reason}>
          {recovery.isSafe ? <IconCircleCheckFilled size={17} aria-hidden /> : <IconInfoCircle size={17} aria-hidden />}
          {reason}
        </li>
      ))}
    </ul>
  );
}

const icons: Record<RecoveryChoiceId, typeof IconPlayerPlay> = {
  continue: IconPlayerPlay,
  check: IconShieldCheck,
  finish: IconPlayerPlay,
  look: IconRefresh,
  stay: IconHandStop,
  restore: IconArrowBackUp,
  'put-back': IconArrowBackUp,
};

/** The first is the advised one, and the only filled one. The one that was chosen says what is done, and keeps the focus. */
function Choices({
  choices,
  busy,
  isBusy,
  onChoose,
}: {
  choices: Recovery['choices'];
  busy: RecoveryChoiceId | null;
  /** Also with what another window has begun. */
  isBusy: boolean;
  onChoose: (id: RecoveryChoiceId) => void;
}) {
  return (
    <ul className={styles.choices}>
      {choices.map(({ id, title, consequence }, index) => {
        const Icon = icons[id];
        return (
          <li key={id}>
            <button
              type="button"
              className={styles.choice}
              data-primary={index === 0 ? '' : undefined}
              data-busy={busy === id ? '' : undefined}
              aria-disabled={isBusy}
              onClick={() => onChoose(id)}
            >
              {busy === id ? (
                <Loader size={24} color="currentColor" aria-hidden />
              ) : (
                <Icon size={24} stroke={1.6} aria-hidden />
              )}
              <span className={styles.choiceTitle}>
                {title}
                {index === 0 && choices.length > 1 && <span className={styles.advised}>recommended</span>}
              </span>
              <span className={styles.choiceText}>{(busy === id && busyWords[id]) || consequence}</span>
            </button>
          </li>
        );
      })}
    </ul>
  );
}
