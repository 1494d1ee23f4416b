import { readFileSync } from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { parseRunLog, pythonFloat, wholeSeconds, type RunLog } from '../../../migrations/kroma/run-logs/run-log.ts';
import { sourceFolder } from '../../../migrations/kroma/run-logs/source-folder.ts';
import { cleanPath } from '../../../migrations/kroma/run-logs/run-log-values.ts';
import { minified, parsePython } from '../../support/oracle/python-json.ts';
import { floatText } from '../../support/oracle/python-text.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';

/** A log of one job, in JSON text; what is named replaces the usual. */
function logOf(text: string): RunLog {
  const parsed = parseRunLog(text);
  if (!parsed.ok) throw new Error(parsed.reason);
  return parsed.log;
}
const withJobs = (jobs: string) => logOf(`{"jobs": ${jobs}}`);
const reasonOf = (text: string): string => {
  const parsed = parseRunLog(text);
  return parsed.ok ? 'fine' : parsed.reason;
};

describe('a run', () => {
  it('takes its columns as text; what is absent or null says nothing', () => {
    expect(
      logOf('{"project": " kite ", "mode": "dry", "time": null, "model": 4.0, "quality": 3, "weather": true}'),
    ).toMatchObject({
      project: 'kite',
      runMode: 'dry',
      stage: '',
      timeOfDay: '',
      weather: 'True',
      model: '4.0',
      imageSize: '',
      imageQuality: '3',
    });
  });

  it('keeps its settings compactly and exactly', () => {
    const log = logOf(
      '{"timestamp": "t", "generation": {"n": 12345678901234567890, "é": NaN, "a": 1.50}, "output_guard": {"x": 1e-7, "x": "\\u00fc\\u0001"}}',
    );

    expect(log.settingsJson).toBe(
      '{"timestamp":"t","generation":{"n":12345678901234567890,"é":NaN,"a":1.5},"postprocess":null,"output_guard":{"x":"ü\\u0001"}}',
    );
  });

  it.each([
    ['{}', 'unknown'],
    ['{"jobs": {"a": 1}}', 'unknown'],
    ['{"jobs": []}', 'partial'],
    ['{"jobs": ["x"]}', 'partial'],
    ['{"jobs": [{"status": " Done "}, {"status": "planned"}]}', 'ok'],
    ['{"jobs": [{"status": "done"}, {"status": "running"}]}', 'partial'],
    ['{"jobs": [{"status": "done"}, {"status": "FAILED_output_guard"}]}', 'failed'],
    ['{"jobs": [{"status": "done"}, {}]}', 'partial'],
  ])('with %s is %s', (text, status) => {
    expect(logOf(text).status).toBe(status);
  });

  it('started when the log says so, if that is a time', () => {
    expect(logOf('{"timestamp": "2026-03-04T05:06:07.089Z"}').startedAt).toBe('2026-03-04T05:06:07.089Z');
    expect(logOf('{"timestamp": "yesterday"}').startedAt).toBeNull();
    expect(logOf('{"timestamp": 1772600000}').startedAt).toBeNull();
    expect(
      ['2026-03-04T05:06:07.989Z', '2026-03-04 05:06', '2026-03-04T05:06:07+02:00', '2026-13-04T05:06:07Z', null].map(
        wholeSeconds,
      ),
    ).toEqual(['2026-03-04T05:06:07Z', '2026-03-04T05:06:00Z', '2026-03-04T03:06:07Z', null, null]);
  });
});

