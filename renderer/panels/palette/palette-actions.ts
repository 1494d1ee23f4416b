import type { BrowseTable } from '@shared/browse.ts';
import { assertNever, type AppError } from '@shared/errors.ts';
import { call } from '../../api.ts';
import { createBackup } from '../../stores/backups.ts';
import { loadTables, openTable, showRow, viewOf } from '../../stores/browse.ts';
import { chooseDatabase, look } from '../../stores/databases.ts';
import { showDialog } from '../../stores/dialogs.ts';
import { goHome, goTo } from '../../stores/route.ts';
import { saveColorScheme } from '../../stores/session.ts';
import { counted } from '../../words/numbers.ts';
import { keyPlaces, type KeyPlace } from './row-search.ts';
import type { Target } from './palette-items.ts';

/** Goes where an entry leads. Rows are looked for first: `findRow`. */
export function go(target: Exclude<Target, { to: 'row' }>): void {
  switch (target.to) {
    case 'table':
      return openTable(target.handle, target.table);
    case 'page':
      return goTo(target.handle, target.tab, target.detail);
    case 'colours':
      return void saveColorScheme(target.colorScheme);
    case 'check':
      goTo(target.handle, 'phases');
      return void look(target.handle, 'check');
    case 'back-up':
      goTo(target.handle, 'backups');
      return void createBackup(target.handle);
    case 'home':
      return goHome();
    case 'open':
      return void chooseDatabase();
    case 'shortcuts':
      return showDialog({ isHelpOpen: true });
    default:
      return assertNever(target);
  }
}

export interface FoundRow extends KeyPlace {
  readonly rowKey: string;
}

export type Search =
  | { readonly rows: readonly FoundRow[]; readonly words: string }
  /** The tables could not be read. */
  | { readonly error: AppError };

/** The rows that have this primary key, one question per table. @param isWanted false: nobody waits any more. */
export async function findRow(handle: string, text: string, isWanted: () => boolean): Promise<Search> {
  if (viewOf(handle).tables === null) await loadTables(handle);
  const { tables, error } = viewOf(handle);
  if (tables === null && error) return { error };
  const places = keyPlaces(text, tables ?? []);
  const rows: FoundRow[] = [];
  for (const place of places) {
    if (!isWanted()) break;
    const found = await ask(handle, place);
    if ('code' in found) return { error: found };
    rows.push(...found);
  }
  return { rows, words: searchWords(places, tables ?? []) };
}

/** Shows the row beside its table, found by its key. */
export const openFound = (handle: string, { table, column, key, rowKey }: FoundRow): void =>
  showRow(handle, table, { operator: 'equals', column, value: key }, rowKey);

async function ask(handle: string, place: KeyPlace): Promise<FoundRow[] | AppError> {
  const query = {
    ...{ table: place.table, sort: [], find: null },
    filters: [{ operator: 'equals' as const, column: place.column, value: place.key }],
  };
  const page = await call('browse:page', { handle, query, anchor: { at: 'start' }, limit: 1, hasConsent: false });
  return page.ok ? page.value.rows.map(({ key }) => ({ ...place, rowKey: key })) : page.error;
}

function searchWords(places: readonly KeyPlace[], tables: readonly BrowseTable[]): string {
  if (places.length === 0) return 'No table here has a key that could be this.';
  const [only, ...others] = places;
  if (only && others.length === 0 && tables.length > 1) return `No row of ${only.table} has the key ${only.key}.`;
  return `No row has this key; looked in ${counted(places.length, 'table')}.`;
}
