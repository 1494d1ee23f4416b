import Database from 'better-sqlite3';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { CellRange } from '@shared/browse.ts';
import type { EngineRequestName, EngineRequests, FromEngine } from '@engine/protocol.ts';
import { openBrowser, type Browser } from '@engine/browse/browser.ts';
import { buildEngine, engineBundle } from '../../../support/engine-child.ts';
import { temporaryFolder } from '../../../support/temporary.ts';

/** Values in ranges: put together again they are what was stored, and no range needs the memory of the whole value. */

const folder = temporaryFolder();
const open: Browser[] = [];
afterAll(() => open.forEach((browser) => browser.close()));

const random = Buffer.from(Array.from({ length: 50_000 }, (_, at) => (at * 7_919 + (at >> 8) * 31) % 256));
const text = Array.from({ length: 9_000 }, (_, at) => ['a', 'é', '日', '😀', '\n', '\0'][(at * 5) % 6]).join('');

/** No text in this encoding: stray bytes, half a pair. */
const broken: Readonly<Record<string, string>> = {
  'UTF-8': '61ff620080',
  'UTF-16le': '61003dd86200',
  'UTF-16be': '0061d83d0062',
};

async function browse(encoding: string): Promise<Browser> {
  const file = path.join(folder, `${encoding}.db`);
  const db = new Database(file);
  db.pragma(`encoding = '${encoding}'`);
  db.exec('CREATE TABLE t(id INTEGER PRIMARY KEY, v)');
  const add = db.prepare('INSERT INTO t(v) VALUES (?)');
  for (const value of [text, random, '', Buffer.alloc(0), null, 9_007_199_254_740_993n, -0.5]) add.run(value);
  db.exec(`INSERT INTO t(v) VALUES (CAST(x'${broken[encoding]}' AS TEXT))`);
  db.close();
  const browser = await openBrowser(file, []);
  open.push(browser);
  return browser;
}
const key = (id: number): string => JSON.stringify([['i', String(id)]]);
function range(browser: Browser, id: number, from: number, length: number, asBytes = false): CellRange {
  const found = browser.cell('t', { key: key(id), column: 'v', from, length, asBytes }, false);
  if (!found) throw new Error('it was not loaded');
  return found;
}

describe.each(['UTF-8', 'UTF-16le', 'UTF-16be'])('ranges of a value in %s', (encoding) => {
  let browser: Browser;
  beforeAll(async () => {
    browser = await browse(encoding);
  });

  it.each([1, 2, 3, 5, 64, 1_000, 100_000])('of text, %i bytes each, begin and end between characters', (length) => {
    // The smallest ranges need not be walked to the end.
    const { totalLength } = range(browser, 1, 0, 1);
    const last = Math.min(totalLength, length * 80);
    let [together, end] = ['', 0];
    for (let from = 0; from < last; from += length) {
      const part = range(browser, 1, from, length);
      expect(part).toMatchObject({ type: 'text', totalLength, encoding });
      if (part.length > 0) expect(part.from).toBe(end);
      together += part.value;
      end = Math.max(end, part.from + part.length);
    }
    expect(text.startsWith(together)).toBe(true);
    expect(end).toBeGreaterThanOrEqual(last);
  });

  it('of text as bytes are the bytes of the file', () => {
    const utf16 = Buffer.from(text, 'utf16le');
    const stored = encoding === 'UTF-8' ? Buffer.from(text) : encoding === 'UTF-16le' ? utf16 : utf16.swap16();
    for (const from of [0, 1, 1_001, stored.length - 3]) {
      const part = range(browser, 1, from, 777, true);
      expect(part).toMatchObject({ type: 'text', from, value: stored.subarray(from, from + 777).toString('hex') });
    }
  });

  it('of a blob are exact anywhere, and end with it', () => {
    for (const from of [0, 1, 2, 4_095, 49_999, 50_000, 60_000])
      expect(range(browser, 2, from, 300)).toMatchObject({
        ...{ type: 'blob', from, totalLength: 50_000 },
        value: random.subarray(from, from + 300).toString('hex'),
      });
  });

  it('of the smallest values are these', () => {
    expect([3, 4, 5, 6, 7].map((id) => range(browser, id, 0, 10))).toMatchObject([
      { type: 'text', value: '', totalLength: 0 },
      { type: 'blob', value: '', totalLength: 0 },
      { type: 'null', value: '' },
      { type: 'integer', value: '9007199254740993' },
      { type: 'real', value: '-0.5' },
    ]);
  });

  it('of text that is none in this encoding are its bytes', () => {
    expect(range(browser, 8, 0, 10)).toMatchObject({ type: 'broken-text', value: broken[encoding] });
  });

  it('of rows that are not there are refused', () => {
    expect(() => range(browser, 99, 0, 10)).toThrow('E_BAD_REQUEST');
  });
});

