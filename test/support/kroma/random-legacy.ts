import type Database from 'better-sqlite3';
import { createRandom, type Random } from '../../../migrations/kroma/sample/random.ts';
import { createLegacySchema, recordLegacyMarkers } from '../../../migrations/kroma/sample/schema.ts';
import { insertRows, withoutForeignKeys, type Row } from './insert.ts';

/**
 * A small legacy database of random rows, each value drawn from those that have made trouble somewhere: few names and
 * paths, so that they meet; many spellings of the same. The same seed gives the same file.
 */
export function buildRandomLegacy(db: Database.Database, seed: number): void {
  createLegacySchema(db);
  const random = createRandom(seed);
  withoutForeignKeys(db, () => {
    recordLegacyMarkers(db, '2026-01-02T08:00:00Z');
    writePeople(db, random);
    const unique = uniqueness();
    insertRows(
      db,
      'runs',
      make(random, 8, (id) => unique('runs', ['project_id', 'run_log_path'], randomRun(random, id))),
    );
    insertRows(
      db,
      'run_jobs',
      make(random, 25, (id) => unique('jobs', ['run_id', 'job_key'], randomJob(random, id))),
    );
    insertRows(
      db,
      'run_job_candidates',
      make(random, 70, (id) => unique('candidates', ['job_id', 'candidate_index'], randomCandidate(random, id))),
    );
    insertRows(
      db,
      'assets',
      make(random, 40, (id) => unique('assets', ['project_id', 'rel_path'], randomAsset(random, id))),
    );
    insertRows(
      db,
      'project_exports',
      make(random, 8, (id) => ({
        id: `e${id}`,
        project_id: project(random),
        export_path: path(random) ?? '',
        export_sha256: random.pick([null, '', 'abc']),
        created_at: time(random),
      })),
    );
    insertRows(
      db,
      'project_api_secrets',
      make(random, 4, (id) => ({
        id: `k${id}`,
        project_id: project(random),
        provider_code: 'p',
        secret_name: `${id}`,
        secret_ciphertext: 'sample-not-a-key',
        key_ref: random.pick(['local-master', '', 'x']),
        created_at: time(random),
        updated_at: time(random),
      })),
    );
  });
}

const make = (random: Random, most: number, row: (id: number) => Row | null): Row[] =>
  Array.from({ length: random.int(0, most) }, (_, id) => row(id)).filter((each) => each !== null);

/** Leaves out rows that the schema's own unique keys would refuse. */
function uniqueness(): (table: string, columns: readonly string[], row: Row) => Row | null {
  const seen = new Set<string>();
  return (table, columns, row) => {
    const key = [table, ...columns.map((column) => String(row[column]))].join('\0');
    return seen.has(key) ? null : (seen.add(key), row);
  };
}

// One in ten points nowhere.
const project = (random: Random): string =>
  random.pick(['p0', 'p0', 'p0', 'p0', 'p1', 'p1', 'p1', 'p2', 'p2', 'p-gone']);
const time = (random: Random): string =>
  random.pick([
    '2026-01-05T10:00:00Z',
    '2026-01-05 10:00:00',
    '2026-01-05T12:00:00+02:00',
    '2026-01-05',
    '2026-01-05T09:59:59.999Z',
    '2026-01-05T10:00',
    '1767607200',
    '',
    'x',
    '2026-01-05t10:00:00z',
    '2027-01-01',
  ]);

export function path(random: Random): string | null {
  if (random.chance(0.1)) return random.pick([null, '', ' ', '\u00a0\t']);
  const plain = `${random.pick(['a', 'b', 's3://bucket', './a', 'A'])}/${random.pick(['x.png', 'y.png', 'ü 🦊.png', 'z.tar.gz', 'q\'"; --', 'x.png/x.png'])}`;
  const slashed = random.chance(0.2) ? plain.replaceAll('/', '\\') : plain;
  return (
    random.pick(['', '', '', '', ' ', '\n', '\u3000']) + slashed + random.pick(['', '', '', '', '', ' ', '\u2028'])
  );
}

/** Broken and odd JSON: structure by chance, syntax damaged now and then. */
export function jsonText(random: Random, write: (random: Random) => string): string {
  const text = write(random);
  if (random.chance(0.08)) return text.slice(0, random.int(0, text.length));
  if (random.chance(0.05))
    return random.pick([
      '',
      ' ',
      '{}',
      'null',
      '[]',
      '7',
      '"text"',
      '\ufeff{}',
      'NaN',
      '{"a":1,}',
      "{'a':1}",
      '{}x',
      '{"a":.5}',
      '// c\n{}',
      '{a:1}',
    ]);
  return random.chance(0.1) ? ` \n${text}\t` : text;
}

