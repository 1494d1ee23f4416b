import { describe, expect, it } from 'vitest';
import { madeOnceOf } from '../../support/made-once.ts';
import {
  applyMigration,
  applyUpTo,
  contentOf,
  findingsOf,
  issuesOf,
  legacyDatabase,
  rowsOf,
  valueOf,
} from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import { project, user } from './rows.ts';

const id = '20260221_0003_project_storage_table';
const folder = temporaryFolder();
const open = madeOnceOf(folder, (file, settings: (string | number | null | Uint8Array)[] = []) => {
  const projects = settings.map((settings_json, n) => project(`p${n}`, { settings_json: settings_json ?? '' }));
  const db = legacyDatabase(file, { users: [user('u')], projects });
  applyUpTo(db, '20260221_0002');
  return db;
});
const policyColumns =
  'local_base_dir, local_project_root, s3_enabled, s3_bucket, s3_prefix, s3_region, s3_profile, s3_endpoint_url';
const usual = ['generated/projects', null, 0, null, 'iat-projects', null, null, null];
const policies = (db: ReturnType<typeof open>) =>
  rowsOf(db, `SELECT ${policyColumns} FROM project_storage ORDER BY project_id`);

/** settings_json, the columns that are not as usual, and the issue if there is one. */
type Case = [name: string, settings: string, policy?: Partial<Record<number, unknown>>, issue?: string];
const BASE = 0, ROOT = 1, S3 = 2, BUCKET = 3, PREFIX = 4, REGION = 5, PROFILE = 6, ENDPOINT = 7; // prettier-ignore
const unreadable = 'settings-unreadable';
const mistyped = 'settings-wrong-type';
const local = (json: string) => `{"storage":{"local":${json}}}`;
const s3 = (json: string) => `{"storage":{"s3":${json}}}`;
const cases: Case[] = [
  ['nothing', ''],
  ['an empty object', '{}'],
  ['malformed JSON', '{"storage": {"local": {"base_dir": "art"', {}, unreadable],
  ['blanks only', '  ', {}, unreadable],
  ['a byte-order mark', '\uFEFF' + local('{"base_dir":"bom"}'), {}, unreadable],
  ['JavaScript instead of JSON', `{storage:{local:{base_dir:'x'}}}`, {}, unreadable],
  ['a trailing comma', '{"storage":{},}', {}, unreadable],
  ['a control character in a text', local('{"base_dir":"a\u0001b"}'), {}, unreadable],
  ['a list at the top', '[{"storage":{}}]', {}, mistyped],
  ['null at the top', 'null'],
  ['a text at the top', '"storage"', {}, mistyped],
  ['a list for storage', '{"storage":["local"]}', {}, mistyped],
  ['a text for storage', '{"storage":"s3://b"}', {}, mistyped],
  ['null for storage', '{"storage":null}'],
  ['a text for local', '{"storage":{"local":"art","s3":{"bucket":"b"}}}', { [BUCKET]: 'b' }, mistyped],
  ['a list for s3', '{"storage":{"local":{"base_dir":"art"},"s3":["b"]}}', { [BASE]: 'art' }, mistyped],
  ['null for local', local('null')],
  [
    'everything',
    '{"storage":{"local":{"base_dir":"a","project_root":"/r"},"s3":{"enabled":true,"bucket":"b","prefix":"x/y","region":"r","profile":"o","endpoint_url":"http://h"}}}',
    {
      [BASE]: 'a',
      [ROOT]: '/r',
      [S3]: 1,
      [BUCKET]: 'b',
      [PREFIX]: 'x/y',
      [REGION]: 'r',
      [PROFILE]: 'o',
      [ENDPOINT]: 'http://h',
    },
  ],
  [
    'JSON nulls everywhere',
    '{"storage":{"local":{"base_dir":null,"project_root":null},"s3":{"enabled":null,"bucket":null,"prefix":null,"region":null}}}',
  ],
  [
    'blank texts',
    '{"storage":{"local":{"base_dir":" \\t","project_root":""},"s3":{"bucket":"\\u00a0","prefix":" ","region":"\\u3000"}}}',
    { [PREFIX]: null },
  ],
  [
    'outer blanks of every kind',
    local('{"base_dir":"\\u001c\\u2003 art\\u00a0\\u2029","project_root":"\\u200bkept"}'),
    { [BASE]: 'art', [ROOT]: '\u200bkept' },
  ],
  [
    'numbers and switches as texts',
    '{"storage":{"local":{"base_dir":2026,"project_root":1.5},"s3":{"bucket":true,"prefix":false,"region":-3,"profile":1e20}}}',
    { [BASE]: '2026', [ROOT]: '1.5', [BUCKET]: 'True', [PREFIX]: 'False', [REGION]: '-3', [PROFILE]: '1e+20' },
  ],
  [
    'lists and objects as texts',
    '{"storage":{"local":{"base_dir":["a", 1]},"s3":{"bucket":{"x": 1}}}}',
    { [BASE]: '["a",1]', [BUCKET]: '{"x":1}' },
    mistyped,
  ],
  ['a Windows path', local('{"base_dir":"D:\\\\Art"}'), { [BASE]: 'D:\\Art' }],
  ['a Unicode path', local('{"base_dir":"работы/🌃","project_root":"\\u00e9"}'), { [BASE]: 'работы/🌃', [ROOT]: 'é' }],
  ['keys written with escapes', '{"st\\u006frage":{"local":{"base_dir":"x"}}}', { [BASE]: 'x' }],
  ['unknown keys', '{"storage":{"gcs":{},"local":{"quota":1}},"ui":{}}'],
  [
    'double keys: the last wins',
    '{"storage":{"local":{"base_dir":"first"}},"storage":{"local":{"base_dir":"old","base_dir":"last"}}}',
    { [BASE]: 'last' },
  ],
  ['a later double key that hides the earlier', '{"storage":{"s3":{"bucket":"hidden"}},"storage":{}}'],
  ['NaN elsewhere', '{"storage":{"local":{"base_dir":"b"}},"n":NaN,"i":[Infinity,-Infinity]}', { [BASE]: 'b' }],
  [
    'NaN beside a text that says NaN',
    '{"storage":{"s3":{"bucket":"NaN-Infinity"}},"n":NaN}',
    { [BUCKET]: 'NaN-Infinity' },
  ],
  ['NaN as a value', local('{"base_dir":NaN}'), { [BASE]: 'nan' }],
];

