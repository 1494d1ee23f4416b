// `npm run bench -- --browse 10000000`: looking through a large table, beside plain LIMIT and OFFSET. See README.md.
import { loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import Database from 'better-sqlite3';
import type { Anchor, BrowseQuery } from '@shared/browse.ts';
import { browseFile, TABLE } from './browse-file.ts';
import { measureScrolling } from './browse-window.ts';
import { buildBundles, startEngine, type StayingEngine } from './engine.ts';

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: { browse: { type: 'boolean' }, 'no-window': { type: 'boolean' } },
});
const rows = Number(positionals[0] ?? 10_000_000);
if (!Number.isSafeInteger(rows) || rows < 1_000) throw new Error('npm run bench -- --browse [ROWS] [--no-window]');

const PAGE_ROWS = 100;
const JUMPS = 500;
/** Each takes hundreds of ms. */
const OFFSET_JUMPS = 12;
/** Of 100 kinds: one row in a hundred is left. */
const KIND = 'kind-42';

const all: BrowseQuery = { table: TABLE, sort: [], filters: [], find: null };
const byWeight: BrowseQuery = { ...all, sort: [{ column: 'weight', isDescending: false }] };
/** Agreed to in the app before it begins; the dearest thing that can be asked, also in memory. */
const byNote: BrowseQuery = { ...all, sort: [{ column: 'note', isDescending: true }] };
const ofKind: BrowseQuery = { ...all, filters: [{ operator: 'equals', column: 'kind', value: KIND }] };

const file = browseFile(rows);
await buildBundles();
const ours = await measureEngine();
const beside = measureOffset();
console.log(`\n${rows} rows, pages of ${PAGE_ROWS}; load ${loadavg()[0]?.toFixed(1)}`);
const line = (name: string, ...cells: readonly string[]): void =>
  console.log(`${name.padEnd(30)}${cells.map((cell) => cell.padStart(12)).join('')}`);
line('', 'p50', 'p95', 'OFFSET p50', 'ratio');
for (const [name, times] of Object.entries(ours.times)) {
  const [middle, high] = [percentile(times, 50), percentile(times, 95)];
  const plain = beside[name] && percentile(beside[name], 50);
  line(name, ms(middle), ms(high), plain ? ms(plain) : '', plain ? `${(middle / plain).toFixed(4)}x` : '');
}
for (const [name, seconds] of Object.entries(ours.background))
  line(`${name}, in the background`, `${seconds.toFixed(1)} s`);
line('peak memory of the engine', `${ours.peakMegabytes.toFixed(0)} MB`);
if (values['no-window'] !== true) {
  const scrolling = await measureScrolling(file, TABLE);
  line('scrolling for 10 s', `${scrolling.rowsPassed} rows passed`);
  line('longest task, CPU', ms(scrolling.longestCpuMs));
  line('longest task, by the clock', `${ms(scrolling.longestMs)}, ${scrolling.longTasks} above 50 ms`);
}

type Times = Record<string, number[]>;

/** Through the protocol, as the host asks; the answer's way between the processes is part of it. */
async function measureEngine(): Promise<{ times: Times; background: Record<string, number>; peakMegabytes: number }> {
  const engine = await startEngine();
  const times: Times = {};
  const background: Record<string, number> = {};
  const page = (name: string, query: BrowseQuery, anchor: Anchor) =>
    timed(times, name, () =>
      engine.ask('browsePage', { path: file, query, anchor, limit: PAGE_ROWS, hasConsent: true }),
    );
  await timed(times, 'tables of the file', () => engine.ask('browseTables', { path: file }));
  let since = performance.now();
  const first = await page('first rows', all, { at: 'start' });
  await page('middle, at once', all, { at: 'position', position: Math.floor(rows / 2) });
  background['position index'] = await untilCounted(engine, all, since);
  let last = first.rows.at(-1)?.key ?? '';
  for (let turn = 0; turn < JUMPS; turn++) {
    const next = await page('next page', all, { at: 'after', key: last });
    last = next.rows.at(-1)?.key ?? last;
  }
  await jump('jump', all, page, rows);
  since = performance.now();
  await page('sorted, first rows', byWeight, { at: 'start' });
  background['position index, sorted'] = await untilCounted(engine, byWeight, since);
  await jump('sorted by an index, jump', byWeight, page, rows);
  since = performance.now();
  await page('filtered, first rows', ofKind, { at: 'start' });
  background['position index, filtered'] = await untilCounted(engine, ofKind, since);
  await jump('filtered, jump', ofKind, page, Math.floor(rows / 100));
  await page('sorted without an index', byNote, { at: 'start' });
  return { times, background, ...(await engine.end()) };
}

type Page = (name: string, query: BrowseQuery, anchor: Anchor) => Promise<unknown>;

async function jump(name: string, query: BrowseQuery, page: Page, among: number): Promise<void> {
  for (const position of places(JUMPS, among)) await page(name, query, { at: 'position', position });
}

/** @returns seconds from the first question until every row has its number. */
async function untilCounted(engine: StayingEngine, query: BrowseQuery, startedAt: number): Promise<number> {
  for (;;) {
    const { isFinal } = await engine.ask('browseCount', { path: file, query });
    if (isFinal) return (performance.now() - startedAt) / 1_000;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** What everybody writes first, in this process, prepared once. */
function measureOffset(): Times {
  const db = new Database(file, { readonly: true });
  const times: Times = {};
  const measure = (name: string, sql: string, among: number): void => {
    const statement = db.prepare(`SELECT * FROM ${TABLE} ${sql} LIMIT ${PAGE_ROWS} OFFSET ?`);
    for (const position of places(OFFSET_JUMPS, among)) {
      const startedAt = performance.now();
      statement.all(position);
      (times[name] ??= []).push(performance.now() - startedAt);
    }
  };
  measure('jump', 'ORDER BY id', rows);
  measure('sorted by an index, jump', 'ORDER BY weight, id', rows);
  measure('filtered, jump', `WHERE kind = '${KIND}' ORDER BY id`, Math.floor(rows / 100));
  db.close();
  return times;
}

/** The same places in every run: a sequence by Park and Miller. */
function places(howMany: number, among: number): number[] {
  let seed = 20_260_221;
  return Array.from({ length: howMany }, () => {
    seed = (seed * 48_271) % 2_147_483_647;
    return Math.floor((seed / 2_147_483_647) * (among - PAGE_ROWS));
  });
}

async function timed<T>(times: Times, name: string, work: () => Promise<T>): Promise<T> {
  const startedAt = performance.now();
  const value = await work();
  (times[name] ??= []).push(performance.now() - startedAt);
  return value;
}

function percentile(values: readonly number[], of: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil((of / 100) * sorted.length) - 1)] ?? NaN;
}

function ms(value: number): string {
  return `${value < 10 ? value.toFixed(2) : value.toFixed(0)} ms`;
}
