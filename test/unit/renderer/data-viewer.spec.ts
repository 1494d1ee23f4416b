import { describe, expect, it } from 'vitest';
import { cellText } from '../../../renderer/panels/data/cell-words.ts';
import { backupChoices, comparisonMark, comparisonWords } from '../../../renderer/panels/data/compare/compare-words.ts';
import { imageKind } from '../../../renderer/panels/data/viewer/image-kind.ts';
import { jsonRows, parseJson } from '../../../renderer/panels/data/viewer/json-tree.ts';
import { type decodeAnything, textPart } from '../../../renderer/panels/data/viewer/text-parts.ts';
import { localTime, timeBeside, timeReadings, utcTime } from '../../../renderer/panels/data/viewer/time-readings.ts';
import { slide } from '../../../renderer/panels/data/viewer/use-parts.ts';
import { backup } from './values.ts';

/** How one value is looked at: text in stretches, JSON, bytes, pictures, times. */

type Encoding = Parameters<typeof decodeAnything>[1];

/** The text that all stretches of `size` bytes show together, line ends and marks as shown. */
function together(bytes: Uint8Array, size: number, encoding: Encoding): string {
  let shown = '';
  let isContinued = false;
  for (let offset = 0, index = 0; offset < bytes.length; offset += size, index++) {
    const start = Math.max(0, offset - 4);
    const around = bytes.subarray(start, Math.min(bytes.length, offset + size + 4));
    const part = {
      index,
      bytes: around,
      from: offset - start,
      to: Math.min(offset - start + size, around.length),
      offset,
    };
    const laid = textPart(part, encoding, isContinued);
    shown += laid.rows.map(({ text, line }) => (line !== null && shown !== '' ? `|${text}` : text)).join('');
    isContinued = !laid.endsLine;
  }
  return shown;
}

describe('text in stretches', () => {
  const nasty = 'aé日😀\n\tb\u200bc\0 \r\n\u00a0end 😀😀  ';
  it.each(['UTF-8', 'UTF-16le', 'UTF-16be'] as const)(
    'shows every character once, wherever it is cut, in %s',
    (encoding) => {
      const utf16 = Buffer.from(nasty.repeat(20), 'utf16le');
      const bytes =
        encoding === 'UTF-8' ? Buffer.from(nasty.repeat(20)) : encoding === 'UTF-16le' ? utf16 : utf16.swap16();
      // Stretches are larger than what is looked at around them, and a multiple of four bytes.
      const strip = (text: string): string => text.replaceAll(/[|·]| /g, '').replaceAll('⟨cr⟩', '');
      const whole = strip(together(bytes, 1_000_000, encoding));
      expect(whole).toContain('aé日😀⏎⇥b⟨200b⟩c⟨0000⟩');
      for (const size of [16, 20, 24, 28, 32, 100]) expect(strip(together(bytes, size, encoding))).toBe(whole);
    },
  );

  it('shows bytes that are no character as bytes, the same on both sides of a cut', () => {
    const bytes = Buffer.from('61ff62e697c3a9f09f98c0af80808080806162eda0bd63f0', 'hex');
    const whole = 'a⟨ff⟩b⟨e6⟩⟨97⟩é⟨f0⟩⟨9f⟩⟨98⟩⟨c0⟩⟨af⟩⟨80⟩⟨80⟩⟨80⟩⟨80⟩⟨80⟩ab⟨ed⟩⟨a0⟩⟨bd⟩c⟨f0⟩';
    expect(together(bytes, 1_000, 'UTF-8')).toBe(whole);
    for (const size of [4, 5, 6, 7, 8, 9, 10, 11]) expect(together(bytes, size, 'UTF-8')).toBe(whole);
  });

  it('shows half a pair of UTF-16', () => {
    expect(together(Buffer.from('61003dd86200', 'hex'), 100, 'UTF-16le')).toBe('a⟨d83d⟩b');
  });

  it('numbers lines, and breaks long ones without cutting an emoji', () => {
    const bytes = Buffer.from(`${'😀'.repeat(100)}\nlast`);
    const part = { index: 0, bytes, from: 0, to: bytes.length, offset: 0 };
    const { rows, breaks } = textPart(part, 'UTF-8', false);
    expect(rows.map(({ line }) => line)).toEqual([0, null, 1]);
    expect(rows.map(({ text }) => text).join('')).toBe(`${'😀'.repeat(100)}⏎last`);
    expect(breaks).toBe(1);
  });

  it('keeps three stretches, and says by how many rows the view moves', () => {
    const part = (index: number) => ({ index, rows: Array.from({ length: 10 * (index + 1) }, () => index) });
    const one = slide([], part(4));
    const two = slide(one.loaded, part(5));
    const three = slide(two.loaded, part(6));
    const four = slide(three.loaded, part(7));
    expect([four.loaded.map(({ index }) => index), four.shiftRows]).toEqual([[5, 6, 7], -50]);
    const back = slide(four.loaded, part(4));
    expect([back.loaded.map(({ index }) => index), back.shiftRows]).toEqual([[4, 5, 6], 50]);
    expect(slide(back.loaded, part(90)).loaded.map(({ index }) => index)).toEqual([90]);
  });
});

