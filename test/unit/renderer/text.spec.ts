import { describe, expect, it } from 'vitest';
import { appError } from '@shared/errors.ts';
import { errorForSupport } from '../../../renderer/words/errors.ts';
import { listed, lowerFirst, middleEllipsis, sentence, shortHash, shownName } from '../../../renderer/words/text.ts';
import { ago, dateTime } from '../../../renderer/words/times.ts';

describe('names, paths and hashes', () => {
  it('are shortened in the middle and keep the file name', () => {
    const path = '/home/mara/Documents/Projects/northern-lights/northern-lights.db';
    const short = middleEllipsis(path, 40);
    expect(short).toHaveLength(40);
    expect(short).toMatch(/^\/home\/mara.*….*northern-lights\.db$/);
    expect(middleEllipsis('/a.db', 40)).toBe('/a.db');
  });

  it('of tables and columns are never nothing', () => {
    expect(['runs', '', ' '].map(shownName)).toEqual(['runs', '(no name)', '“ ”']);
    expect(['abc\u202egnp.exe', 'two\nlines'].map(shownName)).toEqual(['abc⟨202e⟩gnp.exe', 'two⟨000a⟩lines']);
  });

  it('show enough of a hash to compare it over the phone', () => {
    expect(shortHash('3f9a1c207be4d855')).toBe('3f9a1c20…');
  });
});

describe('sentences', () => {
  it('list things as people say them', () => {
    expect(listed([])).toBe('');
    expect(listed(['a'])).toBe('a');
    expect(listed(['a', 'b', 'c'])).toBe('a, b and c');
  });

  it('end in one full stop', () => {
    expect(sentence('Your file is healthy')).toBe('Your file is healthy.');
    expect(sentence('Your file is healthy. ')).toBe('Your file is healthy.');
    expect(lowerFirst('Legacy version')).toBe('legacy version');
  });
});

describe('points in time', () => {
  const now = Date.parse('2026-11-21T14:02:33Z');
  it('are relative while they are near, and a date later', () => {
    expect(ago('2026-11-21T14:02:32Z', now)).toBe('just now');
    expect(ago('2026-11-21T14:02:21Z', now)).toBe('12 s ago');
    expect(ago('2026-11-21T13:00:00Z', now)).toBe('1 hour ago');
    expect(ago('2026-11-20T10:00:00Z', now)).toBe('yesterday');
    expect(ago('2026-11-19T10:00:00Z', now)).toBe('2 days ago');
    expect(ago('2026-09-19T10:00:00Z', now)).toMatch(/^on 2026-09-19$/);
  });

  it('of a clock that runs ahead are just now, never in the future', () => {
    expect(ago('2026-11-21T14:05:00Z', now)).toBe('just now');
  });

  it('are shown as they are when they are no time at all', () => {
    expect(dateTime('long ago')).toBe('long ago');
    expect(ago('long ago', now)).toBe('long ago');
  });
});

describe('what is copied for support', () => {
  it('has the code, the three parts and small facts', () => {
    const error = appError('E_DB_IN_USE', 'image-lab, process 4711, has it open.', { process: 4711 });
    expect(errorForSupport(error, 'northern-lights.db').split('\n')).toEqual([
      'E_DB_IN_USE: Another program has this database open',
      'File: northern-lights.db',
      'What happened: image-lab, process 4711, has it open.',
      'Is the data safe: Nothing was changed. Your data is as it was.',
      'What to do: Close the program that uses the file, then try again.',
      'Facts:',
      '  process: 4711',
    ]);
  });
});