describe('reading settings_json', () => {
  it.each(cases)('understands %s', (_, settings, policy = {}, issue) => {
    const db = open([settings]);

    const applied = applyMigration(db, id);

    expect(policies(db)).toEqual([usual.map((value, column) => (column in policy ? policy[column] : value))]);
    expect(issuesOf(db, 'projects')).toEqual(issue ? [`p0: ${issue}`] : []);
    expect(applied).toEqual({ accounts: { storage: issue ? '0 / 0 / 1' : '1 / 0 / 0' }, findings: [] });
  });

  it.each([
    ['true', 1],
    ['false', 0],
    ['1', 1],
    ['0', 0],
    ['0.0', 0],
    ['0.5', 1],
    ['-1', 1],
    ['null', 0],
    ['"true"', 1],
    ['"YES "', 1],
    ['"on"', 1],
    ['"1"', 1],
    ['"perhaps"', 1],
    ['"false"', 0],
    ['" No"', 0],
    ['"off"', 0],
    ['"0"', 0],
    ['""', 0],
    ['"  "', 0],
    ['[]', 0],
    ['{}', 0],
    ['[0]', 1],
    ['{"a":0}', 1],
  ])('reads the switch %s as %i', (value, expected) => {
    const db = open([s3(`{"enabled":${value}}`)]);

    applyMigration(db, id);

    expect(valueOf(db, 'SELECT s3_enabled FROM project_storage')).toBe(expected);
  });

  it('gives the trigger the same understanding as the backfill', () => {
    const db = open();
    applyMigration(db, id);
    for (const [n, [, settings]] of cases.entries()) {
      db.prepare(
        `INSERT INTO projects (id, user_id, slug, name, settings_json, created_at, updated_at) VALUES (?, 'u', ?, 'n', '{}', 't', 't')`,
      ).run(`q${n}`, `s${n}`);
      db.prepare(`UPDATE projects SET settings_json = ? WHERE id = ?`).run(settings, `q${n}`);
    }

    const filled = open(cases.map(([, settings]) => settings));
    applyMigration(filled, id);

    expect(policies(db).toSorted()).toEqual(policies(filled).toSorted());
  });
});

