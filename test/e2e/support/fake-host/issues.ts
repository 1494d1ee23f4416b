import type { Output } from '@shared/channels.ts';
import type { IssueSummary } from '@shared/status.ts';

type Issue = Output<'issues:list'>[number];

export const reasonTitles = {
  'orphan-candidate': 'The job or the run it belongs to does not exist. The candidate is kept as it was.',
  'slot-taken': 'Another candidate already has this number in the job. The candidate stays in its old table only.',
  'username-taken': 'Another user already has this name. The user stays in the old table only.',
  'json-unreadable': 'A value that should be JSON cannot be read as such. It is kept word for word.',
  'log-differs': 'The run log says something else than the database. What the database says was kept.',
} as const;
type Reason = keyof typeof reasonTitles;

const few: readonly (readonly [Reason, string, number])[] = [
  ['orphan-candidate', 'run_job_candidates', 25],
  ['slot-taken', 'run_job_candidates', 2],
  ['username-taken', 'users', 1],
  ['json-unreadable', 'runs', 2],
];
const many: typeof few = [
  ['orphan-candidate', 'run_job_candidates', 4_812],
  ['json-unreadable', 'assets', 310],
  ['log-differs', 'runs', 41],
  ['slot-taken', 'run_job_candidates', 2],
];

export const issueSummaries = (isMany: boolean): IssueSummary[] =>
  (isMany ? many : few).map(([reason, sourceTable, count]) => ({
    reason,
    title: reasonTitles[reason],
    sourceTable,
    count,
  }));

const details: Record<Reason, (index: number) => string> = {
  'orphan-candidate': (index) =>
    index % 9 === 4
      ? `names job job_${index}, which belongs to run run_${index * 3}; that run was removed, and with it 12 other jobs of the project northern-lights`
      : `names job job_${index}, which does not exist`,
  'slot-taken': (index) => `job job_77 already has candidate 3 (cand_${index}a2)`,
  'username-taken': () => 'the name mara belongs to user 1 as well',
  'json-unreadable': (index) => `settings_json begins with {'size': ${index}, with single quotes`,
  'log-differs': (index) => `the log has ${index + 2} jobs, the database ${index + 1}`,
};

const all = (isMany: boolean): Issue[] =>
  issueSummaries(isMany)
    .flatMap(({ reason, sourceTable, count, title }) =>
      Array.from({ length: count }, (_, index) => ({
        backfillId: '20260221_0011_rename_candidates/candidates',
        sourceTable,
        sourceKey: `${sourceTable.slice(0, 4)}_${(4_711 + index * 37).toString(16)}`,
        reason,
        title,
        detail: details[reason as Reason](index),
        isPlaced: reason === 'json-unreadable' || reason === 'log-differs',
      })),
    )
    .map((issue, index) => ({ ...issue, id: index + 1 }));

export function issuePage(isMany: boolean, afterId: number | null, limit: number): Issue[] {
  return all(isMany)
    .filter(({ id }) => id > (afterId ?? 0))
    .slice(0, limit);
}
