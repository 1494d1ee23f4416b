import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';

/**
 * COVERAGE.md promises a named test, or a reason, for every case of the failure catalogue. A promise about tests rots
 * quietly when they are renamed, so it is checked: every id once, every named file there, every quoted title in it.
 */

const root = path.resolve(import.meta.dirname, '../..');
const groups = { A: 18, P: 12, S: 16, K: 16, J: 13, F: 16, G: 18, V: 10, R: 14, M: 11, I: 11, N: 12, X: 7 };

interface Row {
  readonly id: string;
  /** What stands where only files should. */
  readonly loose: string;
  readonly files: readonly string[];
  readonly titles: readonly string[];
  readonly remark: string;
}

/** `| A01 | \`file\` \`file\` | "piece of a title" remark |`; without a file the remark says why there is no test. */
const rows: Row[] = readFileSync(path.join(import.meta.dirname, 'COVERAGE.md'), 'utf8')
  .split('\n')
  .flatMap((line) => {
    const [, id, where = '', what = ''] = /^\| ([A-Z]\d\d) \| (.*?) \| (.*) \|$/.exec(line) ?? [];
    if (id === undefined) return [];
    const files = [...where.matchAll(/`([^`]+)`/g)].map(([, file = '']) => file);
    const titles = [...what.matchAll(/"([^"]+)"/g)].map(([, title = '']) => title);
    return [{ id, loose: where.replaceAll(/`[^`]+`/g, '').trim(), files, titles, remark: what }];
  });

describe('the coverage of the failure catalogue', () => {
  it('has a line for every case, and only one', () => {
    const expected = Object.entries(groups).flatMap(([group, count]) =>
      Array.from({ length: count }, (_, index) => `${group}${String(index + 1).padStart(2, '0')}`),
    );
    expect(rows.map(({ id }) => id).toSorted()).toEqual(expected.toSorted());
  });

  it('names tests that exist', () => {
    const wrong = rows.flatMap(({ id, files, titles }) => {
      const missing = files.filter((file) => !existsSync(path.join(root, file)));
      const texts = files
        .filter((file) => !missing.includes(file))
        .map((file) => readFileSync(path.join(root, file), 'utf8'));
      const unknown = files.length === 0 ? [] : titles.filter((title) => !texts.some((text) => text.includes(title)));
      return [
        ...missing.map((file) => `${id}: no file ${file}`),
        ...unknown.map((title) => `${id}: no test "${title}"`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('names every file as one, so that its titles are looked for, and no file without one of its titles', () => {
    const wrong = rows.flatMap(({ id, loose, files, titles, remark }) => {
      const texts = files.filter((file) => existsSync(path.join(root, file)));
      const idle = texts.filter((file) => {
        const text = readFileSync(path.join(root, file), 'utf8');
        return !titles.some((title) => text.includes(title));
      });
      const hidden = [...remark.matchAll(/[\w/-]+\.spec\.ts/g)].filter(
        ([name]) => !files.some((file) => file.endsWith(name)),
      );
      return [
        ...(loose === '' ? [] : [`${id}: ${loose} is no file in backticks`]),
        ...idle.map((file) => `${id}: no title of ${file}`),
        ...hidden.map(([name]) => `${id}: ${name} stands among the titles only`),
      ];
    });
    expect(wrong).toEqual([]);
  });

  it('says why where there is no test, and names a title where there is one', () => {
    const silent = rows.filter(({ files, titles, remark }) =>
      files.length === 0 ? remark.length < 20 : titles.length === 0,
    );
    expect(silent.map(({ id }) => id)).toEqual([]);
  });
});