describe('rows that are there', () => {
  const baseline = `CREATE TABLE project_storage (id TEXT PRIMARY KEY, project_id TEXT NOT NULL UNIQUE, total_bytes INTEGER NOT NULL DEFAULT 0,
    used_bytes INTEGER NOT NULL DEFAULT 0, created_at TEXT NOT NULL, updated_at TEXT NOT NULL)`;

  it('get the policy in a baseline file; their quota, id and creation stay', () => {
    const db = open([local('{"base_dir":"art"}'), '{}']);
    db.exec(`${baseline}; INSERT INTO project_storage VALUES ('row', 'p0', 9007199254740993, 1, 'made', 'changed')`);

    expect(applyMigration(db, id)).toEqual({ accounts: { storage: '2 / 0 / 0' }, findings: [] });

    expect(
      rowsOf(
        db,
        'SELECT id, CAST(total_bytes AS TEXT), created_at, updated_at, local_base_dir FROM project_storage ORDER BY project_id',
      ),
    ).toEqual([
      ['row', '9007199254740993', 'made', '2026-11-21T14:02:33Z', 'art'],
      ['p1', '0', '2026-11-21T14:02:33Z', '2026-11-21T14:02:33Z', 'generated/projects'],
    ]);
  });

  it('stay in a dual file, but for the word None that stands for a null', () => {
    const db = open([s3('{"bucket":"other","region":null}'), local('{"base_dir":null}'), '{}']);
    applyMigration(db, id);
    unseen(
      db,
      `DELETE FROM _phasewise_backfills; INSERT INTO schema_migrations VALUES ('20260221_0019_phase1_backfill', '', '');
      UPDATE project_storage SET s3_bucket = 'edited', s3_region = 'None', updated_at = 'u' WHERE project_id = 'p0';
      UPDATE project_storage SET local_base_dir = 'None', s3_bucket = 'None', updated_at = 'u' WHERE project_id = 'p1';
      DELETE FROM project_storage WHERE project_id = 'p2'`,
    );

    expect(applyMigration(db, id)).toEqual({ accounts: { storage: '3 / 0 / 0' }, findings: [] });

    expect(
      rowsOf(db, 'SELECT project_id, local_base_dir, s3_bucket, s3_region FROM project_storage ORDER BY project_id'),
    ).toEqual([
      ['p0', 'generated/projects', 'edited', null],
      ['p1', 'generated/projects', 'None', null],
      ['p2', 'generated/projects', null, null],
    ]);
  });

  it('do not stand in the way when one of them has the id of a project', () => {
    const db = open(['{}', '{}']);
    db.exec(`${baseline}; INSERT INTO project_storage VALUES ('p1', 'p0', 0, 0, '', '')`);

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(rowsOf(db, 'SELECT id, project_id FROM project_storage ORDER BY project_id')).toEqual([
      ['p1', 'p0'],
      ['p1:storage', 'p1'],
    ]);
  });
});

