import type { Row } from './insert.ts';

/** Rows about files, each named after what is odd about it. All lie in project `p-odd`, run `r-odd`, unless said otherwise. */
const T = '2026-01-05T10:00:00Z';
const base = {
  project_id: 'p-odd',
  run_id: null,
  job_id: null,
  candidate_id: null,
  asset_kind: 'candidate_output',
  sha256: null,
  meta_json: '{"path_exists":true}',
  created_at: T,
};

export const oddAssets: readonly Row[] = [
  { ...base, id: 'a-plain', rel_path: 'art/plain.png', run_id: 'r-odd', job_id: 'j-odd', candidate_id: 'c-plain' },
  { ...base, id: 'a-backslashes', rel_path: 'art\\backslashes.png' },
  { ...base, id: 'a-outer-blanks', rel_path: ' art/blanks.png\u00a0' },
  { ...base, id: 'a-twin-1', rel_path: 'art/twin.png', created_at: '2026-01-01T00:00:00Z' },
  { ...base, id: 'a-twin-2', rel_path: 'art\\twin.png', created_at: '2026-01-09 00:00:00' },
  { ...base, id: 'a-both-odd-1', rel_path: '\tart/both.png', created_at: '2026-01-03T00:00:00+02:00' },
  { ...base, id: 'a-both-odd-2', rel_path: 'art\\both.png ', created_at: '2026-01-02T23:30:00Z' },
  { ...base, id: 'a-kind-empty', rel_path: 'art/kindless.png', asset_kind: '' },
  { ...base, id: 'a-s3', rel_path: 's3://studio-archive/panels/one.png' },
  { ...base, id: 'a-s3-backslashes', rel_path: 's3:\\\\studio-archive\\two.png' },
  { ...base, id: 'a-meta-empty', rel_path: 'art/meta-empty.png', meta_json: '' },
  { ...base, id: 'a-meta-malformed', rel_path: 'art/meta-malformed.png', meta_json: '{"path_exists":' },
  { ...base, id: 'a-meta-list', rel_path: 'art/meta-list.png', meta_json: '[1]' },
  { ...base, id: 'a-meta-list-empty', rel_path: 'art/meta-list-empty.png', meta_json: '[]' },
  { ...base, id: 'a-meta-short', rel_path: 'art/meta-short.png', meta_json: 'x' },
  { ...base, id: 'a-no-project', project_id: 'p-gone', rel_path: 'art/orphan.png' },
  { ...base, id: 'a-run-gone', rel_path: 'art/run-gone.png', run_id: 'r-gone', job_id: 'j-gone', candidate_id: 'c-gone' },
  { ...base, id: 'a-winner', rel_path: 'art/winner.png', asset_kind: 'job_final_output', run_id: 'r-odd', job_id: 'j-odd' },
  { ...base, id: 'a-ids-empty', rel_path: 'art/ids-empty.png', run_id: '', job_id: '', candidate_id: '' },
  { ...base, id: 'a-case', rel_path: 'Art/Case.PNG' },
  { ...base, id: 'a-dotted', rel_path: './art/dotted.png' },
  { ...base, id: 'a-path-empty', rel_path: '' },
  { ...base, id: 'a-other-project', project_id: 'p-other', rel_path: 'art/unregistered.png' },
  { ...base, id: 'a-export', rel_path: 'exports/registered.zip', asset_kind: 'export' },
  ...['2026-01-05', '2026-01-05t10:00:00z', '1767607200', '2026-01-05T10:00:00.123456Z', 'yesterday', ''].map((created_at, index) => ({
    ...base, id: `a-time-${index}`, rel_path: `art/time-${index}.png`, created_at,
  })),
]; // prettier-ignore

const candidate = {
  job_id: 'j-odd',
  status: 'done',
  output_path: 'art/plain.png',
  final_output_path: null,
  rank_hard_failures: 0,
  rank_soft_warnings: 0,
  rank_avg_chroma_exceed: 0.25,
  meta_json: '{}',
  created_at: T,
};