describe('a job', () => {
  it('has its id as key, or its place; what is no object is skipped', () => {
    expect(withJobs('["x", {"id": "a"}, {"id": ""}, {"id": 7}]').jobs.map(({ key }) => key)).toEqual([
      'a',
      'job_3',
      '7',
    ]);
  });

  it('has its prompt under either name', () => {
    expect(
      withJobs('[{"id":1,"prompt":"p","prompt_text":"q"},{"id":2,"prompt":"","prompt_text":"q"},{"id":3}]').jobs.map(
        ({ prompt }) => prompt,
      ),
    ).toEqual(['p', 'q', '']);
  });

  it.each([
    ['2', 2],
    ['true', 1],
    ['"2"', null],
    ['2.0', null],
    ['null', null],
    ['99999999999999999999', null],
  ])('with the choice %s has chosen %s', (selected, expected) => {
    expect(withJobs(`[{"selected_candidate": ${selected}}]`).jobs[0]?.selectedCandidate).toBe(expected);
  });

  it.each(['', ', "candidates": []', ', "candidates": {"a": 1}'])(
    'without a list of candidates%s has one that stands for it',
    (candidates) => {
      const [job] = withJobs(`[{"id": "a", "status": "done", "output": "a\\\\b.png "${candidates}}]`).jobs;

      expect(job?.candidates).toMatchObject([
        { index: 1, status: 'done', output: 'a/b.png', finalOutput: null, avgChromaExceed: 0, outputGuard: null },
      ]);
      expect(job?.candidates[0]?.metaJson).toBe(
        '{"candidate_index":1,"status":"done","output":"a\\\\b.png ","final_output":null,"rank":{"hard_failures":0,"soft_warnings":0,"avg_chroma_exceed":0.0}}',
      );
    },
  );

  it('has no candidate when its list has none that is an object', () => {
    expect(withJobs('[{"candidates": ["a", null]}]').jobs[0]?.candidates).toEqual([]);
  });

  it('numbers candidates without a number by their place in the run', () => {
    const { jobs } = withJobs(
      '[{"id": 1, "candidates": [{}, {}]}, {"id": 2, "candidates": [{"candidate_index": "7"}, "x", {}]}]',
    );

    expect(jobs.map(({ candidates }) => candidates.map(({ index }) => index))).toEqual([
      [1, 2],
      [7, 4],
    ]);
  });

  it('reads ranks as numbers, and what is none as nothing', () => {
    const ranks = [
      '{"hard_failures": 1.9, "soft_warnings": "3", "avg_chroma_exceed": "11.5"}',
      '[1]',
      '{"hard_failures": "x"}',
    ];
    const { jobs } = withJobs(`[{"candidates": [${ranks.map((rank) => `{"rank": ${rank}}`).join()}]}]`);

    expect(jobs[0]?.candidates.map((each) => [each.hardFailures, each.softWarnings, each.avgChromaExceed])).toEqual([
      [1, 3, 11.5],
      [0, 0, 0],
      [0, 0, 0],
    ]);
  });

  it('hands on what a checker found only where it is an object', () => {
    const { jobs } = withJobs('[{"candidates": [{"output_guard": {"a": [1, 2.0]}, "qa": []}]}]');

    expect(jobs[0]?.candidates[0]).toMatchObject({ outputGuard: '{"a":[1,2.0]}', qa: null });
  });
});

