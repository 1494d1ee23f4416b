import { type ChannelName, channels } from '@shared/channels.ts';
import { Filter } from '@shared/browse.ts';
import { describe, expect, it } from 'vitest';

/** How much a call may ask for: whoever can send one must not make the host, or its engine, work without end. */

const x = (length: number): string => 'x'.repeat(length);
const list = <T>(length: number, item: T): T[] => Array.from({ length }, () => item);
const isTaken = (name: ChannelName, input: object): boolean =>
  channels[name].input.safeParse({ handle: 'h', ...input }).success;

const query = { table: 't', sort: [], filters: [], find: null };
const cell = { table: 't', key: 'k', column: 'c', from: 0, length: 1, isRevealed: false };
const page = { query, anchor: { at: 'position', position: 0 }, limit: 500, hasConsent: false };
const rows = { query, columns: null, format: 'csv', hasMark: false, revealed: [] };
const run = { toPhase: 1, fingerprint: 'f', confirmation: null };
const layout = { order: [], pinned: [], hidden: [], widths: [] };

describe('a call', () => {
  it.each<[name: ChannelName, good: object, bad: object[]]>([
    ['database:status', { handle: x(64) }, [{ handle: '' }, { handle: x(65) }]],
    ['plan:make', { toPhase: 99 }, [{ toPhase: -1 }, { toPhase: 100 }, { toPhase: 1.5 }]],
    ['run:start', run, [{ ...run, toPhase: -1 }, { ...run, toPhase: 100 }, { ...run, confirmation: x(4_097) }]],
    ['ingest:use', { tokens: list(1_000, 't') }, [{ tokens: [] }, { tokens: list(1_001, 't') }]],
    ['backup:tidy', { keep: 1_000, isTrial: true }, [{ keep: 0, isTrial: true }, { keep: 1_001, isTrial: true }, { keep: 1, isTrial: false, shown: list(1_001, 'p') }]],
    ['report:save', { name: `${x(200)}.txt`, text: '' }, ['../a.txt', 'a/b.txt', 'a.db', `${x(201)}.txt`].map((name) => ({ name, text: '' }))],
    ['issues:list', { afterId: 1, limit: 500 }, [{ afterId: 1, limit: 0 }, { afterId: 1, limit: 501 }]],
    ['browse:layout', { table: x(10_000) }, [{ table: x(10_001) }]],
    ['browse:cell', { ...cell, length: 262_144 }, [{ ...cell, length: 0 }, { ...cell, length: 262_145 }, { ...cell, from: -1 }, { ...cell, key: x(100_001) }]],
    ['browse:export', { ...rows, columns: list(2_000, 'c') }, [{ ...rows, columns: list(2_001, 'c') }, { ...rows, revealed: list(2_001, 'c') }]],
    ['browse:page', page, [
      ...[0, 501].map((limit) => ({ ...page, limit })),
      { ...page, anchor: { at: 'position', position: -1 } },
      { ...page, query: { ...query, sort: list(9, { column: 'c', isDescending: false }) } },
      { ...page, query: { ...query, filters: list(33, { operator: 'is-null', column: 'c' }) } },
      { ...page, query: { ...query, find: x(1_001) } },
    ]],
    ['browse:setLayout', { table: 't', layout }, [
      ...[39, 2_001].map((px) => ({ table: 't', layout: { ...layout, widths: [{ column: 'c', px }] } })),
      { table: 't', layout: { ...layout, hidden: list(2_001, 'c') } },
    ]],
  ])('%s takes so much and no more', (name, good, bad) => {
    expect(isTaken(name, good)).toBe(true);
    for (const each of bad) expect([each, isTaken(name, each)]).toEqual([each, false]);
  }); // prettier-ignore
});

describe('a filter', () => {
  const refers = { operator: 'refers', columns: ['c'], key: 'k' };
  it.each<[operator: string, good: object, bad: object[]]>([
    ['equals', { column: 'c', value: x(10_000) }, [{ column: 'c', value: x(10_001) }, { column: x(10_001), value: '' }]],
    ['between', { column: 'c', from: '1', to: '2' }, [{ column: 'c', from: x(10_001), to: '' }, { column: 'c', from: '', to: x(10_001) }]],
    ['in', { column: 'c', values: list(1_000, 'v') }, [{ column: 'c', values: [] }, { column: 'c', values: list(1_001, 'v') }]],
    ['json-equals', { column: 'c', path: x(1_000), value: '' }, [{ column: 'c', path: x(1_001), value: '' }]],
    ['refers', { ...refers, columns: list(32, 'c') }, [{ ...refers, columns: [] }, { ...refers, columns: list(33, 'c') }, { ...refers, isNumeric: list(33, true) }, { ...refers, collations: list(33, 'BINARY') }]],
  ])('%s compares so much and no more', (operator, good, bad) => {
    expect(Filter.safeParse({ operator, ...good }).success).toBe(true);
    for (const each of bad) expect([each, Filter.safeParse({ operator, ...each }).success]).toEqual([each, false]);
  }); // prettier-ignore
});
