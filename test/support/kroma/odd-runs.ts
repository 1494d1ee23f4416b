import type { Row } from './insert.ts';

const T = '2026-01-05T10:00:00Z';
const run = {
  project_id: 'p-odd',
  mode: 'run',
  stage: 'style',
  time_of_day: 'day',
  weather: 'clear',
  model: 'gpt-image-1',
  image_size: '1024x1024',
  image_quality: 'high',
  status: 'ok',
  meta_json: '{"timestamp":"2026-01-05T09:59:00.000Z"}',
  created_at: T,
};

export const oddRuns: readonly Row[] = [
  { ...run, id: 'r-odd', run_log_path: 'generated/odd.json' },
  { ...run, id: 'r-other', project_id: 'p-other', run_log_path: 'generated/odd.json' },
  { ...run, id: 'r-absolute', run_log_path: '/srv/logs/run.json' },
  { ...run, id: 'r-model-null', run_log_path: 'generated/model-null.json', model: null, stage: null, weather: null },
  { ...run, id: 'r-model-empty', run_log_path: 'generated/model-empty.json', model: '', mode: '' },
  { ...run, id: 'r-meta-empty', run_log_path: 'generated/meta-empty.json', meta_json: '' },
  { ...run, id: 'r-meta-default', run_log_path: 'generated/meta-default.json', meta_json: '{}' },
  { ...run, id: 'r-meta-malformed', run_log_path: 'generated/meta-malformed.json', meta_json: '{"timestamp":' },
  { ...run, id: 'r-meta-list-empty', run_log_path: 'generated/meta-list-empty.json', meta_json: '[]' },
  { ...run, id: 'r-meta-short', run_log_path: 'generated/meta-short.json', meta_json: '7' },
  { ...run, id: 'r-no-project', project_id: 'p-gone', run_log_path: 'generated/gone.json' },
  { ...run, id: 'r-unicode', run_log_path: 'generated/ночь 夜 🌙.json', status: 'unknown' },
  ...['2026-01-05 10:00:00', '2026-01-05', '2026-01-05T10:00:00+02:00', '1767607200', '2026-01-05T10:00:00.5Z'].map((created_at, index) => ({
    ...run, id: `r-time-${index}`, run_log_path: `generated/time-${index}.json`, created_at,
  })),
]; // prettier-ignore
export const hopelessRuns: readonly Row[] = [
  { ...run, id: 'r-project-gone', project_id: 'p-gone', run_log_path: 'generated/hopeless.json' },
];

const job = {
  run_id: 'r-odd',
  status: 'done',
  selected_candidate: null,
  final_output: null,
  meta_json: '{"prompt":"A fox."}',
  created_at: T,
};
const jobs: readonly Row[] = [
  { ...job, id: 'j-odd', selected_candidate: 1 },
  { ...job, id: 'j-other', run_id: 'r-other', final_output: 'art/plain.png' },
  { ...job, id: 'j-chosen', selected_candidate: 1, final_output: 'art/another-final.png' },
  { ...job, id: 'j-chosen-output-only', selected_candidate: 2, final_output: 'art/plain.png' },
  { ...job, id: 'j-chosen-no-file', selected_candidate: 1, final_output: 'art/plain.png' },
  { ...job, id: 'j-chosen-nowhere', selected_candidate: 99, final_output: 'art/plain.png' },
  { ...job, id: 'j-chosen-nowhere-nothing', selected_candidate: 99 },
  { ...job, id: 'j-selected-text', selected_candidate: 'two', final_output: ' art\\plain.png ' },
  { ...job, id: 'j-path-only', final_output: 'art/job-only.png' },
  { ...job, id: 'j-path-again', final_output: 'art\\job-only.png' },
  { ...job, id: 'j-path-of-unregistered-candidate', final_output: 'art/unregistered.png' },
  { ...job, id: 'j-final-empty', final_output: '' },
  { ...job, id: 'j-final-blank', final_output: '  ' },
  { ...job, id: 'j-s3', final_output: 's3://studio-archive/job.png' },
  { ...job, id: 'j-run-gone', run_id: 'r-gone', selected_candidate: 1, final_output: 'art/job-orphan.png' },
  { ...job, id: 'j-meta-empty', meta_json: '' },
  { ...job, id: 'j-meta-default', meta_json: '{}' },
  { ...job, id: 'j-meta-malformed', meta_json: '{"prompt":"cut' },
  { ...job, id: 'j-meta-list', meta_json: '["prompt"]' },
  { ...job, id: 'j-meta-null', meta_json: 'null' },
  { ...job, id: 'j-meta-blank', meta_json: ' ' },
  { ...job, id: 'j-prompt-missing', meta_json: '{"id":"x"}' },
  { ...job, id: 'j-prompt-text', meta_json: '{"prompt_text":"An otter."}' },
  { ...job, id: 'j-prompt-both', meta_json: '{"prompt_text":"second","prompt":"first"}' },
  { ...job, id: 'j-prompt-empty-then-text', meta_json: '{"prompt":"","prompt_text":"second"}' },
  { ...job, id: 'j-prompt-null-then-text', meta_json: '{"prompt":null,"prompt_text":"second"}' },
  { ...job, id: 'j-prompt-null', meta_json: '{"prompt":null}' },
  { ...job, id: 'j-prompt-number', meta_json: '{"prompt":2026}' },
  { ...job, id: 'j-prompt-true', meta_json: '{"prompt":true}' },
  { ...job, id: 'j-prompt-double', meta_json: '{"prompt":"old","prompt":"new"}' },
  { ...job, id: 'j-prompt-double-then-empty', meta_json: '{"prompt":"old","prompt":""}' },
  { ...job, id: 'j-prompt-nan', meta_json: '{"prompt":"with NaN","x":NaN}' },
  { ...job, id: 'j-prompt-blanks', meta_json: '{"prompt":"  kept as it is  "}' },
  { ...job, id: 'j-prompt-unicode', meta_json: '{"prompt":"\\u0444\\u043e\\u043d\\u0430\\u0440\\u044c \\ud83c\\udfee\\n\\"x\\""}' },
  { ...job, id: 'j-prompt-long', meta_json: JSON.stringify({ prompt: 'long '.repeat(5_000) }) },
]; // prettier-ignore
export const oddJobs: readonly Row[] = jobs.map((row) => ({ ...row, job_key: row['id'] ?? '' }));
export const hopelessJobs: readonly Row[] = [
  {
    ...job,
    id: 'j-project-gone',
    run_id: 'r-project-gone',
    job_key: 'gone',
    selected_candidate: 1,
    final_output: 'art/nowhere.png',
  },
];
