import type { Output } from '@shared/channels.ts';
import { PathText } from '../../components/path-text.tsx';
import { counted } from '../../words/numbers.ts';
import styles from './backups.module.css';

interface UnusableFilesProps {
  readonly files: Output<'backup:list'>['unusable'];
}

/** More would push the backups that can be used off the page. */
const SHOWN = 5;

/** Files among the backups that are none of this database, and what somebody could do about each. */
export function UnusableFiles({ files }: UnusableFilesProps) {
  if (files.length === 0) return null;
  const more = files.length - SHOWN;
  const title = 'Found, but not usable as a backup of this database';
  return (
    <div className={styles.kept} role="group" aria-label={title}>
      <div className={styles.words}>
        <strong>{title}</strong>
        <ul className={styles.unusable}>
          {files.slice(0, SHOWN).map(({ path, why }) => (
            <li key={path}>
              <PathText path={path} maxLength={76} />
              {why && (
                <p className="muted">
                  {why.message} {why.nextStep} <code>{why.code}</code>
                </p>
              )}
            </li>
          ))}
          {more > 0 && <li className="muted">and {counted(more, 'more file', 'more files')}</li>}
        </ul>
      </div>
    </div>
  );
}