const MEGABYTE = 1_000_000;
const isLinux = process.platform === 'linux';

describe.skipIf(!isLinux)('a value of 100 MB (peaks of memory are read from /proc: Linux only)', () => {
  const file = path.join(folder, 'large.db');
  beforeAll(async () => {
    const db = new Database(file);
    db.exec(`CREATE TABLE t(id INTEGER PRIMARY KEY, v);
      INSERT INTO t VALUES (1, 'begin' || printf('%.*c', 100000000 - 8, 'x') || 'end'), (2, zeroblob(5000000)), (3, 'short')`);
    db.close();
    await buildEngine();
  }, 60_000);

  it('is not loaded by the process that answers pages, and by its helper without growing with every range', async () => {
    const keeper = engine();
    const empty = await keeper.peak('browseTables', { path: file });
    const query = { table: 't', sort: [], filters: [], find: null };
    const page = await keeper.ask('browsePage', { path: file, query, anchor: { at: 'start' }, limit: 10, hasConsent: false }); // prettier-ignore
    expect(page.rows[0]?.cells[1]).toEqual({ type: 'text', value: '', length: 100 * MEGABYTE, isCut: true });
    const large = { path: file, table: 't', key: key(1), column: 'v', isRevealed: false, asBytes: true };
    expect(await keeper.ask('browseCell', { ...large, from: 0, length: 256_000, mayLoad: false })).toBeNull();
    const kept = await keeper.peak('browseRecord', { path: file, table: 't', key: key(1) });
    expect(kept - empty).toBeLessThan(20 * MEGABYTE);

    const helper = engine();
    const ends: string[] = [];
    for (const from of [0, 50 * MEGABYTE, 100 * MEGABYTE - 3]) {
      const part = await helper.ask('browseCell', { ...large, from, length: 256_000, mayLoad: true });
      ends.push(
        Buffer.from(part?.value ?? '', 'hex')
          .toString()
          .slice(0, 6),
      );
      expect(part?.totalLength).toBe(100 * MEGABYTE);
    }
    expect(ends).toEqual(['beginx', 'xxxxxx', 'end']);
    const peakBefore = await helper.peak('browseTables', { path: file });
    for (let at = 0; at < 6; at++)
      await helper.ask('browseCell', { ...large, from: at * MEGABYTE, length: 256_000, mayLoad: true });
    expect((await helper.peak('browseTables', { path: file })) - peakBefore).toBeLessThan(30 * MEGABYTE);
    keeper.end();
    helper.end();
  }, 60_000);

  it('is exported in pieces, with no more than the value itself and a little in memory', async () => {
    const process = engine();
    const empty = await process.peak('browseTables', { path: file });
    const target = path.join(folder, 'large.csv');
    const query = { table: 't', sort: [], filters: [], find: null };
    const asked = { path: file, query, columns: ['v'], revealed: [], format: 'csv' as const, hasMark: false };
    const { bytes } = await process.ask('browseExport', { ...asked, target, partial: `${target}.part` });
    expect(bytes).toBeGreaterThan(100 * MEGABYTE);
    expect((await process.peak('browseTables', { path: file })) - empty).toBeLessThan(145 * MEGABYTE);
    process.end();
  }, 60_000);
});

/** An engine process that stays, as the host keeps one. */
function engine() {
  const child = fork(engineBundle, [], { serialization: 'advanced', stdio: ['ignore', 'ignore', 'inherit', 'ipc'], execArgv: [] }); // prettier-ignore
  let id = 0;
  const ready = new Promise<void>((resolve) =>
    child.on('message', (message: FromEngine) => message.type === 'ready' && resolve()),
  );
  const ask = async <K extends EngineRequestName>(name: K, input: EngineRequests[K]['input']) => {
    await ready;
    const own = ++id;
    return new Promise<EngineRequests[K]['output']>((resolve, reject) => {
      const listen = (message: FromEngine): void => {
        if (message.type !== 'answer' || message.id !== own) return;
        child.off('message', listen);
        if (message.result.ok) resolve(message.result.value as EngineRequests[K]['output']);
        else reject(new Error(message.result.error.message));
      };
      child.on('message', listen);
      child.send({ type: 'request', id: own, name, input });
    });
  };
  return {
    ask,
    /** Bytes that the process has had in memory at most, after one more request. */
    async peak<K extends EngineRequestName>(name: K, input: EngineRequests[K]['input']): Promise<number> {
      await ask(name, input);
      return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync(`/proc/${child.pid}/status`, 'utf8'))?.[1]) * 1_024;
    },
    end: () => child.kill('SIGKILL'),
  };
}
