import type { BackupRecord } from '@shared/run.ts';
import type { DatabaseStatus } from '@shared/status.ts';
import type { OpenDatabase, Output } from '@shared/channels.ts';
import { migrationDetail, tabs, upgradeDetail, type Route, type Tab } from '../../route.ts';
import { migrationMarks } from '../../words/states.ts';
import { tellingName } from '../../words/text.ts';
import { dateTime } from '../../words/times.ts';
import { rank, type Findable } from './ranking.ts';
import { looksLikeKey } from './row-search.ts';

type ColorScheme = Output<'settings:get'>['colorScheme'];

/** Where an entry leads. Nothing that removes or replaces anything is among them. */
export type Target =
  | { readonly to: 'table'; readonly handle: string; readonly table: string }
  | { readonly to: 'row'; readonly handle: string; readonly text: string }
  | { readonly to: 'page'; readonly handle: string; readonly tab: Tab; readonly detail: string | null }
  | { readonly to: 'colours'; readonly colorScheme: ColorScheme }
  | { readonly to: 'back-up' | 'check'; readonly handle: string }
  | { readonly to: 'home' | 'open' | 'shortcuts' };

export interface PaletteItem extends Findable {
  readonly id: string;
  /** "table", "migration": said beside the title. */
  readonly kind: string;
  readonly target: Target;
}

/** What is known of the place where the palette was opened. */
export interface Surroundings {
  readonly route: Route;
  readonly open: readonly OpenDatabase[];
  /** Null while it is on its way, or where it was refused. */
  readonly status: DatabaseStatus | null;
  readonly tables: readonly string[];
  readonly backups: readonly BackupRecord[];
  /** A run is under way: nothing else can be begun. */
  readonly isRunning: boolean;
}

/** As many as anybody reads; typing on finds the others. */
const MOST_SHOWN = 60;

const pageTitles: Record<Tab, string> = {
  overview: 'Overview',
  phases: 'Phases',
  data: 'Data',
  activity: 'Activity',
  backups: 'Backups',
};

/** What to show for a text, best first. */
export function shownItems(around: Surroundings, text: string): readonly PaletteItem[] {
  const found = rank(allItems(around), text).slice(0, MOST_SHOWN);
  const row = rowItem(around.route, text.trim());
  if (row === null) return found;
  return looksLikeKey(text) ? [row, ...found] : [...found, row];
}

/** Everything but rows, which are looked for only when a person asks for it. */
function allItems(around: Surroundings): PaletteItem[] {
  const { route, open } = around;
  return [
    ...(route.page === 'database' ? ofDatabase(route.handle, around) : []),
    ...open
      .filter(({ handle }) => route.page !== 'database' || handle !== route.handle)
      .map((each) =>
        item(
          'database',
          tellingName(each, open),
          page(each.handle, 'overview'),
          `switch to ${each.folder}`,
          each.handle,
        ),
      ),
    item('page', 'Start page', { to: 'home' }, 'home recent databases'),
    item('action', 'Open a database…', { to: 'open' }, 'file'),
    item('setting', 'Light colours', { to: 'colours', colorScheme: 'light' }, 'theme bright day'),
    item('setting', 'Dark colours', { to: 'colours', colorScheme: 'dark' }, 'theme night'),
    item('setting', 'Colours of the system', { to: 'colours', colorScheme: 'auto' }, 'theme automatic'),
    item('page', 'Keyboard shortcuts', { to: 'shortcuts' }, 'help keys'),
  ];
}

function ofDatabase(handle: string, { status, tables, backups, isRunning }: Surroundings): PaletteItem[] {
  const migrations = status?.phases.flatMap((phase) => phase.migrations) ?? [];
  return [
    ...tabs.map((tab) => item('page', pageTitles[tab], page(handle, tab))),
    ...(status && !isRunning
      ? [
          item('action', 'Plan the upgrade', page(handle, 'phases', upgradeDetail(status.defaultTarget)), 'migrate'),
          item('action', 'Check every exit criterion', { to: 'check', handle }, 'verify integrity'),
          item('action', 'Back up now', { to: 'back-up', handle }, 'copy save'),
        ]
      : []),
    ...tables.map((table) => item('table', table, { to: 'table', handle, table })),
    ...migrations.map(({ id, title, state }) =>
      item('migration', title, page(handle, 'phases', migrationDetail(id)), `${id} ${migrationMarks[state].word}`, id),
    ),
    ...backups.map(({ id, createdAt, reason }) =>
      item('backup', `${dateTime(createdAt)}, ${reason}`, page(handle, 'backups', id), '', id),
    ),
  ];
}

function rowItem(route: Route, text: string): PaletteItem | null {
  if (route.page !== 'database' || text === '') return null;
  return item('row', `Find the row “${text}”`, { to: 'row', handle: route.handle, text });
}

const page = (handle: string, tab: Tab, detail: string | null = null): Target => ({ to: 'page', handle, tab, detail });

const item = (kind: string, title: string, target: Target, words = '', id = title): PaletteItem => ({
  id: `${kind} ${id}`,
  kind,
  title,
  words: `${kind} ${words}`,
  target,
});
