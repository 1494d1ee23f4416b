import { copyFileSync, lstatSync, readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { untouchedText } from '@shared/errors.ts';
import { passGate } from '@engine/gate.ts';
import { codeOf } from '../../support/code-of.ts';
import { addEveryKindOfPage, edit, layoutOf, numbers, structuralDamage } from './support/damage.ts';
import { times } from './support/effort.ts';
import { buildInputsEngine, startEngine } from './support/engine.ts';
import {
  everywhere,
  makeSandbox,
  openFolder,
  put,
  refusals,
  type Sandbox,
  templateDatabase,
  upgradeAndVerify,
} from './support/sandbox.ts';

/** Files that were databases: cut, flipped, mixed up. */

const base = openFolder();
afterAll(() => rmSync(base, { recursive: true, force: true }));
beforeAll(buildInputsEngine);
const engine = startEngine();

let whole: Buffer;
beforeAll(() => {
  whole = readFileSync(templateDatabase(base));
});

/**
 * Looks at each content in turn, and makes sure that looking changed nothing.
 * @returns how often each code was met; 'looks well' where it was not refused.
 */
async function lookAtEach(box: Sandbox, contents: Iterable<Buffer>): Promise<Map<string, number>> {
  const found = new Map<string, number>();
  for (const content of contents) {
    put(box.file, content);
    const before = lstatSync(box.file, { bigint: true });
    const startedAt = performance.now();
    const look = await engine.ask('inspect', { path: box.file, check: 'data' }, { limitMs: 10_000 });
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    const code = look.ok ? 'looks well' : look.error.code;
    found.set(code, (found.get(code) ?? 0) + 1);
    if (!look.ok) expect(look.error.safety).toBe(untouchedText(look.error.code));
    expect(lstatSync(box.file, { bigint: true }).mtimeNs).toBe(before.mtimeNs);
    expect(readFileSync(box.file).equals(content)).toBe(true);
  }
  return found;
}

describe('F09: a length that is not that of the database', () => {
  it('cut at every page boundary, and at odd places', async () => {
    const box = makeSandbox(base);
    const random = numbers(9);
    const lengths = [
      ...Array.from({ length: whole.length / 4096 - 1 }, (_, index) => (index + 1) * 4096),
      ...Array.from({ length: 100 }, () => 512 + random(whole.length - 513)),
      whole.length - 1,
    ];
    for (const length of lengths) {
      put(box.file, whole.subarray(0, length));
      expect(
        codeOf(() => passGate(box.file)),
        `${length} bytes`,
      ).toBe('E_TRUNCATED');
    }
    const some = lengths.filter((_, index) => index % times(40, 1) === 0);

    const found = await lookAtEach(
      box,
      some.map((length) => whole.subarray(0, length)),
    );

    expect(Object.fromEntries(found)).toEqual({ E_TRUNCATED: some.length });
    expect(await refusals(engine, box)).toEqual(everywhere('E_TRUNCATED'));
  });

  it('something behind the end', async () => {
    const box = makeSandbox(base);
    const tails = [1, 511, 4095, 4096, 65_536].flatMap((length) => [Buffer.alloc(length), Buffer.alloc(length, 0xa5)]);

    const found = await lookAtEach(
      box,
      tails.map((tail) => Buffer.concat([whole, tail])),
    );

    expect(Object.fromEntries(found)).toEqual({ E_SIZE_MISMATCH: tails.length });
    expect(await refusals(engine, box)).toEqual(everywhere('E_SIZE_MISMATCH'));
  });

  it('cut at page boundaries where an old program did not keep the number of pages: SQLite finds what is missing', async () => {
    const box = makeSandbox(base);
    const old = Buffer.from(whole);
    old.writeUInt32BE(old.readUInt32BE(92) + 1, 92);
    const pages = Array.from({ length: 12 }, (_, index) => 1 + Math.floor((index * (whole.length / 4096 - 2)) / 11));

    const found = await lookAtEach(
      box,
      pages.map((page) => old.subarray(0, page * 4096)),
    );

    expect(Object.fromEntries(found)).toEqual({ E_CORRUPT: pages.length });
    expect(await lookAtEach(box, [old])).toEqual(new Map([['looks well', 1]]));
  });
});

describe('F10: each field of the header', () => {
  /** Offset and length of a field, and what any other value than the right one leads to. */
  const strict = [
    ['page size', 16, 2],
    ['write version', 18, 1],
    ['read version', 19, 1],
    ['largest payload fraction', 21, 1],
    ['smallest payload fraction', 22, 1],
    ['leaf payload fraction', 23, 1],
  ] as const;
  const values = (length: number): number[] =>
    [0, 1, 2, 3, 0x7f, 0x80, 0xff, 0x100, 0x7fff, 0x8000, 0xffff, 0x7fffffff, 0x80000000, 0xffffffff].filter(
      (value) => value < 2 ** (8 * length),
    );
  const withField = (at: number, length: number, value: number): Buffer => {
    const bytes = Buffer.from(whole);
    bytes.writeUIntBE(value, at, length);
    return bytes;
  };

  it.each(strict)('%s: never believed when it is wrong', async (_, at, length) => {
    const others = values(length)
      .map((value) => withField(at, length, value))
      .filter((bytes) => !bytes.equals(whole));
    // A file that says it is in WAL mode is one that works.
    const isMode = at === 18 || at === 19;
    const found = await lookAtEach(makeSandbox(base), others);
    const wrong = [...found.keys()].filter(
      (code) => !['E_CORRUPT', 'E_TRUNCATED', 'E_SIZE_MISMATCH', ...(isMode ? ['looks well'] : [])].includes(code),
    );
    expect(wrong).toEqual([]);
  });

  it.each<[string, number, number, code: string, values: number[]]>([
    ['reserved bytes of a page', 20, 1, 'E_CORRUPT', [1, 8, 32, 255]],
    ['text encoding', 56, 4, 'E_CORRUPT', [2, 3, 4, 9, 0xffffffff]],
    ['schema format of a later version', 44, 4, 'E_CORRUPT', [5, 99]],
    ['first page of the free list', 32, 4, 'E_CORRUPT', [5, 99_999]],
    ['number of free pages', 36, 4, 'E_CORRUPT', [7, 99_999]],
    ['root page that only auto_vacuum has', 52, 4, 'E_CORRUPT', [9]],
    ['incremental vacuum without auto_vacuum', 64, 4, 'E_CORRUPT', [1]],
    ['number of pages, too few', 28, 4, 'E_SIZE_MISMATCH', [1, 3]],
    ['number of pages, too many', 28, 4, 'E_TRUNCATED', [99_999, 0xffffffff]],
  ])('%s: has its code from every door', async (_, at, length, code, wrong) => {
    const contents = wrong.map((value) => withField(at, length, value));
    expect(await lookAtEach(makeSandbox(base), contents)).toEqual(new Map([[code, contents.length]]));
    const box = makeSandbox(base);
    put(box.file, contents.at(-1) ?? '');
    const only = ['plan', 'run', 'backup'] as const;
    expect(await refusals(engine, box, { only, withinMs: 10_000 })).toEqual(everywhere(code, only));
  });

  it('every other byte of it: a code of the list or a file that looks well, and nothing written', async () => {
    const random = numbers(10);
    const offsets = Array.from({ length: 100 }, (_, at) => at);
    const contents = offsets.flatMap((at) =>
      [0x00, 0xff, (whole[at] ?? 0) ^ (1 << random(8))].map((value) => withField(at, 1, value)),
    );
    const some = contents.filter((_, index) => index % times(5, 1) === 0);

    const found = await lookAtEach(makeSandbox(base), some);

    expect([...found.keys()].filter((code) => !known.has(code))).toEqual([]);
    expect(found.get('looks well')).toBeGreaterThan(5); // counters and versions, of which any value is right
  });

  it('a file with odd counters that looks well is upgraded well', async () => {
    const odd = [
      [24, 0xffffffff],
      [40, 0xffffffff],
      [96, 0],
    ] as const;
    for (const [at, value] of odd.slice(0, times(1, 3))) {
      const box = makeSandbox(base);
      put(box.file, withField(at, 4, value));
      expect(await upgradeAndVerify(engine, box), `field at ${at}`).toBeNull();
    }
  });
});

const known = new Set([
  'looks well',
  'E_CORRUPT',
  'E_TRUNCATED',
  'E_SIZE_MISMATCH',
  'E_FOREIGN_DATABASE',
  'E_LEDGER_TAMPERED',
  'E_NAME_COLLISION',
  'E_NEWER_SCHEMA',
  'E_NOT_SQLITE',
  'E_ENCRYPTED',
]);

describe('F11: a bit flips', () => {
  const flips = times(60, 5_000);
  const upgrades = times(1, 500);

  it(
    `anywhere in the file, ${flips} times (5,000 in the soak): damage is named, or the upgrade keeps what the file says`,
    { timeout: 3_600_000 },
    async () => {
      const random = numbers(11);
      const box = makeSandbox(base);
      const harmless: Buffer[] = [];
      const found = new Map<string, number>();
      for (let flip = 0; flip < flips; flip += 1) {
        const bytes = Buffer.from(whole);
        const at = random(bytes.length);
        bytes.writeUInt8((bytes[at] ?? 0) ^ (1 << random(8)), at);
        const [[code] = ['']] = await lookAtEach(box, [bytes]);
        found.set(code, (found.get(code) ?? 0) + 1);
        if (code === 'looks well') harmless.push(bytes);
      }
      expect([...found.keys()].filter((code) => !known.has(code))).toEqual([]);

      for (const bytes of harmless.slice(0, upgrades)) {
        const upgraded = makeSandbox(base);
        put(upgraded.file, bytes);
        const wrong = await upgradeAndVerify(engine, upgraded);
        if (wrong !== null)
          expect(wrong).toMatch(/^E_(CORRUPT|PREFLIGHT_UNKNOWN_OBJECT|FOREIGN_DATABASE|VERIFY_FAILED)/);
      }
    },
  );
});

describe('F12: damage to the structure', () => {
  let sound = '';
  beforeAll(() => {
    sound = path.join(base, 'every-kind.db');
    copyFileSync(templateDatabase(base), sound);
    addEveryKindOfPage(sound);
  });

  it('the file itself is well before it is damaged', async () => {
    const box = makeSandbox(base, { from: sound });
    expect(await refusals(engine, box, { only: ['inspect', 'plan'] })).toEqual({ inspect: null, plan: null });
  });

  it.each(Object.entries(structuralDamage))('%s', async (_, damage) => {
    const box = makeSandbox(base, { from: sound });
    const layout = layoutOf(sound);
    edit(box.file, (bytes) => damage(bytes, layout));
    const startedMb = memoryMb(await engine.pid());

    const only = times(1, 2) === 1 ? (['inspect', 'run'] as const) : undefined;
    expect(await refusals(engine, box, { withinMs: 10_000, ...(only ? { only } : {}) })).toEqual(
      everywhere('E_CORRUPT', only),
    );

    expect(memoryMb(await engine.pid()) - startedMb).toBeLessThan(300);
  });
});

const memoryMb = (pid: number): number =>
  Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
