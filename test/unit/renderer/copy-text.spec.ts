import { describe, expect, it } from 'vitest';
import { copyText, type WholeValue } from '../../../renderer/panels/data/export/copy-text.ts';
import { copiedWords } from '../../../renderer/panels/data/export/use-copy.ts';
import {
  allWords,
  doneWords,
  narrowedWords,
  progressWords,
} from '../../../renderer/panels/data/export/export-words.ts';

const value = (type: WholeValue['type'], text = '', hex = '', sizeBytes = 0): WholeValue => ({
  type,
  text,
  hex,
  sizeBytes,
});
const table = { name: 'odd "table"', columns: ['a', 'b'] };
const text = (each: string): WholeValue => value('text', each);
const row = [text('x\ty'), value('integer', '9007199254740993')];

describe('what is put on the clipboard', () => {
  it('is of one cell its value and nothing else', () => {
    const one = (cell: WholeValue): string => copyText('cells', { ...table, columns: ['a'] }, [[cell]]);
    expect(one(text(' "quoted"\n=1+1 '))).toBe(' "quoted"\n=1+1 ');
    expect(one(value('null'))).toBe('NULL');
    expect(one(value('real', '-0.0'))).toBe('-0.0');
    expect(one(value('blob', '', '00ff', 2))).toBe('00ff');
    expect(one(value('masked', '', '', 6))).toBe('(not exported)');
  });

  it('is of several cells what a spreadsheet takes as cells', () => {
    const rows = [row, [text('say "no"'), value('null')], [text('two\nlines'), value('broken-text', '', 'ff', 1)]];
    expect(copyText('cells', table, rows)).toBe(
      `"x\ty"\t9007199254740993\n"say ""no"""\t\n"two\nlines"\tCAST(x'ff' AS TEXT)`,
    );
  });

  it('is the same as in a file where a format is asked for', () => {
    expect(copyText('csv', table, [[text('=1'), value('null')]])).toBe(`"a","b"\r\n"'=1",\r\n`);
    expect(copyText('markdown', table, [[text('a|b'), value('integer', '-1')]])).toBe(
      '| a | b |\n| --- | --- |\n| a\\|b | -1 |\n',
    );
    expect(copyText('row-json', table, [row, row])).toBe(`${'{"a":"x\\ty","b":9007199254740993}\n'.repeat(2)}`);
    expect(copyText('row-sql', table, [[text(`it's\0é`), value('blob', '', '00', 1)]])).toBe(
      `INSERT INTO "odd ""table""" ("a", "b") VALUES (CAST(x'6974277300c3a9' AS TEXT), x'00');\n`,
    );
  });

  it('is told in words, with what was left out', () => {
    expect(copiedWords([row], false)).toBe('2 cells copied.');
    expect(copiedWords([row, row], true)).toBe('2 rows copied.');
    expect(copiedWords([[value('masked'), ...row]], false)).toBe('3 cells copied. 1 hidden value was left out.');
  });
});

it('an export is told in words', () => {
  expect(progressWords('runs', 0, 0)).toBe('Reading runs…');
  expect(progressWords('runs', 12_345, 3_400_000)).toBe('12,345 rows of runs written, 3.4 MB');
  expect(doneWords('runs', 1, 12)).toBe('1 row of runs written, 12 bytes, to');
  expect(allWords({ name: 'runs', rows: { value: 200, isExact: false } } as never)).toBe('All about 200 rows of runs');
  const eleven = { value: 11, isExact: true, isAtLeast: false };
  expect(narrowedWords(eleven)).toBe('Only the 11 rows that are shown');
  expect(narrowedWords({ ...eleven, isExact: false, isAtLeast: true })).toBe(
    'Only the rows that are shown, at least 11',
  );
  expect(narrowedWords(null)).toBe('Only the rows that are shown');
});