describe('JSON', () => {
  it.each([
    ['{"a": [1, 2,, 3]}', 1, 13],
    ['{"a": 1', 1, 8],
    ['[1, 2]\n]', 2, 1],
    ['{\n  "a": 01\n}', 2, 9],
    ['["\t"]', 1, 2],
    ["{'a': 1}", 1, 2],
    ['{"a" 1}', 1, 6],
    ['[1,]', 1, 4],
    ['nul', 1, 1],
    ['', 1, 1],
    ['"\\x"', 1, 1],
  ])('%j is none, and it says where', (text, line, column) => {
    expect(() => JSON.parse(text)).toThrow(SyntaxError);
    expect(parseJson(text)).toMatchObject({ ok: false, line, column });
  });

  it.each(['[]', '{}', ' null ', '-0', '1e400', '"\\ud800\\u00e9\\/"', '[[],{"a":{"b":[true,false]}}]', '"😀"'])(
    '%s is some',
    (text) => {
      expect(() => JSON.parse(text)).not.toThrow();
      expect(parseJson(text).ok).toBe(true);
    },
  );

  it('keeps every digit and both of two equal names', () => {
    const found = parseJson('{"id": 9007199254740993.00, "id": 123456789012345678901234567890}');
    if (!found.ok) throw new Error(found.what);
    const rows = jsonRows(found.root, new Set());
    expect(rows.map(({ label, node }) => [label, 'raw' in node ? node.raw : null])).toEqual([
      [null, null],
      ['"id"', '9007199254740993.00'],
      ['"id"', '123456789012345678901234567890'],
    ]);
  });

  it('may be nested 100,000 deep', () => {
    const deep = parseJson('['.repeat(100_000) + ']'.repeat(100_000));
    expect(deep.ok).toBe(true);
    if (deep.ok) expect(jsonRows(deep.root, new Set())).toHaveLength(3);
    expect(parseJson('['.repeat(100_000)).ok).toBe(false);
  });

  it('opens and closes', () => {
    const found = parseJson('{"a": {"b": {"c": 1}}, "d": []}');
    if (!found.ok) throw new Error(found.what);
    const labels = (toggled: string[]) => jsonRows(found.root, new Set(toggled)).map(({ label }) => label);
    expect(labels([])).toEqual([null, '"a"', '"b"', '"d"']);
    expect(labels(['/0'])).toEqual([null, '"a"', '"d"']);
    expect(labels(['/0/0'])).toEqual([null, '"a"', '"b"', '"c"', '"d"']);
  });
});

describe('a time', () => {
  it.each([
    ['text', '2026-03-14T09:00:00+01:00', ['ISO 8601'], '2026-03-14 08:00:00 UTC'],
    ['text', '2026-03-14 09:00:00.25', ['ISO 8601'], '2026-03-14 09:00:00.250 UTC'],
    ['text', '2026-03-14', ['ISO 8601'], '2026-03-14 00:00:00 UTC'],
    ['integer', '1773478800', ['Unix seconds'], '2026-03-14 09:00:00 UTC'],
    ['integer', '1773478800123', ['Unix milliseconds'], '2026-03-14 09:00:00.123 UTC'],
    ['integer', '1773478800123456', ['Unix microseconds'], '2026-03-14 09:00:00.123 UTC'],
    ['real', '2461113.875', ['Julian day'], '2026-03-14 09:00:00 UTC'],
  ])('%s %s is read', (type, value, kinds, utc) => {
    const readings = timeReadings(type, value);
    expect(readings.map(({ kind }) => kind)).toEqual(kinds);
    expect(utcTime(readings[0]?.at ?? new Date(0))).toBe(utc);
    expect(localTime(readings[0]?.at ?? new Date(0))).toMatch(
      /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}, UTC[+-]\d{2}:\d{2}$/,
    );
  });
  it.each([
    ['text', '2026-02-31'],
    ['text', '2026-13-01'],
    ['text', '12345'],
    ['integer', '42'],
    ['integer', '-1'],
    ['real', '9e999'],
    ['blob', '2026-03-14'],
  ])('%s %s is none', (type, value) => expect(timeReadings(type, value)).toEqual([]));

  it('stands beside numbers of columns that are called so', () => {
    expect(timeBeside({ name: 'created_at', type: 'INTEGER' }, 'integer', '1773478800')).not.toBeNull();
    expect(timeBeside({ name: 'size', type: 'INTEGER' }, 'integer', '1773478800')).toBeNull();
    expect(timeBeside({ name: 'x', type: 'DATETIME' }, 'integer', '1773478800')).not.toBeNull();
  });
});

