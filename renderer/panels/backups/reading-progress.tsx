import { WorkBar } from '../../components/work-bar.tsx';
import { type ReadingProps, StopLine } from '../frame/stop-reading.tsx';
import styles from './backups.module.css';

/** What only reads, in place of `WorkProgress`: the host tells no window of it, so whoever asked for it knows the words. */
export function ReadingProgress({ words, ...reading }: ReadingProps & { readonly words: string }) {
  return (
    <div className={styles.work}>
      <WorkBar words={words} done={null} total={null} />
      <StopLine {...reading} />
    </div>
  );
}