describe('costs', () => {
  const costs = (text: string) =>
    logOf(text).costs.map((cost) => [cost.providerCode, cost.operationCode, cost.units, cost.costUsd, cost.currency]);

  it('come from the list, whatever their names', () => {
    expect(
      costs(`{"cost_events": [{"provider_code": "a", "operation_code": "b", "units": 2, "cost_usd": 0.3366, "currency": "EUR"},
        {"provider": "c", "operation": "d", "quantity": "1.5", "amount_cents": "2"}, "bad", {"event_type": "e", "cost_usd": "x"},
        {"units": null, "cost_usd": NaN}, {"provider_code": null}], "cost_usd": 9}`),
    ).toEqual([
      ['a', 'b', 2, 0.3366, 'EUR'],
      ['c', 'd', 1.5, 0.02, 'USD'],
      ['unknown', 'e', 0, 0, 'USD'],
      ['unknown', 'legacy_event', 0, 0, 'USD'],
      ['unknown', 'legacy_event', 0, 0, 'USD'],
    ]);
  });

  it('come from the generation, and from the whole only where there is nothing else', () => {
    expect(costs('{"generation": {"images": 2, "cost_usd": 0.5}, "cost_usd": 9}')).toEqual([
      ['openai', 'image_generation', 2, 0.5, 'USD'],
    ]);
    expect(costs('{"generation": {"images": 2}, "amount_cents": 250, "currency": "EUR"}')).toEqual([
      ['unknown', 'run_total', 1, 2.5, 'EUR'],
    ]);
    expect(costs('{"generation": {"images": 2, "cost_usd": null}}')).toEqual([]);
  });

  it('say where they come from', () => {
    expect(logOf('{"cost_usd": 1}').costs[0]?.metaJson).toBe('{"source":"run_log_top_level"}');
    expect(logOf('{"cost_events": [{"cost_usd": 1, "x": "é"}]}').costs[0]?.metaJson).toBe('{"cost_usd":1,"x":"é"}');
  });
});

describe('a file that is no run log', () => {
  it.each([
    ['', 'it is empty'],
    [' \n', 'it is empty'],
    ['\ufeff{}', 'it begins with a byte-order mark'],
    ['{"a": 1,\n "b": [1, 2', 'it is cut off in line 2'],
    ['{"a": "x', 'it is cut off in line 1'],
    ['{"a": tru}', 'it is not valid JSON (line 1, column 7)'],
    ['{"a": 01}', 'it is not valid JSON (line 1, column 8)'],
    ["{'a': 1}", 'it is not valid JSON (line 1, column 2)'],
    ['{"a": "x\ty"}', 'it is not valid JSON (line 1, column 9)'],
    ['{}\n{}', 'there is more text behind its end (line 2, column 1)'],
    ['[]', 'it is not a run log, its JSON is not an object'],
    [`${'['.repeat(2000)}`, 'its values are nested more than 900 levels deep (line 1, column 901)'],
    [`{"a": ${'9'.repeat(5000)}}`, 'it has a number of more than 4300 digits (line 1, column 5007)'],
    ['{"jobs": [{"id": "a"}, {"id": "a"}]}', 'two of its jobs are called “a”'],
    [
      '{"jobs": [{"id": "a", "candidates": [{"candidate_index": 1}, {"candidate_index": true}]}]}',
      'two candidates of its job “a” have the number 1',
    ],
    [
      '{"jobs": [{"id": "a", "candidates": [{"candidate_index": "x"}]}]}',
      'a candidate of its job “a” has no readable number',
    ],
  ])('is refused: %j', (text, reason) => {
    expect(reasonOf(text)).toBe(reason);
  });
});

it('writes numbers as Python does', () => {
  const numbers = [0, -0, 1, 11.5, 1e15, 1e16, 1.5e16, 123456789012345680, 1e22, 1e-4, 1.5e-5, 1e-7, 0.1 + 0.2, 1e100, 5e-324, -2.5e-9, Infinity, -Infinity, NaN]; // prettier-ignore

  expect(numbers.map(pythonFloat)).toEqual(numbers.map(floatText));
});

it('cleans paths as the rows do', () => {
  expect(['\u00a0a\\b \u2003', ' \t', null, 7n, '\u200b./a//b'].map(cleanPath)).toEqual([
    'a/b',
    null,
    null,
    '7',
    '\u200b./a//b',
  ]);
});