describe('a picture', () => {
  it.each([
    ['89504e470d0a1a0a0000', 'image/png'],
    ['ffd8ffe000104a464946', 'image/jpeg'],
    ['4749463839610100', 'image/gif'],
    ['524946461a000000574542505650', 'image/webp'],
    ['0000001c667479706176696600', 'image/avif'],
    ['424d36000000000000003600', 'image/bmp'],
    ['3c737667', null],
    ['3c3f786d6c', null],
    ['', null],
    ['ffd8', null],
    ['52494646000000005741564566', null],
  ])('is told by its first bytes: %s is %s', (hex, kind) => expect(imageKind(Buffer.from(hex, 'hex'))).toBe(kind));
});

describe('words', () => {
  it('of a cell tell apart what looks alike, and hide nothing', () => {
    const text = (value: string) =>
      cellText({ type: 'text', value, length: new TextEncoder().encode(value).length }).text;
    expect([cellText({ type: 'null' }).text, text(''), text('NULL'), text('0')]).toEqual([
      'NULL',
      'empty text',
      'NULL',
      '0',
    ]);
    expect(cellText({ type: 'null' }).kind).not.toBe(cellText({ type: 'text', value: 'NULL', length: 4 }).kind);
    expect(text('a\u202eb\nc\0')).toBe('a⟨202e⟩b⏎c⟨0000⟩');
    expect(cellText({ type: 'masked', storage: 'text', length: 12 }).text).toBe('hidden, 12 bytes');
    expect(cellText({ type: 'text', value: '', length: 5_000_000, isCut: true }).text).toBe('text, 5.0 MB');
    expect(cellText({ type: 'failed', reason: 'malformed JSON' })).toMatchObject({
      ...{ text: 'cannot be computed: malformed JSON', kind: 'tag' },
    });
    // In UTF-16, where the bytes are other ones than here.
    expect(cellText({ type: 'text', value: 'plain', length: 10 }).isCut).toBe(false);
    expect(cellText({ type: 'text', value: '日', length: 3, isCut: true }).isCut).toBe(true);
  });

  it('of the backups to compare with tell two of the same minute apart', () => {
    const choice = (id: string, second: number, phase: number | null) =>
      backup({ id, createdAt: new Date(2026, 10, 21, 14, 2, second).toISOString(), reason: 'by hand', phase });
    const labels = backupChoices([choice('a', 33, 3), choice('b', 8, null), choice('c', 33, 2), choice('d', 33, 3)]);
    expect(labels).toEqual([
      { value: 'a', label: '2026-11-21 14:02:33, by hand, taken at phase 3' },
      { value: 'b', label: '2026-11-21 14:02:08, by hand, taken before any phase' },
      { value: 'c', label: '2026-11-21 14:02:33, by hand, taken at phase 2' },
      { value: 'd', label: '2026-11-21 14:02:33, by hand, taken at phase 3 (2)' },
    ]);
  });

  it('of a comparison can be read aloud', () => {
    const pair = (column: string | null, backupColumn: string | null, isSame: boolean) => ({ column, backupColumn, now: null, backup: null, isSame }); // prettier-ignore
    const columns = [pair('a', 'a', true), pair('b', 'old_b', false), pair('c', null, false), pair(null, 'd', false)];
    expect(comparisonWords({ backupId: 'x', table: 'users', isThere: true, columns }, 'app_users')).toBe(
      '1 value of 2 differs. 1 column only the backup has. There the table is called users.',
    );
    expect(columns.map((each) => comparisonMark(each, true).word)).toEqual(['the same', 'different', 'new since then', 'only in the backup']); // prettier-ignore
    expect(comparisonWords({ backupId: 'x', table: 't', isThere: false, columns }, 't')).toBe(
      'This row is not in the backup: it came later.',
    );
  });
});
