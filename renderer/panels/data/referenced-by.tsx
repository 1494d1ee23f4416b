import { Button } from '@mantine/core';
import type { BrowseRecord, BrowseReference, Filter } from '@shared/browse.ts';
import { follow, followToRow } from '../../stores/browse.ts';
import { count, counted } from '../../words/numbers.ts';
import { shownName } from '../../words/text.ts';
import styles from './record.module.css';

/** The rows that point to this one, counted. */
export function ReferencedBy({ handle, record }: { handle: string; record: BrowseRecord }) {
  const some = record.referencedBy.filter((each) => each.count > 0);
  return (
    <section aria-label="Referenced by" className={styles.references}>
      <h3>Referenced by</h3>
      {some.length === 0 && <p className="muted">No row points here.</p>}
      <ul>
        {some.map(({ reference, filter, count: rows, isExact }) => (
          <li key={idOf(reference)}>
            {filter && (
              <Follow handle={handle} from={record.key} to={reference.fromTable} filter={filter}>
                {isExact ? counted(rows, 'row') : `${count(rows)} rows or more`} of {shownName(reference.fromTable)}
              </Follow>
            )}
            <span className="muted"> by {reference.from.map(shownName).join(', ')}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

interface FollowProps {
  readonly handle: string;
  readonly from: string;
  readonly to: string;
  readonly filter: Filter;
  /** It means one row, which is to stand open there. */
  readonly isOne?: boolean;
  readonly children: React.ReactNode;
}

export function Follow({ handle, from, to, filter, isOne = false, children }: FollowProps) {
  const go = (): void => (isOne ? void followToRow(handle, from, to, filter) : follow(handle, from, to, filter, to));
  return (
    <Button variant="subtle" size="compact-xs" onClick={go}>
      {children}
    </Button>
  );
}

const idOf = ({ fromTable, from }: BrowseReference): string => `${fromTable}.${from.join('.')}`;
