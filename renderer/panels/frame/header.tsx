import { ActionIcon, Menu, Tooltip, UnstyledButton, useComputedColorScheme } from '@mantine/core';
import {
  IconChevronDown,
  IconDatabase,
  IconFolderOpen,
  IconHelp,
  IconLock,
  IconMoon,
  IconSun,
} from '@tabler/icons-react';
import { DatabaseName } from '../../components/database-name.tsx';
import { menuPlace } from '../../components/menu-place.ts';
import { chooseDatabase, useDatabases } from '../../stores/databases.ts';
import { showDialog } from '../../stores/dialogs.ts';
import { goHome, goTo, useRoute } from '../../stores/route.ts';
import { saveColorScheme } from '../../stores/session.ts';
import { tellingName } from '../../words/text.ts';
import { packAndVariant } from '../overview/overview-words.ts';
import styles from './header.module.css';

/** Where am I: product, database, what it is, and whether it may be written. */
export function Header() {
  const handle = useRoute(({ route }) => (route.page === 'database' ? route.handle : null));
  return (
    <header className={styles.header}>
      <UnstyledButton className={styles.product} onClick={goHome} aria-label="Phasewise, go to the start page">
        <svg viewBox="0 0 32 32" width={20} height={20} aria-hidden>
          <rect width="32" height="32" rx="7" className={styles.logo} />
          <path
            d="M6 24h6v-8h8V8h6"
            fill="none"
            stroke="#fff"
            strokeWidth="4"
            strokeLinecap="round"
            strokeLinejoin="round"
          />
        </svg>
        Phasewise
      </UnstyledButton>
      {handle !== null && <Switcher handle={handle} />}
      <div className={styles.right}>
        {handle !== null && <ReadOnlyBadge handle={handle} />}
        <Tooltip label="Keyboard shortcuts (?)">
          <ActionIcon aria-label="Keyboard shortcuts" onClick={() => showDialog({ isHelpOpen: true })}>
            <IconHelp size={17} aria-hidden />
          </ActionIcon>
        </Tooltip>
        <ColorSchemeToggle />
      </div>
    </header>
  );
}

function Switcher({ handle }: { handle: string }) {
  const open = useDatabases((state) => state.open);
  const status = useDatabases((state) => state.views[handle]?.status);
  const current = open.find((database) => database.handle === handle);
  return (
    <>
      <Menu position="bottom-start" width={340} classNames={{ itemLabel: styles.database }} {...menuPlace}>
        <Menu.Target>
          <UnstyledButton
            className={styles.switcher}
            aria-label={`Switch database, now ${current ? tellingName(current, open) : 'none'}`}
          >
            <IconDatabase size={15} aria-hidden />
            {current ? <DatabaseName database={current} open={open} /> : 'database'}
            <IconChevronDown size={13} aria-hidden />
          </UnstyledButton>
        </Menu.Target>
        <Menu.Dropdown>
          {open.map((database, at) => (
            <Menu.Item
              key={database.handle}
              data-autofocus={at === 0 || undefined}
              leftSection={<IconDatabase size={14} aria-hidden />}
              onClick={() => goTo(database.handle, 'overview')}
            >
              <DatabaseName database={database} open={open} />
            </Menu.Item>
          ))}
          <Menu.Divider />
          <Menu.Item leftSection={<IconFolderOpen size={14} aria-hidden />} onClick={() => void chooseDatabase()}>
            Open…
          </Menu.Item>
        </Menu.Dropdown>
      </Menu>
      {status && (
        <Tooltip label={status.variant.description} disabled={status.variant.description === ''} multiline maw={360}>
          <span className={styles.variant}>{packAndVariant(status)}</span>
        </Tooltip>
      )}
    </>
  );
}

function ReadOnlyBadge({ handle }: { handle: string }) {
  const reason = useDatabases((state) => {
    const file = state.views[handle]?.status?.file;
    if (!file || file.isWritable) return null;
    return file.readOnlyReason?.title ?? 'This file cannot be written';
  });
  if (reason === null) return null;
  return (
    <Tooltip label={reason}>
      <span className={styles.readOnly} tabIndex={0}>
        <IconLock size={13} aria-hidden />
        read-only
      </span>
    </Tooltip>
  );
}

function ColorSchemeToggle() {
  const isDark = useComputedColorScheme('light') === 'dark';
  const label = isDark ? 'Use light colours' : 'Use dark colours';
  return (
    <Tooltip label={label}>
      <ActionIcon aria-label={label} onClick={() => void saveColorScheme(isDark ? 'light' : 'dark')}>
        {isDark ? <IconSun size={17} aria-hidden /> : <IconMoon size={17} aria-hidden />}
      </ActionIcon>
    </Tooltip>
  );
}
