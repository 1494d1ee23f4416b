import path from 'node:path';
import { describe, expect, it } from 'vitest';
import type { Db } from '@engine/migration.ts';
import { applyMigration, applyUpTo, legacyDatabase, rowsOf, valueOf } from '../../support/run-migration.ts';
import { unseen } from '../../support/kroma/unseen.ts';
import { temporaryFolder } from '../../support/temporary.ts';
import type { Row } from '../../support/kroma/insert.ts';
import { asset, candidate, household, project } from './rows.ts';

const id = '20260221_0011_rename_candidates';
const folder = temporaryFolder();
let files = 0;
function open(rows: Record<string, readonly Row[]> = {}, before = '') {
  const db = legacyDatabase(path.join(folder, `${(files += 1)}.db`), { ...household, ...rows });
  if (before) db.exec(before);
  applyUpTo(db, '20260221_0010');
  return db;
}
const references = (db: Db) => rowsOf(db, 'SELECT id, output_asset_id, final_asset_id FROM run_candidates ORDER BY id');
/** A candidate of job j with its own number. */
let number = 0;
const c = (name: string, more: Row = {}) => candidate(name, { candidate_index: (number += 1), ...more });

describe('the path rule', () => {
  const paths: [name: string, path: string | Buffer, rel: string, found: boolean][] = [
    ['the same path', 'out/x.png', 'out/x.png', true],
    ['backslashes in the candidate', 'out\\x.png', 'out/x.png', true],
    ['backslashes in the asset', 'out/x.png', 'out\\x.png', true],
    ['backslashes in both', 'out\\x.png', 'out\\x.png', true],
    ['blanks around either', '\t\u00a0out/x.png \u3000', '\u2028 out/x.png\u001f', true],
    ['a blank inside', 'out/ x.png', 'out/x.png', false],
    ['a zero-width space, which is no blank', '\u200bout/x.png', 'out/x.png', false],
    ['a leading ./', './out/x.png', 'out/x.png', false],
    ['double slashes', 'out//x.png', 'out/x.png', false],
    ['another letter case', 'out/X.png', 'out/x.png', false],
    ['another Unicode form', 'out/e\u0301.png', 'out/é.png', false],
    ['the same Unicode', 'вывод/ночь 🌃.png', 'вывод/ночь 🌃.png', true],
    ['an s3 address', 's3://b/x.png', 's3://b/x.png', true],
    ['a Windows path', 'D:\\Art\\x.png', 'D:/Art/x.png', true],
    ['bytes instead of text', Buffer.from('out/x.png'), 'out/x.png', true],
  ];
  it.each(paths)('with %s', (_, output_path, rel_path, found) => {
    const db = open({ assets: [asset('a1', { rel_path })], run_job_candidates: [c('c1', { output_path })] });

    expect(applyMigration(db, id)?.findings).toEqual([]);

    expect(references(db)).toEqual([['c1', found ? 'a1' : 'c1:output', null]]);
    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(found ? 1 : 2);
  });

  it.each([
    ['', 0],
    ['  ', 0],
    [null, 0],
    ['\\', 1],
    ['/', 1],
  ])('registers nothing for nothing: %j gives %i', (output_path, count) => {
    const db = open({ run_job_candidates: [c('c1', { output_path })] });
    applyMigration(db, id);

    expect(valueOf(db, 'SELECT count(*) FROM assets')).toBe(count);
  });

  it('never looks into another project', () => {
    const db = open({
      projects: [project('p'), project('q')],
      assets: [asset('a1', { project_id: 'q', rel_path: 'out/x' })],
      run_job_candidates: [c('c1', { output_path: 'out/x' })],
    });
    applyMigration(db, id);

    expect(references(db)).toEqual([['c1', 'c1:output', null]]);
  });

  it('prefers the address, then the path, then the youngest that becomes equal by cleaning', () => {
    const assets = [
      asset('clean', { rel_path: 'out/x' }), asset('addressed', { rel_path: 'elsewhere' }),
      asset('old', { rel_path: 'out\\y', created_at: '2026-02-14T23:00:00+02:00' }), asset('young', { rel_path: ' out/y', created_at: '2026-02-14 21:30' }),
      asset('unreadable', { rel_path: 'out/y ', created_at: 'zzz' }),
      asset('b', { rel_path: 'out\\z' }), asset('a', { rel_path: ' out/z' }),
    ]; // prettier-ignore
    const db = open({
      assets,
      run_job_candidates: [
        c('c1', { output_path: 'out/x', final_output_path: 'out/y' }),
        c('c2', { output_path: 'out/z' }),
      ],
    });
    unseen(
      db,
      `UPDATE assets SET storage_uri = 'moved' WHERE id = 'clean'; UPDATE assets SET storage_uri = 'out/x' WHERE id = 'addressed'`,
    );
    applyMigration(db, id);
    expect(references(db)).toEqual([
      ['c1', 'addressed', 'young'],
      ['c2', 'a', null],
    ]);

    const second = open({
      assets: [asset('clean', { rel_path: 'out/x' }), asset('unclean', { rel_path: 'out\\x' })],
      run_job_candidates: [c('c1', { output_path: 'out/x' })],
    });
    unseen(second, `UPDATE assets SET storage_uri = 'moved' WHERE id = 'clean'`);
    applyMigration(second, id);
    expect(references(second)).toEqual([['c1', 'clean', null]]);
  });
});
