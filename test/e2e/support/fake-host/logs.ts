import type { IngestReport, SourceCoverage } from '@shared/run.ts';
import { backup, folder } from './files.ts';

/** How the run logs that were found match the database. */
export function coverage(change: Partial<SourceCoverage> = {}): SourceCoverage {
  return {
    title: 'Run logs',
    question: 'Where are the run logs of this database?',
    explanation:
      'They hold quality checks and costs that the database itself does not. Without them, the upgrade keeps what the database knows.',
    folder: `${folder}/generated/projects`,
    choice: 'guessed',
    rows: 40,
    found: 37,
    missing: 1,
    unreadable: 1,
    differing: 1,
    isComplete: true,
    samples: [
      {
        path: 'generated/projects/mara/northern-lights/runs/run_log_20260118_101500.json',
        state: 'found',
        file: 'mara/northern-lights/runs/run_log_20260118_101500.json',
      },
      {
        path: 'generated/projects/mara/northern-lights/runs/run_log_20260119_084211.json',
        state: 'differs',
        file: 'mara/northern-lights/runs/run_log_20260119_084211.json',
      },
      {
        path: 'generated/projects/mara/aurora/runs/run_log_20260120_173002.json',
        state: 'unreadable',
        file: 'mara/aurora/runs/run_log_20260120_173002.json',
      },
      { path: 'generated/projects/mara/aurora/runs/run_log_20260122_070155.json', state: 'missing', file: null },
    ],
    ...change,
  };
}

const nothing = { folder: null, found: 0, missing: 0, unreadable: 0, differing: 0, samples: [] };
export const noCoverage = (choice: 'declined' | 'none'): SourceCoverage => coverage({ ...nothing, choice });

type File = IngestReport['files'][number];
const none = { runs: 0, jobs: 0, candidates: 0, files: 0, links: 0, qualityReports: 0, costEvents: 0, updated: 0 };
const reasons = [
  'It is not JSON: it ends in the middle of a word, at byte 12,288. The program may have been stopped while it wrote.',
  'It names the project aurora-2, which is not in this database.',
];

const file = (index: number): File => {
  const name = `run_log_20260${(index % 9) + 1}${String((index % 27) + 1).padStart(2, '0')}_${String(100_000 + index * 7)}.json`;
  const base = { name, reason: null, project: index % 3 === 0 ? 'aurora' : 'northern-lights', counts: none };
  if (index % 17 === 3) return { ...base, state: 'refused', reason: reasons[index % 2] ?? '', project: null };
  if (index % 5 === 2) return { ...base, state: 'known' };
  if (index % 11 === 1)
    return { ...base, state: 'changed', counts: { ...none, qualityReports: 3, costEvents: 1, updated: 2 } };
  const jobs = 1 + (index % 4);
  return {
    ...base,
    state: 'new',
    counts: {
      ...none,
      runs: 1,
      jobs,
      candidates: jobs * 4,
      files: jobs * 4,
      links: jobs,
      qualityReports: jobs * 4,
      costEvents: 1,
    },
  };
};

export const ingestReport = (files: number, isTrial: boolean): IngestReport => ({
  title: 'run log',
  files: Array.from({ length: files }, (_, index) => file(index)),
  backup: isTrial ? null : backup({ id: 'northern-lights.20261121T1502.before-taking-in', reason: 'before taking in' }),
  isTrial,
  checks: isTrial
    ? []
    : [
        {
          id: 'integrity',
          title: 'The file is whole',
          state: 'met',
          summary: 'integrity_check says ok.',
          evidence: [],
        },
        { id: 'keys', title: 'Foreign keys', state: 'met', summary: 'Nothing points at nothing.', evidence: [] },
      ],
});
