import { type NamedFile, tellingFolder } from '../words/text.ts';
import styles from './database-name.module.css';

/** The name of an open database as `tellingName` has it, each part of it shortened as far as its place needs. */
export function DatabaseName({ database, open }: { database: NamedFile; open: readonly NamedFile[] }) {
  const folder = tellingFolder(database, open);
  return (
    <span className={styles.whole}>
      <span dir="auto">{database.name}</span>
      {folder !== null && <span> in {folder}</span>}
    </span>
  );
}
