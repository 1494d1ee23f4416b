import { IconChevronRight } from '@tabler/icons-react';
import { shortTitle } from './picker-words.ts';
import type { Crumb } from './use-folder.ts';
import styles from './picker.module.css';

/** The way walked, each step a way back. */
export function Crumbs({ crumbs, onEnter }: { crumbs: readonly Crumb[]; onEnter: (token: string | null) => void }) {
  return (
    <nav aria-label="Folders" className={styles.crumbs}>
      {crumbs.map((crumb, index) => {
        const isLast = index === crumbs.length - 1;
        return (
          <span key={crumb.token ?? 'top'} className={styles.crumb}>
            {index > 0 && <IconChevronRight size={12} aria-hidden />}
            <button
              type="button"
              disabled={isLast}
              aria-current={isLast ? 'true' : undefined}
              onClick={() => onEnter(crumb.token)}
              title={crumb.title}
            >
              {shortTitle(crumb.title)}
            </button>
          </span>
        );
      })}
    </nav>
  );
}
