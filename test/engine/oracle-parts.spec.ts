import Database from 'better-sqlite3';
import { describe, expect, it } from 'vitest';
import { compareTimes, instantOf } from '../support/oracle/instants.ts';
import { parsePython } from '../support/oracle/python-json.ts';
import { floatText, pythonText, strip } from '../support/oracle/python-text.ts';
import { storagePolicy } from '../support/oracle/settings.ts';

/** The oracle's own small parts, against independent answers: SQLite's julianday(), and what Python was seen to answer. */
describe('times', () => {
  const db = new Database(':memory:');
  const texts = [
    '2026-02-14T09:31:07Z', '2026-02-14 09:31:07', '2026-02-14', '2026-02-14T09:31:07.250Z', '2026-02-14T09:31:07+02:00', '2026-02-14T09:31:07-11:30',
    '2026-02-14t09:31:07z', '2026-02-14T09:31', '2026-02-14T09:31Z', '2026-02-14 09:31:07 +02:00', ' 2026-02-14', '2026-02-14 ', '2026-2-14', '2026-02-30',
    '2026-02-32', '2026-13-01', '1767607200', '1767607200000', '2461000.5', '0', '-1', '', 'yesterday', '20260214', '2026-02-14T24:00:00Z', '2026-02-14T25:00:00Z',
    '2026-02-14T09:60:00', '2026-02-14T09:31:07.123456789Z', '2026-02-14T09:31:07.Z', '2026-02-14T09:31:07+0200', '2026-02-14T09:31:07+15:00', '0001-01-01', '9999-12-31T23:59:59Z',
    '2026-02-14T  09:31:07', '2026-02-14TT09:31', '2026-02-14x', '2026/02/14', '1e3', '+2461000.5', ' 2461000.5',
  ]; // prettier-ignore
  it.each(texts)('are read as SQLite reads them: %j', (text) => {
    const days = db.prepare<[string], number | null>('SELECT julianday(?)').pluck().get(text);
    const instant = instantOf(text);
    if (days === null || days === undefined) expect(instant).toBeNull();
    else expect(Math.abs((instant ?? NaN) - (days - 2440587.5) * 86_400_000)).toBeLessThan(1);
  });

  it('are ordered by instant, after all unreadable ones', () => {
    const times = ['2026-01-05T10:00:00+03:00', 'yesterday', '2026-01-05T09:00:00Z', '1767607200', '2026-01-05'];
    expect([...times].sort(compareTimes)).toEqual([
      '1767607200',
      'yesterday',
      '2026-01-05',
      '2026-01-05T10:00:00+03:00',
      '2026-01-05T09:00:00Z',
    ]);
  });
});

describe("Python's ways", () => {
  const read = (text: string): string | null => {
    const json = parsePython(text);
    return json && pythonText(json);
  };
  it.each([
    ['"a\\u00e9"', 'aé'], ['true', 'True'], ['null', 'None'], ['2026', '2026'], ['-0', '0'], ['1.0', '1.0'], ['1e3', '1000.0'], ['1e16', '1e+16'], ['1e-5', '1e-05'],
    ['12345678901234567890', '12345678901234567890'], ['NaN', 'nan'], ['-Infinity', '-inf'], ['[1, "a", null]', "[1, 'a', None]"], ['{"a":"it\'s"}', '{\'a\': "it\'s"}'],
    ['{"a":1,"b":2,"a":3}', "{'a': 3, 'b': 2}"], [' \n1\t', '1'], ['', null], ['\ufeff1', null], ['01', null], ['1.', null], ['.5', null], ['+1', null], ['nan', null],
    ['[1,]', null], ['{"a":1,}', null], ["{'a':1}", null], ['"a\nb"', null], ['"\\x"', null], ['"\\u12"', null], ['1 2', null], ['\u00a01', null], ['-NaN', null], ['Infinity1', null],
  ] as const)('reads %j as %j', (text, expected) => expect(read(text)).toBe(expected)); // prettier-ignore

  it('writes floats with the shortest digits', () => {
    expect([0.1, 100, 1e15, 1e16, 1e22, 0.0001, 0.00001, -2.5e-7, 123456789012345680, 0, -0].map(floatText)).toEqual(
      ['0.1', '100.0', '1000000000000000.0', '1e+16', '1e+22', '0.0001', '1e-05', '-2.5e-07', '1.2345678901234568e+17', '0.0', '-0.0'],
    ); // prettier-ignore
  });

  it('strips every white space of Unicode, and nothing else', () => {
    expect(strip('\t\v\u001c\u0085\u00a0\u1680\u2003\u2028\u202f\u205f\u3000 a b \u001f\n')).toBe('a b');
    expect(strip('\u200b\ufeffa\u180e')).toBe('\u200b\ufeffa\u180e');
  });
});

describe('settings', () => {
  it('take null for absent and blanks for nothing', () => {
    const { policy, issue } = storagePolicy(
      '{"storage":{"local":{"base_dir":null},"s3":{"enabled":"off","bucket":" ","prefix":""}}}',
    );
    expect(issue).toBeNull();
    expect(policy).toMatchObject({
      local_base_dir: 'generated/projects',
      s3_enabled: 0n,
      s3_bucket: null,
      s3_prefix: null,
    });
    expect(storagePolicy('{}').policy.s3_prefix).toBe('iat-projects');
  });
});
