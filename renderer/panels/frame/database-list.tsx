import { Button, Tooltip } from '@mantine/core';
import { IconDatabase, IconFolderOpen, IconX } from '@tabler/icons-react';
import type { OpenDatabase } from '@shared/channels.ts';
import { DatabaseName } from '../../components/database-name.tsx';
import { StateMark } from '../../components/state-mark.tsx';
import { chooseDatabase, closeDatabase, isForExport, useDatabases } from '../../stores/databases.ts';
import { goTo, useRoute } from '../../stores/route.ts';
import { activeOf, useRuns } from '../../stores/runs.ts';
import { isAway, useSession } from '../../stores/session.ts';
import { runMarkNow } from '../../words/states.ts';
import { tellingName } from '../../words/text.ts';
import styles from './database-list.module.css';

/** The databases that are open, on the left. */
export function DatabaseList() {
  const open = useDatabases((state) => state.open);
  return (
    <nav className={styles.list} aria-label="Open databases">
      <h2 className={styles.title}>Databases</h2>
      {open.length === 0 && <p className={styles.none}>None open yet.</p>}
      <ul>
        {open.map((database) => (
          <Item key={database.handle} database={database} open={open} />
        ))}
      </ul>
      <Button
        variant="subtle"
        justify="flex-start"
        leftSection={<IconFolderOpen size={15} aria-hidden />}
        onClick={() => void chooseDatabase()}
      >
        Open…
      </Button>
    </nav>
  );
}

/** The focus would go with the button: it goes to what stands in its place then, the next database or "Open…". */
async function close(handle: string, at: number, list: Element | null, endsExport = false): Promise<void> {
  await closeDatabase(handle, endsExport);
  const entries = list?.querySelectorAll<HTMLElement>('li > button:first-child, nav > button');
  if (document.activeElement === document.body) entries?.[at]?.focus();
}

function Item({ database, open }: { database: OpenDatabase; open: readonly OpenDatabase[] }) {
  const { handle, folder } = database;
  const isCurrent = useRoute(({ route }) => route.page === 'database' && route.handle === handle);
  const run = useRuns((state) => activeOf(state.byHandle[handle]));
  const isLost = useSession(isAway);
  const refused = useDatabases(({ notClosed }) => (notClosed?.handle === handle ? notClosed.error : null));
  return (
    <>
      <li className={styles.item} data-current={isCurrent}>
        <Tooltip label={folder} position="right">
          <button
            type="button"
            className={styles.open}
            aria-current={isCurrent ? 'page' : undefined}
            onClick={() => goTo(handle, 'overview')}
          >
            {run ? (
              <StateMark mark={runMarkNow(run.state, isLost)} quiet size={15} />
            ) : (
              <IconDatabase size={15} aria-hidden />
            )}
            <DatabaseName database={database} open={open} />
          </button>
        </Tooltip>
        {run === null && (
          <button
            type="button"
            className={styles.close}
            aria-label={`Close ${tellingName(database, open)}`}
            onClick={({ currentTarget }) => void close(handle, open.indexOf(database), currentTarget.closest('nav'))}
          >
            <IconX size={13} aria-hidden />
          </button>
        )}
      </li>
      {refused && (
        <li>
          <p className={styles.none} role="alert">
            It stays open. {refused.message}
          </p>
          {isForExport(refused) && (
            <Button
              size="compact-sm"
              variant="default"
              className={styles.end}
              onClick={({ currentTarget }) =>
                void close(handle, open.indexOf(database), currentTarget.closest('nav'), true)
              }
            >
              End the export and close
            </Button>
          )}
        </li>
      )}
    </>
  );
}