/** In `j-odd` except where the job is what is odd. Indexes are given out below. */
const candidates: readonly Row[] = [
  { ...candidate, id: 'c-plain' },
  { ...candidate, id: 'c-backslashes', output_path: 'art\\plain.png', final_output_path: 'art\\unregistered\\final.png' },
  { ...candidate, id: 'c-of-backslash-asset', output_path: 'art/backslashes.png' },
  { ...candidate, id: 'c-outer-blanks', output_path: '  art/plain.png\n', final_output_path: '\u3000art/blanks.png' },
  { ...candidate, id: 'c-dotted', output_path: './art/plain.png', final_output_path: './art/dotted.png' },
  { ...candidate, id: 'c-case', output_path: 'art/case.png' },
  { ...candidate, id: 'c-null', output_path: null },
  { ...candidate, id: 'c-empty', output_path: '', final_output_path: '' },
  { ...candidate, id: 'c-blank', output_path: ' \t', final_output_path: '\u00a0' },
  { ...candidate, id: 'c-twin', output_path: 'art/twin.png', final_output_path: 'art\\twin.png' },
  { ...candidate, id: 'c-both-odd', output_path: 'art/both.png' },
  { ...candidate, id: 'c-kindless', output_path: 'art/kindless.png' },
  { ...candidate, id: 'c-same', output_path: 'art/new-same.png', final_output_path: ' art\\new-same.png ' },
  { ...candidate, id: 'c-s3', output_path: 's3://studio-archive/panels/one.png', final_output_path: 's3://studio-archive/panels/new.png' },
  { ...candidate, id: 'c-winner', output_path: 'art/winner.png' },
  { ...candidate, id: 'c-ids-empty', output_path: 'art/ids-empty.png' },
  { ...candidate, id: 'c-unregistered', output_path: 'art/unregistered.png' },
  // The same new path three times: the instant decides, not the text of the time; of equal instants the id.
  { ...candidate, id: 'c-shared-late', output_path: 'art/shared.png', created_at: '2026-01-05T09:00:00Z' },
  { ...candidate, id: 'c-shared-early', output_path: 'x.png', final_output_path: 'art/shared.png', created_at: '2026-01-05T10:00:00+03:00' },
  { ...candidate, id: 'c-tie-b', output_path: 'art/tie.png', created_at: '2026-01-05 10:00:00' },
  { ...candidate, id: 'c-tie-a', output_path: 'art/tie.png', created_at: '2026-01-05T10:00:00.000Z' },
  { ...candidate, id: 'c-unreadable-time', output_path: 'art/tie2.png', created_at: 'yesterday' },
  { ...candidate, id: 'c-readable-time', output_path: 'art/tie2.png', created_at: '2026-01-04' },
  { ...candidate, id: 'c-epoch-time', output_path: 'art/tie3.png', created_at: '1767607200' },
  { ...candidate, id: 'c-time-of-day', output_path: 'art/tie3.png', created_at: '2026-01-05T10:00' },
  { ...candidate, id: 'c-meta-text', output_path: 'art/plain.png', meta_json: 'not json' },
  { ...candidate, id: 'c-meta-list', output_path: 'art/plain.png', meta_json: '[]' },
  { ...candidate, id: 'c-meta-empty', output_path: 'art/plain.png', meta_json: '' },
  { ...candidate, id: 'c-meta-large', output_path: 'art/plain.png', meta_json: `{"output_guard":{"files":["${'x'.repeat(110_000)}"]}}` },
  { ...candidate, id: 'c-rank-text', rank_hard_failures: 'many', rank_avg_chroma_exceed: 'n/a' },
  { ...candidate, id: 'c-rank-fraction', rank_hard_failures: 1.5, rank_soft_warnings: 2, rank_avg_chroma_exceed: 3 },
  { ...candidate, id: 'c-status-empty', status: '' },
  { ...candidate, id: 'c-index-text', candidate_index: 'first' },
  { ...candidate, id: 'c-index-large', candidate_index: 9007199254740993n },
  { ...candidate, id: 'c-emoji-🦊', output_path: 'art/лиса 🦊.png' },
  { ...candidate, id: 'c-quote', output_path: `art/it's "quoted"; --.png` },
  { ...candidate, id: 'c-orphan', job_id: 'j-gone', output_path: 'art/orphan-new.png' },
  { ...candidate, id: 'c-orphan-2', job_id: 'j-gone' },
  { ...candidate, id: 'c-below-orphan-job', job_id: 'j-run-gone', output_path: 'art/orphan-new.png' },
  { ...candidate, id: 'c-other-project', job_id: 'j-other', output_path: 'art/plain.png' },
  { ...candidate, id: 'c-chosen', job_id: 'j-chosen', candidate_index: 1, output_path: 'art/chosen.png', final_output_path: 'art/chosen-final.png' },
  { ...candidate, id: 'c-chosen-output-only', job_id: 'j-chosen-output-only', candidate_index: 2, output_path: 'art/chosen2.png' },
  { ...candidate, id: 'c-chosen-no-file', job_id: 'j-chosen-no-file', candidate_index: 1, output_path: null },
]; // prettier-ignore

export const oddCandidates: readonly Row[] = candidates.map((row, index) => ({ candidate_index: index + 1, ...row }));

/** Candidates of a run whose project is gone: the original gives up on these. */
export const hopelessCandidates: readonly Row[] = [
  {
    ...candidate,
    id: 'c-project-gone',
    job_id: 'j-project-gone',
    candidate_index: 1,
    output_path: 'art/nowhere.png',
    final_output_path: 'art/orphan.png',
  },
  { ...candidate, id: 'c-project-gone-no-path', job_id: 'j-project-gone', candidate_index: 2, output_path: '' },
];

export const oddExports: readonly Row[] = [
  ...['one.tar.gz', 'two.tgz', 'three.zip', 'folder', 'FOUR.ZIP', 'five.TAR.GZ', 'v1.2', 'win\\six.tgz', 'registered.zip', ' seven.zip '].map((name, index) => ({
    id: `e-${index}`, project_id: 'p-odd', export_path: `exports/${name}`, export_sha256: index % 2 ? null : `${index}`.repeat(64), created_at: T,
  })),
  { id: 'e-empty', project_id: 'p-odd', export_path: '', export_sha256: '', created_at: T },
  { id: 'e-blank', project_id: 'p-odd', export_path: '  ', export_sha256: null, created_at: T },
  { id: 'e-of-candidate-file', project_id: 'p-odd', export_path: 'art/plain.png', export_sha256: null, created_at: T },
  { id: 'e-same', project_id: 'p-odd', export_path: 'exports/one.tar.gz', export_sha256: 'again', created_at: T },
]; // prettier-ignore
export const hopelessExports: readonly Row[] = [
  { id: 'e-project-gone', project_id: 'p-gone', export_path: 'exports/gone.zip', export_sha256: null, created_at: T },
];