const literal = (random: Random): string =>
  random.pick([
    'null',
    'true',
    'false',
    '0',
    '1',
    '-3',
    '2026',
    '0.0',
    '1.5',
    '1e3',
    '[]',
    '{}',
    '["a", 1]',
    '{"k": [1, 2]}',
    '""',
    '" "',
    '"\\u00a0"',
    '"false"',
    '" No "',
    '"yes"',
    '"None"',
    '"a"',
    '" b\\u2003"',
    '"\\u0444\\ud83e\\udd8a"',
    '"c\\"d\\\\e/"',
    '"NaN"',
    '"-Infinity"',
  ]);

/** Where nobody reads the value, Python's own literals may stand, too. */
const anyLiteral = (random: Random): string =>
  random.chance(0.15) ? random.pick(['NaN', '-Infinity', 'Infinity']) : literal(random);

const object = (random: Random, keys: readonly string[], value: (random: Random, key: string) => string): string =>
  `{${Array.from({ length: random.int(0, 4) }, () => random.pick(keys))
    .map((key) => `"${key}":${random.chance(0.2) ? ' ' : ''}${value(random, key)}`)
    .join(',')}}`;

const settings = (random: Random): string =>
  object(random, ['storage', 'storage', 'ui'], (inner, key) =>
    key === 'storage' && inner.chance(0.85)
      ? object(inner, ['local', 's3', 's3', 'other'], (deeper, place) =>
          deeper.chance(0.85) && place !== 'other'
            ? object(
                deeper,
                [
                  'base_dir',
                  'project_root',
                  'enabled',
                  'enabled',
                  'bucket',
                  'prefix',
                  'region',
                  'profile',
                  'endpoint_url',
                ],
                literal,
              )
            : place === 'other'
              ? anyLiteral(deeper)
              : literal(deeper),
        )
      : key === 'ui'
        ? anyLiteral(inner)
        : literal(inner),
  );

function writePeople(db: Database.Database, random: Random): void {
  const times = { created_at: time(random), updated_at: time(random) };
  insertRows(
    db,
    'users',
    ['u0', 'u1', 'u2'].map((id, index) => ({
      id,
      username: random.chance(0.9) ? id : `n${index}`,
      display_name: random.pick(['', 'Ü', 'x']),
      email: random.pick([null, '', 'a@b.example']),
      is_active: index % 2,
      ...times,
    })),
  );
  const projects = ['p0', 'p1', 'p2', ...Array.from({ length: random.int(0, 12) }, (_, index) => `q${index}`)];
  insertRows(
    db,
    'projects',
    projects.map((id) => ({
      id,
      user_id: random.pick(['u0', 'u1', 'u2', 'u-gone']),
      slug: random.chance(0.7) ? id : `${id}-x`,
      name: id,
      settings_json: jsonText(random, settings),
      ...times,
    })),
  );
}

const randomRun = (random: Random, id: number): Row => ({
  id: `r${id}`, project_id: project(random), run_log_path: `${random.int(0, 5)}`, mode: random.pick(['run', 'dry', '']), model: random.pick([null, '', 'm', 'None']), status: 'ok',
  meta_json: jsonText(random, (inner) => object(inner, ['timestamp', 'generation'], anyLiteral)), created_at: time(random),
}); // prettier-ignore

const randomJob = (random: Random, id: number): Row => ({
  id: `j${id}`, run_id: random.chance(0.93) ? `r${random.int(0, 7)}` : 'r-gone', job_key: `${id}`, status: 'done', selected_candidate: random.pick([null, null, 0, 1, 2, 3, 'x']), final_output: path(random),
  meta_json: jsonText(random, (inner) => object(inner, ['prompt', 'prompt', 'prompt_text', 'id'], (last, name) => (name === 'id' ? anyLiteral(last) : literal(last)))), created_at: time(random),
}); // prettier-ignore

const randomCandidate = (random: Random, id: number): Row => ({
  id: `c${random.hex(4)}-${id}`, job_id: random.chance(0.95) ? `j${random.int(0, 24)}` : 'j-gone', candidate_index: random.pick([1, 2, 3, 1.5, 'x', -1]), status: random.pick(['done', '', 'failed']),
  output_path: path(random), final_output_path: random.chance(0.3) ? null : path(random), rank_hard_failures: random.pick([0, 1, 1.5, 'n']), rank_soft_warnings: 0, rank_avg_chroma_exceed: random.pick([0, 0.25, 'n']),
  meta_json: random.pick(['{}', '', 'x', '{"a":1}']), created_at: time(random),
}); // prettier-ignore

const randomAsset = (random: Random, id: number): Row => ({
  id: `a${random.hex(4)}-${id}`, project_id: project(random), run_id: random.pick([null, '', 'r0']), job_id: random.pick([null, '', 'j0']), candidate_id: random.pick([null, '', 'c0']),
  asset_kind: random.pick(['candidate_output', 'job_final_output', '']), rel_path: path(random) ?? '', sha256: null, meta_json: random.pick(['{}', '', 'x', '{"a":1}', '[]']), created_at: time(random),
}); // prettier-ignore