const logs = sharedFile('kroma', 'run-logs');
describe.skipIf(logs === null)(
  `logs that the original has read${logs === null ? ` (${SHARED_DATA_MISSING})` : ''}`,
  () => {
    const read = (file: string) => parseRunLog(readFileSync(path.join(logs ?? '', file), 'utf8'));

    it('give the very rows that it made of them', () => {
      const db = new Database(sharedFile('kroma', 'legacy-small.db') ?? '', { readonly: true });
      const all = (sql: string, id: string) => db.prepare<[string], Record<string, string>>(sql).all(id);
      let compared = 0;
      for (const run of all('SELECT * FROM runs WHERE id <> ? ORDER BY run_log_path', '')) {
        const file = run['run_log_path'] ?? '';
        const parsed = file.startsWith('generated/') && sharedFile('kroma', `run-logs/${file}`) ? read(file) : null;
        // One log was changed, one cut off since.
        if (!parsed?.ok || file.includes('T10-33-37')) continue;
        const { log } = parsed;
        expect([
          run['mode'],
          run['stage'],
          run['time_of_day'],
          run['image_quality'],
          run['status'],
          run['meta_json'],
        ]).toEqual([log.runMode, log.stage, log.timeOfDay, log.imageQuality, log.status, log.settingsJson]);
        const jobs = all('SELECT * FROM run_jobs WHERE run_id = ? ORDER BY rowid', run['id'] ?? '');
        expect(jobs.map((job) => [job['job_key'], job['status'], job['selected_candidate'], job['meta_json']])).toEqual(
          log.jobs.map((job) => [job.key, job.status, job.selectedCandidate, job.metaJson]),
        );
        for (const [place, job] of jobs.entries()) {
          const rows = all(
            `SELECT *, CASE WHEN json_valid(meta_json) THEN meta_json END AS meta FROM run_job_candidates WHERE job_id = ? ORDER BY rowid`,
            job['id'] ?? '',
          );
          const wanted = log.jobs[place]?.candidates ?? [];
          expect(
            rows.map((row) => [
              row['candidate_index'],
              row['status'],
              cleanPath(row['output_path']),
              row['rank_hard_failures'],
              row['rank_soft_warnings'],
              row['rank_avg_chroma_exceed'],
              row['meta'] ?? 'cut',
            ]),
          ).toEqual(
            wanted.map((each, row) => [
              each.index,
              each.status,
              each.output,
              each.hardFailures,
              each.softWarnings,
              each.avgChromaExceed,
              rows[row]?.['meta'] ? each.metaJson : 'cut',
            ]),
          );
        }
        compared += 1;
      }
      expect(compared).toBe(33);
      db.close();
    });

    it('are matched with the rows of their runs before anything runs', () => {
      const db = new Database(sharedFile('kroma', 'legacy-small.db') ?? '', { readonly: true });
      const states = sourceFolder.paths(db, 1_000).map(({ key, path: file }) => {
        const found = file.startsWith('generated/') ? sharedFile('kroma', `run-logs/${file}`) : null;
        return found === null ? 'missing' : sourceFolder.compare(db, key, readFileSync(found, 'utf8'));
      });

      expect(sourceFolder.countPaths(db)).toBe(40);
      expect(sourceFolder.paths(db, 3)).toHaveLength(3);
      const counts = ['agrees', 'differs', 'unreadable', 'missing'].map(
        (state) => states.filter((s) => s === state).length,
      );
      expect(counts).toEqual([33, 1, 1, 5]);
      db.close();
    });

    it('are refused where they are cut off', () => {
      expect(read('generated/projects/lantern_alley/runs/run_2025-11-03T10-26-37-785Z.json')).toMatchObject({
        ok: false,
      });
    });
  },
);

it('compacts JSON as another reading of it does', () => {
  const text = '{"a" : [ 1 , -0 , 2.50 , "\\u00e9\\ud83d\\ude00 \\" \\\\ \\/ \\n" ] , "b" : { } }';
  const expected = parsePython(text);

  expect(minified(expected as NonNullable<typeof expected>)).toContain('"b":{}');
  expect(withJobs(`[${text}]`).jobs[0]?.metaJson).toBe('{"a":[1,0,2.5,"é😀 \\" \\\\ / \\n"],"b":{}}');
});
