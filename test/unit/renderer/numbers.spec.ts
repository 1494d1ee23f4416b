import { describe, expect, it } from 'vitest';
import { bytes, counted, duration, percent, rate, rowCount, secondsRange } from '../../../renderer/words/numbers.ts';

describe('numbers on screen', () => {
  it('always carry a unit, and the unit agrees with the number', () => {
    expect(counted(1, 'row')).toBe('1 row');
    expect(counted(19_835, 'row')).toBe('19,835 rows');
    expect(counted(2, 'exit criterion', 'exit criteria')).toBe('2 exit criteria');
  });

  it('say "about" for estimated rows only', () => {
    expect(rowCount({ value: 148, isExact: true })).toBe('148');
    expect(rowCount({ value: 200_000, isExact: false })).toBe('about 200,000');
  });

  it('show sizes in decimal units, as file managers do', () => {
    expect(bytes(0)).toBe('0 bytes');
    expect(bytes(1)).toBe('1 byte');
    expect(bytes(999)).toBe('999 bytes');
    expect(bytes(59_900_000)).toBe('59.9 MB');
    expect(bytes(131_000_000)).toBe('131 MB');
    expect(bytes(999_999_999)).toBe('1.0 GB');
    expect(bytes(61_200_000_000)).toBe('61.2 GB');
    expect(bytes(5e15)).toBe('5,000 TB');
  });

  it('show durations as coarsely as they deserve', () => {
    expect(duration(3.7)).toBe('4 ms');
    expect(duration(1_240)).toBe('1.2 s');
    expect(duration(12_400)).toBe('12 s');
    expect(duration(59_600)).toBe('1 min');
    expect(duration(125_000)).toBe('2 min 5 s');
    expect(duration(3_840_000)).toBe('1 h 4 min');
  });

  it('give times that are still to come as ranges', () => {
    expect(secondsRange({ min: 0.1, max: 0.8 })).toBe('less than a second');
    expect(secondsRange({ min: 2.2, max: 2.9 })).toBe('2 to 3 s');
    expect(secondsRange({ min: 2.9, max: 3 })).toBe('2 to 3 s');
    expect(secondsRange({ min: 3, max: 3 })).toBe('about 3 s');
    expect(secondsRange({ min: 70, max: 110 })).toBe('1 to 2 min');
    expect(secondsRange({ min: 4_000, max: 9_000 })).toBe('1 to 3 h');
  });

  it('round speeds to two digits, because the rest is noise', () => {
    expect(rate(41_230)).toBe('41,000 rows/s');
    expect(rate(7)).toBe('7 rows/s');
    expect(rate(0)).toBe('0 rows/s');
  });

  it('never say 100 percent before everything is there', () => {
    expect(percent(0, 0)).toBe(0);
    expect(percent(19_834, 19_835)).toBe(99);
    expect(percent(19_835, 19_835)).toBe(100);
    expect(percent(20_000, 19_835)).toBe(100);
  });
});
