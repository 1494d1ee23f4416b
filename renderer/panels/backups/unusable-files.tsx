import type { Output } from '@shared/channels.ts';
import { PathText } from '../../components/path-text.tsx';
import { counted } from '../../words/numbers.ts';
import styles from './backups.module.css';

interface UnusableFilesProps {
  readonly files: Output<'backup:list'>['unusable'];
}

/** More would push the backups that can be used off the page. */
const SHOWN = 5;

/** Folders that nobody could look into, files among the backups that are none of this database, and what to do about each. */
export function UnusableFiles({ files }: UnusableFilesProps) {
  const unseen = files.filter(isUnseen);
  return (
    <>
      <Listed title="Could not be looked into" files={unseen} />
      <Listed
        title="Found, but not usable as a backup of this database"
        files={files.filter((each) => !unseen.includes(each))}
      />
    </>
  );
}

const isUnseen = ({ why }: UnusableFilesProps['files'][number]): boolean =>
  why?.code === 'E_TIMEOUT' || why?.code === 'E_BACKUP_FOLDER';

function Listed({ title, files }: UnusableFilesProps & { readonly title: string }) {
  if (files.length === 0) return null;
  const more = files.length - SHOWN;
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
