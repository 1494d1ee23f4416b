import {
  chmodSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { ingestFiles } from '@engine/ingest.ts';
import { verifyResult } from '@engine/verify.ts';
import { beforeAll, describe, expect, it } from 'vitest';
import { kroma } from '../../../migrations/kroma/pack.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';
import { codeOfPromise } from '../../support/code-of.ts';
import { foldersOf, upgradeHere } from '../../support/kroma/upgrade.ts';
import { SHARED_DATA_MISSING, sharedFile } from '../../support/shared-data.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const NOW = `'2026-01-01T00:00:00Z'`;
const upgraded = new Map<number, string>();

/** One database per phase: two users, of whom each has a project "twins", one also has "kites". */
beforeAll(async () => {
  for (const phase of [1, 4, 5]) {
    const file = path.join(folder, `phase-${phase}.db`);
    const db = new Database(file);
    createLegacySchema(db);
    recordLegacyMarkers(db, '2026-01-01T00:00:00Z');
    db.exec(`
      INSERT INTO users (id, username, display_name, created_at, updated_at) VALUES ('u1', 'anna', 'Anna', ${NOW}, ${NOW}), ('u2', 'ben', 'Ben', ${NOW}, ${NOW});
      INSERT INTO projects (id, user_id, slug, name, created_at, updated_at)
        VALUES ('p1', 'u1', 'kites', 'Kites', ${NOW}, ${NOW}), ('p2', 'u1', 'twins', 'Twins', ${NOW}, ${NOW}), ('p3', 'u2', 'twins', 'Twins', ${NOW}, ${NOW});`);
    db.close();
    const report = await upgradeHere(file, {}, { toPhase: phase, isRemovalConfirmed: true });
    if (report.error) throw new Error(report.error.message);
    upgraded.set(phase, file);
  }
}, 60_000);

const ROOT = 'generated/projects/kites';
const guard = { checked_input: `${ROOT}/x.png`, summary: { total_files: 1, hard_failures: 1, soft_warnings: 0 } };
const candidates = [
  {
    ...{ candidate_index: 1, output: `${ROOT}/outputs/pier__c1.png`, status: 'failed_output_guard' },
    ...{ rank: { hard_failures: 1, soft_warnings: 0, avg_chroma_exceed: 11.5 }, output_guard: guard },
  },
  {
    ...{ candidate_index: 2, output: `${ROOT}\\outputs\\pier__c2.png`, status: 'done' },
    ...{ rank: { hard_failures: 0, soft_warnings: 0, avg_chroma_exceed: 0 } },
    final_output: ` ${ROOT}/color_corrected/pier__c2_neutral.png`,
  },
];
const job = {
  ...{ id: 'weather_1_pier', prompt: 'Empty pier — wet planks.', status: 'done', selected_candidate: 2 },
  final_output: `${ROOT}/color_corrected/pier__c2_neutral.png`,
  candidates,
};
const log = {
  ...{ timestamp: '2026-03-04T05:06:07.089Z', project: 'kites', mode: 'run', stage: 'weather', time: 'night' },
  ...{ weather: null, model: 'gpt-image-1', size: '1024x1536', quality: 'high' },
  generation: { candidates: 2, max_candidates: 6 },
  output_guard: { enabled: true, max_chroma_delta: 2 },
  storage: { project_root: ROOT },
  cost_events: [
    { provider: 'openai', operation: 'image_generation', units: 2, cost_usd: 0.08 },
    { provider: 'openai', operation: 'image_generation', units: 2, cost_usd: 0.08 },
    { event_type: 'tip', amount_cents: 150, currency: 'EUR' },
  ],
  jobs: [job],
};
type Log = Record<string, unknown>;

function setUp(phase = 4) {
  const home = mkdtempSync(path.join(folder, 'case-'));
  const file = path.join(home, 'app.db');
  copyFileSync(upgraded.get(phase) ?? '', file);
  const write = (change: Log | string = {}, name = `${ROOT}/runs/run_2026-03-04T05-06-07-089Z.json`) => {
    const target = path.join(home, name);
    mkdirSync(path.dirname(target), { recursive: true });
    writeFileSync(target, typeof change === 'string' ? change : JSON.stringify({ ...log, ...change }));
    return target;
  };
  const stages = new Set<string>();
  const ingest = (files: string[] = [home], { project = null as string | null, isTrial = false } = {}) =>
    ingestFiles(
      { path: file, files, project, isTrial, ...foldersOf(file), appVersion: '0', runId: 'i' },
      [kroma],
      ({ stage, canCancel }) => stages.add(`${stage} ${canCancel}`),
    );
  const all = (sql: string) => {
    const db = new Database(file, { readonly: true });
    const rows = db.prepare<[], Record<string, unknown>>(sql).all();
    db.close();
    return rows;
  };
  const change = (sql: string) => new Database(file).exec(sql).close();
  return { home, file, write, ingest, stages, all, change };
}
const everything = [
  'runs',
  'run_jobs',
  'run_candidates',
  'assets',
  'asset_links',
  'quality_reports',
  'cost_events',
  'audit_events',
];

describe.each([4, 5])('a run log taken into a database of phase %i', (phase) => {
  it('becomes a run with its jobs, candidates, files, links, quality reports and costs', async () => {
    const { write, ingest, stages, all } = setUp(phase);
    const logFile = write();

    const report = await ingest([logFile]);

    expect([...stages]).toEqual(['copying true', 'proving true', 'writing true', 'checking false']);

    expect(report.files).toEqual([
      {
        ...{ name: path.basename(logFile), state: 'new', reason: null, project: 'kites' },
        counts: { runs: 1, jobs: 1, candidates: 2, files: 3, links: 1, qualityReports: 2, costEvents: 3, updated: 0 },
      },
    ]);
    expect(report).toMatchObject({ title: 'run log', backup: { verified: true }, isTrial: false });
    expect(report.checks.map(({ state }) => state)).toEqual(['met', 'met', 'met']);
    expect(all('SELECT * FROM runs')).toMatchObject([
      {
        ...{ project_id: 'p1', run_log_path: `${ROOT}/runs/${path.basename(logFile)}`, run_mode: 'run', status: 'ok' },
        ...{ stage: 'weather', time_of_day: 'night', weather: '', model_name: 'gpt-image-1', provider_code: null },
        ...{ image_size: '1024x1536', started_at: '2026-03-04T05:06:07.089Z', finished_at: null },
      },
    ]);
    const [final, first, second] = all('SELECT * FROM assets ORDER BY storage_uri');
    expect([first?.['storage_uri'], second?.['storage_uri']]).toEqual(
      [1, 2].map((n) => `${ROOT}/outputs/pier__c${n}.png`),
    );
    expect(final).toMatchObject({
      kind: 'job_final_output',
      candidate_id: null,
      sha256: null,
      storage_backend: 'local',
    });
    expect(final?.['metadata_json']).toBe('{"source":"run_log","selected_candidate":2}');
    expect(all('SELECT * FROM run_jobs')).toMatchObject([
      {
        job_key: 'weather_1_pier',
        prompt_text: 'Empty pier — wet planks.',
        selected_candidate_index: 2,
        final_asset_id: final?.['id'],
      },
    ]);
    expect(all('SELECT * FROM run_candidates ORDER BY candidate_index')).toMatchObject([
      {
        status: 'failed_output_guard',
        rank_avg_chroma_exceed: 11.5,
        output_asset_id: first?.['id'],
        final_asset_id: null,
      },
      { status: 'done', output_asset_id: second?.['id'], final_asset_id: final?.['id'] },
    ]);
    expect(all('SELECT * FROM asset_links')).toMatchObject([
      { parent_asset_id: second?.['id'], child_asset_id: final?.['id'], link_type: 'derived_from', project_id: 'p1' },
    ]);
    const reports = all(
      'SELECT q.* FROM quality_reports AS q JOIN run_candidates AS c ON c.id = q.candidate_id ORDER BY c.candidate_index',
    );
    expect(reports.map(({ report_type }) => report_type)).toEqual(['output_guard', 'output_guard']);
    expect(JSON.parse(String(reports[0]?.['summary_json']))).toEqual({
      ...{ status: 'failed_output_guard', rank: { hard_failures: 1, soft_warnings: 0, avg_chroma_exceed: 11.5 } },
      ...{ output_path: `${ROOT}/outputs/pier__c1.png`, final_output_path: null, output_guard: guard },
    });
    expect(
      all('SELECT provider_code, operation_code, units, cost_usd, currency, created_at FROM cost_events ORDER BY id'),
    ).toEqual([
      ...[1, 2].map(() => ({
        provider_code: 'openai',
        operation_code: 'image_generation',
        units: 2,
        cost_usd: 0.08,
        currency: 'USD',
        created_at: '2026-03-04T05:06:07Z',
      })),
      {
        provider_code: 'unknown',
        operation_code: 'tip',
        units: 0,
        cost_usd: 1.5,
        currency: 'EUR',
        created_at: '2026-03-04T05:06:07Z',
      },
    ]);
    const events = all(`SELECT * FROM audit_events WHERE event_code = 'run.ingested'`);
    expect(events).toMatchObject([{ project_id: 'p1', actor_user_id: null }]);
    expect(JSON.parse(String(events[0]?.['payload_json']))).toMatchObject({ candidates: 2, recorded_by: 'phasewise' });
  });

  it('leaves every check of its phase as it was', async () => {
    const { write, ingest, file } = setUp(phase);
    const unmet = () =>
      verifyResult({ path: file, toPhase: phase, backupPath: null }, [kroma]).checks.filter(
        ({ state }) => state !== 'met',
      );
    const before = unmet();
    write();
    write(
      { timestamp: '2026-03-05T00:00:00.000Z', mode: 'dry', jobs: [{ id: 'a', status: 'planned' }] },
      `${ROOT}/runs/run_2.json`,
    );

    expect((await ingest()).files.map(({ state }) => state)).toEqual(['new', 'new']);

    expect(unmet()).toEqual(before);
  });

  it('adds nothing the second time, and makes no backup then', async () => {
    const { write, ingest, file, all } = setUp(phase);
    write();
    await ingest();
    const bytes = readFileSync(file);

    const again = await ingest();

    expect(again).toMatchObject({ backup: null, checks: [], files: [{ state: 'known' }] });
    expect(readFileSync(file).equals(bytes)).toBe(true);
    expect(all('SELECT count(*) AS n FROM runs')).toEqual([{ n: 1 }]);
  });

  it('adds only what is missing, and keeps ids and what people gave (D17)', async () => {
    const { write, ingest, all, change } = setUp(phase);
    write();
    await ingest();
    change(`
      INSERT INTO quality_reports (id, project_id, run_id, candidate_id, report_type, summary_json, created_at)
        SELECT 'by hand', 'p1', j.run_id, c.id, 'human_review', '{"rating": 5, "notes": ""}', ${NOW}
        FROM run_candidates AS c JOIN run_jobs AS j ON j.id = c.job_id WHERE candidate_index = 1;
      INSERT INTO cost_events (id, project_id, run_id, provider_code, operation_code, cost_usd, created_at)
        SELECT 'by hand', 'p1', id, 'me', 'coffee', 3, ${NOW} FROM runs`);
    const ids = () =>
      everything.slice(0, 3).map((table) => all(`SELECT id FROM ${table} ORDER BY id`).map(({ id }) => id));
    const before = ids();
    const third = { ...candidates[1], candidate_index: 3, output: `${ROOT}/outputs/pier__c3.png` };
    const better = {
      ...candidates[0],
      status: 'done',
      rank: { hard_failures: 0, soft_warnings: 2, avg_chroma_exceed: 0.5 },
    };
    write({ jobs: [{ ...job, selected_candidate: 1, candidates: [better, candidates[1] ?? better, third] }] });

    const report = await ingest();

    expect(report.files[0]).toMatchObject({
      state: 'changed',
      counts: { runs: 0, jobs: 0, candidates: 1, files: 1, links: 1, costEvents: 0 },
    });
    const after = ids();
    expect(after.slice(0, 2)).toEqual(before.slice(0, 2));
    expect(after[2]).toEqual(expect.arrayContaining(before[2] ?? []));
    expect(all('SELECT * FROM run_candidates WHERE candidate_index = 1')).toMatchObject([
      { status: 'done', rank_soft_warnings: 2, rank_avg_chroma_exceed: 0.5 },
    ]);
    expect(all('SELECT selected_candidate_index AS n FROM run_jobs')).toEqual([{ n: 1 }]);
    expect(
      all(
        `SELECT id FROM quality_reports WHERE id = 'by hand' UNION ALL SELECT id FROM cost_events WHERE id = 'by hand'`,
      ),
    ).toHaveLength(2);
    expect((await ingest()).files[0]?.state).toBe('known');
  });

  it('has the same ids on every machine', async () => {
    const both = [setUp(phase), setUp(phase)];
    for (const { write, ingest } of both) {
      write();
      await ingest();
    }
    const [one, other] = both.map(({ all }) =>
      everything.slice(0, 7).map((table) => all(`SELECT id FROM ${table} ORDER BY id`)),
    );
    expect(one).toEqual(other);
  });
});

describe('run logs', () => {
  it('are not what Phasewise itself wrote into their folder, unless somebody names it', async () => {
    const { home, write, ingest } = setUp();
    write();
    const { backup } = await ingest();
    if (!backup) throw new Error('what is written is behind a backup');
    const beside = backup.path.replace(/\.db$/, '');
    const check = path.join(home, 'app.check.json');
    writeFileSync(check, JSON.stringify({ at: '2026-03-04T05:06:07.089Z', ok: true, error: null }));
    writeFileSync(path.join(home, 'kept manifest.json'), readFileSync(`${beside}.json`));
    writeFileSync(
      path.join(home, 'rows.json'),
      JSON.stringify([{ isPlaced: true, backfill: 'b', recordedAt: '', row: {} }]),
    );
    write('{', 'torn.json');

    expect((await ingest()).files.map(({ name }) => path.basename(name))).toEqual([
      'run_2026-03-04T05-06-07-089Z.json',
      'torn.json',
    ]);
    expect((await ingest([check])).files).toMatchObject([{ state: 'refused' }]);
  });
  it('are refused one by one with the reason; the others go in', async () => {
    const { home, write, ingest, all } = setUp();
    write();
    write({ project: 'sailing' }, 'b.json');
    write({ project: 'twins' }, 'c.json');
    write({ project: '' }, 'd.json');
    write('{"project": "kites", "jobs": [', 'e.json');
    write('[]', 'f.json');
    writeFileSync(path.join(home, 'g.json'), Buffer.from([0xff, 0xfe, 0x00]));
    write({ jobs: [job, job] }, 'h.json');
    write('{"name": "somebody else\'s settings", "project": "kites"}', 'i.json');

    const { files } = await ingest();

    expect(files.map(({ name, state, reason }) => [name, state === 'refused' ? reason : state])).toEqual([
      ['b.json', 'there is no project “sailing” in this database'],
      ['c.json', '2 projects are called “twins”; say which one is meant: anna/twins, ben/twins'],
      ['d.json', 'it names no project'],
      ['e.json', 'it is cut off in line 1'],
      ['f.json', 'it is not a run log, its JSON is not an object'],
      ['g.json', 'it is not UTF-8 text'],
      [`${ROOT}/runs/run_2026-03-04T05-06-07-089Z.json`, 'new'],
      ['h.json', 'two of its jobs are called “weather_1_pier”'],
      ['i.json', 'it is not a run log, it has no mode, no time and no jobs'],
    ]);
    expect(all('SELECT count(*) AS n FROM runs')).toEqual([{ n: 1 }]);
  });

  it('go to the project that was named, by short name, user and short name, or id', async () => {
    for (const [project, id] of [
      ['kites', 'p1'],
      ['ben/twins', 'p3'],
      ['p2', 'p2'],
    ] as const) {
      const { write, ingest, all } = setUp();
      write({ project: 'sailing' });
      expect((await ingest(undefined, { project })).files[0]?.state).toBe('new');
      expect(all('SELECT project_id FROM runs')).toEqual([{ project_id: id }]);
    }
    const { write, ingest } = setUp();
    write();
    expect((await ingest(undefined, { project: 'ben/twins' })).files[0]?.reason).toBe(
      'it is a log of the project “kites”',
    );
    expect((await ingest(undefined, { project: 'twins' })).files[0]?.reason).toContain('of the project');
    expect((await ingest(undefined, { project: 'ben/kites' })).files[0]?.reason).toContain('no project');
  });

  it('of two projects of one name go to the one that has their run', async () => {
    const { write, ingest, all } = setUp();
    write({ project: 'twins' });
    await ingest(undefined, { project: 'ben/twins' });

    expect((await ingest()).files[0]).toMatchObject({ state: 'known', project: 'twins' });
    expect(all('SELECT count(*) AS n FROM runs')).toEqual([{ n: 1 }]);
  });

  it('are known wherever their folder was moved to', async () => {
    const { home, write, ingest } = setUp();
    const name = 'run_2026-03-04T05-06-07-089Z.json';
    await ingest([write({ storage: undefined })]);

    for (const place of ['old/kites/runs', 'downloads'])
      expect((await ingest([write({ storage: undefined }, `${place}/${name}`)])).files[0]?.state).toBe('known');
    const other = write({ storage: undefined, timestamp: '2026-03-04T09:00:00.000Z' }, `elsewhere/${name}`);
    expect((await ingest([other])).files[0]?.state).toBe('new'); // only the name is the same
    expect(existsSync(path.join(home, 'app.db-journal'))).toBe(false);
  });

  it('are tried without changing a byte', async () => {
    const { write, ingest, file } = setUp();
    write();
    const before = readFileSync(file);

    expect(await ingest(undefined, { isTrial: true })).toMatchObject({
      ...{ isTrial: true, backup: null, checks: [], files: [{ state: 'new', counts: { candidates: 2 } }] },
    });
    expect(readFileSync(file).equals(before)).toBe(true);
    expect(existsSync(foldersOf(file).backupFolder)).toBe(true);
  });

  it('register no file that is there already, however its path is written (D10)', async () => {
    const { write, ingest, all, change } = setUp();
    change(`INSERT INTO assets (id, project_id, asset_kind, rel_path, sha256, created_at)
      VALUES ('a1', 'p1', 'candidate_output', 'generated\\projects\\kites\\outputs\\pier__c1.png', 'abc', ${NOW})`);
    write();

    expect((await ingest()).files[0]?.counts).toMatchObject({ files: 2 });
    expect(all(`SELECT output_asset_id AS a FROM run_candidates WHERE candidate_index = 1`)).toEqual([{ a: 'a1' }]);
    expect(all(`SELECT sha256, run_id FROM assets WHERE id = 'a1'`)).toEqual([{ sha256: 'abc', run_id: null }]);
  });

  it('reach older programs too: their tables have the run, and every candidate with its paths', async () => {
    const { write, ingest, all } = setUp();
    write();
    await ingest();

    expect(all('SELECT mode, model, meta_json FROM runs')).toMatchObject([{ mode: 'run', model: 'gpt-image-1' }]);
    expect(all('SELECT selected_candidate, final_output FROM run_jobs')).toEqual([
      { selected_candidate: 2, final_output: job.final_output },
    ]);
    expect(
      all('SELECT candidate_index, status, output_path, final_output_path FROM run_job_candidates ORDER BY 1'),
    ).toEqual([
      {
        candidate_index: 1,
        status: 'failed_output_guard',
        output_path: `${ROOT}/outputs/pier__c1.png`,
        final_output_path: null,
      },
      {
        candidate_index: 2,
        status: 'done',
        output_path: `${ROOT}/outputs/pier__c2.png`,
        final_output_path: job.final_output,
      },
    ]);
    expect(all('SELECT rel_path = storage_uri AND asset_kind = kind AS same FROM assets')).toEqual(
      Array(3).fill({ same: 1 }),
    );
  });

  it('go into a file with a write-ahead log too, and it keeps that', async () => {
    const { write, ingest, change, file } = setUp();
    change('PRAGMA journal_mode = WAL');
    write();

    expect((await ingest()).files[0]?.state).toBe('new');
    expect((await ingest()).files[0]?.state).toBe('known');
    const db = new Database(file);
    expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
    db.close();
  });

  it('below a folder are those that are really in it', async () => {
    const { home, write, ingest } = setUp();
    const outside = write({}, '../outside.json');
    mkdirSync(path.join(home, 'logs'));
    symlinkSync(outside, path.join(home, 'logs', 'link.json'));
    write({}, 'logs/.hidden.json');
    write({}, 'logs/notes.txt');
    write({}, 'logs/RUN.JSON');

    expect((await ingest([path.join(home, 'logs')])).files.map(({ name }) => name)).toEqual(['RUN.JSON']);
    expect((await ingest([path.join(home, 'logs', 'link.json')])).files).toHaveLength(1); // named on purpose
  });

  it('need a database that is upgraded far enough, and at least one file', async () => {
    const { write, ingest } = setUp(1);
    write();
    expect(await codeOfPromise(ingest())).toBe('E_INGEST_PHASE');
    const empty = setUp();
    mkdirSync(path.join(empty.home, 'empty'));
    expect(await codeOfPromise(empty.ingest([path.join(empty.home, 'empty')]))).toBe('E_INGEST_NOTHING');
    expect(await codeOfPromise(empty.ingest([path.join(empty.home, 'gone.json')]))).toBe('E_NOT_FOUND');
  });

  const small = sharedFile('kroma', 'legacy-small.db');
  const logs = sharedFile('kroma', 'run-logs');
  it.skipIf(!small || !logs)(
    `of a real project are nearly all known after its upgrade (else ${SHARED_DATA_MISSING})`,
    async () => {
      const home = mkdtempSync(path.join(folder, 'real-'));
      const file = path.join(home, 'app.db');
      copyFileSync(small ?? '', file);
      chmodSync(file, 0o600);
      await upgradeHere(file, {}, { toPhase: 4, source: { kind: 'folder', folder: logs ?? '' } });
      const ingest = () =>
        ingestFiles(
          {
            path: file,
            files: [logs ?? ''],
            project: null,
            isTrial: false,
            ...foldersOf(file),
            appVersion: '0',
            runId: 'i',
          },
          [kroma],
        );

      const { files } = await ingest();

      expect(files).toHaveLength(35);
      expect(files.filter(({ state }) => state === 'refused').map(({ reason }) => reason?.slice(0, 25))).toEqual([
        '2 projects are called “la',
        'it is cut off in line 164',
        '2 projects are called “la',
      ]);
      const sum = (key: string) => files.reduce((total, { counts }) => total + (counts[key] ?? 0), 0);
      expect(['runs', 'jobs', 'candidates', 'qualityReports', 'costEvents'].map(sum)).toEqual([0, 0, 1, 1, 0]);
      expect((await ingest()).files.filter(({ state }) => state !== 'known')).toHaveLength(3);
    },
    60_000,
  );
});