it('continues after a kill behind any chunk, and applied again it changes nothing', () => {
  const settings = ['{}', local('{"base_dir":"art"}'), 'x', s3('{"enabled":"no"}')];
  const whole = open(settings);
  applyMigration(whole, id);
  for (let chunks = 0; chunks <= settings.length; chunks++) {
    const db = open(settings);
    expect(applyMigration(db, id, { chunkRows: 1, stopAfterChunks: chunks })).toBeNull();
    expect(applyMigration(db, id, { chunkRows: 1 })?.accounts).toEqual({ storage: '3 / 0 / 1' });
    expect(contentOf(db)).toBe(contentOf(whole));

    expect(applyMigration(db, id)?.accounts).toEqual({ storage: '0 / 3 / 1' });
    expect(contentOf(db)).toBe(contentOf(whole));
  }
});

it('is found out when a project has no row, or one that says something else', () => {
  const db = open([local('{"base_dir":"art"}'), '{}', s3('{"bucket":null}')]);
  applyMigration(db, id);
  unseen(
    db,
    `UPDATE project_storage SET local_base_dir = 'elsewhere' WHERE project_id = 'p0'; DELETE FROM project_storage WHERE project_id = 'p1';
    UPDATE project_storage SET s3_bucket = 'None' WHERE project_id = 'p2'`,
  );

  expect(findingsOf(db, id)).toEqual([
    '1 projects without exactly one row in project_storage',
    '1 projects whose storage says None for a setting that is null',
    '1 projects whose local_base_dir is not what their settings say',
  ]);
});

describe.each([
  ['with', 'ON'],
  ['without', 'OFF'],
])('an older program %s foreign keys', (_, enforced) => {
  function upgraded() {
    const db = open([s3('{"bucket":"one"}')]);
    applyMigration(db, id);
    db.pragma(`foreign_keys = ${enforced}`);
    return db;
  }
  const insert = (values: string, or = '') =>
    `INSERT ${or} INTO projects (id, user_id, slug, name, settings_json, created_at, updated_at) VALUES (${values})`;

  it('adds, changes and removes projects, and their storage follows', () => {
    const db = upgraded();
    db.exec(insert(`'p1', 'u', 's', 'n', '${local('{"base_dir":"art"}')}', 't', 't'`));
    db.exec(insert(`'p1', 'u', 's', 'n', '{}', 't', 't'`, 'OR IGNORE'));
    db.exec(
      `${insert(`'p0', 'u', 'p0', 'n', '${s3('{"bucket":"two"}')}', 't', 't'`)} ON CONFLICT (user_id, slug) DO UPDATE SET settings_json = excluded.settings_json`,
    );
    expect(rowsOf(db, 'SELECT project_id, local_base_dir, s3_bucket FROM project_storage ORDER BY project_id')).toEqual(
      [
        ['p0', 'generated/projects', 'two'],
        ['p1', 'art', null],
      ],
    );

    db.exec(`DELETE FROM projects WHERE id = 'p0'`);
    expect(valueOf(db, 'SELECT group_concat(project_id) FROM project_storage')).toBe('p1');
  });

  it('changes one setting, and an edit of another one in project_storage stays', () => {
    const db = upgraded();
    unseen(db, `UPDATE project_storage SET local_base_dir = 'edited'`);

    db.exec(`UPDATE projects SET settings_json = '${s3('{"bucket":"two"}')}'`);

    expect(rowsOf(db, 'SELECT local_base_dir, s3_bucket FROM project_storage')).toEqual([['edited', 'two']]);
  });

  it('gives new projects their storage row itself', () => {
    const db = upgraded();
    db.exec(insert(`'p1', 'u', 's', 'n', '{}', 't', 't'`));
    db.exec(
      `INSERT INTO project_storage (id, project_id, local_base_dir, created_at, updated_at) VALUES ('own', 'p1', 'var/projects', 't', 't')`,
    );

    expect(rowsOf(db, `SELECT id, local_base_dir FROM project_storage WHERE project_id = 'p1'`)).toEqual([
      ['own', 'var/projects'],
    ]);
  });
});
