import type { BrowseTable } from '@shared/browse.ts';

/** Groups that are none of the pack's own, in the order in which they follow those. */
const LAST_GROUPS = ['Old names', 'Tables', 'Views', 'Other', 'Bookkeeping'];

export interface TableGroup {
  readonly name: string;
  readonly tables: readonly BrowseTable[];
}

/** Tables whose name holds `text`, grouped: the pack's groups as they come, then old names, views, the rest, bookkeeping. */
export function groupTables(tables: readonly BrowseTable[], text: string): TableGroup[] {
  const wanted = text.trim().toLowerCase();
  const found = tables.filter(({ name }) => name.toLowerCase().includes(wanted));
  return [...Map.groupBy(found, groupOf)]
    .map(([name, members]) => ({ name, tables: members }))
    .toSorted((a, b) => LAST_GROUPS.indexOf(a.name) - LAST_GROUPS.indexOf(b.name));
}

/** A view that the pack does not know stands with the views. */
const groupOf = ({ kind, group }: BrowseTable): string => (kind === 'view' && group === 'Other' ? 'Views' : group);
