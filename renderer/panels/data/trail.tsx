import { returnTo } from '../../stores/browse.ts';
import type { Crumb } from '../../stores/crumb.ts';
import { shownName } from '../../words/text.ts';
import styles from './data.module.css';

/** The way through the references, and back. Nothing to show while it has one step. */
export function Trail({ handle, trail }: { handle: string; trail: readonly Crumb[] }) {
  if (trail.length < 2) return null;
  return (
    <nav className={styles.trail} aria-label="The way here">
      <ol>
        {trail.map((crumb, at) => (
          // oxlint-disable-next-line react/no-array-index-key -- the same table may stand here twice
          <li key={at}>
            {at === trail.length - 1 ? (
              <span aria-current="page">{shownName(crumb.label)}</span>
            ) : (
              <button type="button" onClick={() => returnTo(handle, at)}>
                {shownName(crumb.label)}
              </button>
            )}
          </li>
        ))}
      </ol>
    </nav>
  );
}
