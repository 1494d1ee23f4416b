import type { ColumnDiff, ObjectDiff } from '@shared/status.ts';
import { putOffTo } from './column-diff.ts';
import type { TableInfo } from './migration.ts';

/** One line of a table names this many things of a kind; the rest is on the table's own page. */
const MOST_COLUMNS = 8;
const MOST_RULES = 4;

/**
 * What a table lacks, in plain words: "kind, storage_uri are missing; index on assets(project_id, sha256) is missing".
 * Rules that only a later phase can make final are one remark at the end. '' = nothing is missing.
 * @param present the table under the name it has now.
 */
export function whatIsMissing(
  present: TableInfo | undefined,
  hasLegacyName: boolean,
  columns: readonly ColumnDiff[],
  objects: readonly ObjectDiff[],
): string {
  if (!present) return 'The table does not exist yet';
  const missing = columns.filter(({ gap }) => gap === 'missing').map(({ name }) => name);
  const open = (note: string) => putOffTo(note) === null;
  const rules = [
    ...columns.filter(({ gap, note }) => gap === 'differs' && open(note)).map(({ name, note }) => `${name}: ${note}`),
    ...objects.filter(({ kind, gap }) => kind === 'index' && gap !== 'none').map(describeIndex),
    ...objects
      .filter(({ kind, gap, note }) => (kind === 'unique' || kind === 'foreign-key') && gap !== 'none' && open(note))
      // A reference of a column that is not there yet comes with the column.
      .filter(({ description }) => !missing.some((name) => description.startsWith(`${name} -> `)))
      .map(({ description, note }) => `${description}: ${note}`),
  ];
  const later = [...columns, ...objects].filter(({ gap }) => gap !== 'none').map(({ note }) => putOffTo(note));
  const last = Math.max(...later.map((phase) => phase ?? 0));
  return [
    ...(hasLegacyName ? [`It is still called ${present.name}`] : []),
    ...(missing.length === 0 ? [] : [`${listed(missing)} ${missing.length === 1 ? 'is' : 'are'} missing`]),
    ...rules.slice(0, MOST_RULES),
    ...(rules.length > MOST_RULES ? [`and ${rules.length - MOST_RULES} more`] : []),
    ...(last > 0 ? [`its rules become final with phase ${last}`] : []),
  ].join('; ');
}

const describeIndex = ({ description, gap }: ObjectDiff): string =>
  `${description} ${gap === 'missing' ? 'is missing' : 'is sorted the other way round'}`;

const listed = (names: readonly string[]): string =>
  names.length <= MOST_COLUMNS
    ? names.join(', ')
    : `${names.slice(0, MOST_COLUMNS).join(', ')} and ${names.length - MOST_COLUMNS} more columns`;
