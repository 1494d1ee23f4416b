import { cellAt, pageCountOf, pageSizeOf, recordOf, repairWal, treePage, type TreePage } from './btree.ts';
import type { Random } from './random.ts';
import type { SeedFile } from './seeds.ts';

/** A damaged database, and in words what was done to it. */
export interface Mutant {
  readonly from: string;
  readonly what: string[];
  main: Buffer;
  wal: Buffer | null;
  journal: Buffer | null;
}

type Mutation = (mutant: Mutant, random: Random, seeds: readonly SeedFile[]) => string | null;

/** One to three damages to a seed, the same for the same numbers. */
export function mutantOf(seeds: readonly SeedFile[], random: Random): Mutant {
  const seed = random.pick(seeds);
  const copy = (bytes: Buffer | null): Buffer | null => (bytes === null ? null : Buffer.from(bytes));
  const mutant: Mutant = {
    from: seed.name,
    what: [],
    main: Buffer.from(seed.main),
    wal: copy(seed.wal),
    journal: copy(seed.journal),
  };
  const wanted = 1 + random.below(3);
  for (let tries = 0; mutant.what.length < wanted && tries < 50; tries += 1) {
    const what = random.pick(mutationsFor(mutant))(mutant, random, seeds);
    if (what !== null) mutant.what.push(what);
  }
  return mutant;
}

const mutationsFor = ({ wal, journal }: Mutant): readonly Mutation[] => [
  ...onMain,
  ...(wal || journal ? [...onSidecars, ...onSidecars] : [foreignSidecar]),
];

/** Name, offset, bytes: the database header. */
const fields: readonly (readonly [string, number, 1 | 2 | 4])[] = [
  ['page size', 16, 2], ['write version', 18, 1], ['read version', 19, 1], ['reserved bytes', 20, 1],
  ['greatest fraction', 21, 1], ['least fraction', 22, 1], ['leaf fraction', 23, 1], ['change counter', 24, 4],
  ['page count', 28, 4], ['first free page', 32, 4], ['free pages', 36, 4], ['schema cookie', 40, 4],
  ['schema format', 44, 4], ['cache size', 48, 4], ['greatest root', 52, 4], ['encoding', 56, 4],
  ['user version', 60, 4], ['incremental vacuum', 64, 4], ['application id', 68, 4], ['reserved', 72, 4],
  ['version valid for', 92, 4], ['library version', 96, 4],
]; // prettier-ignore

const onMain: readonly Mutation[] = [
  ({ main }, random) => {
    const [name, at, bytes] = random.pick(fields);
    return `header: ${name} = ${putOdd(main, at, bytes, random)}`;
  },
  onTree('header of a page', (file, page, random) => {
    const [name, at, bytes] = random.pick([
      ['kind', 0, 1], ['first free block', 1, 2], ['cells', 3, 2], ['start of content', 5, 2], ['fragments', 7, 1],
      ['right child', 8, 4],
    ] as const); // prettier-ignore
    return `${name} = ${putOdd(file, page.header + at, bytes, random)}`;
  }),
  onTree('cell pointer', (file, page, random) => {
    if (page.cells === 0) return null;
    return String(putOdd(file, page.pointers + 2 * random.below(page.cells), 2, random, pageSizeOf(file)));
  }),
  onCell('size of a payload', (file, _page, at, random) => String(putOdd(file, at, 1, random))),
  onCell('child page', (file, page, at, random) =>
    page.kind.startsWith('interior') ? String(putOdd(file, at, 4, random, pageCountOf(file))) : null,
  ),
  onCell('header of a record', (file, page, at, random) => {
    const { record } = recordOf(file, page, at);
    return record + 12 < file.length ? String(putOdd(file, record + random.below(12), 1, random)) : null;
  }),
  onCell('content of a record', (file, page, at, random) => {
    const { record } = recordOf(file, page, at);
    const place = record + random.below(200);
    return place < file.length ? String(putOdd(file, place, 1, random)) : null;
  }),
  onCell('overflow chain', (file, page, at, random) => {
    const { overflow } = recordOf(file, page, at);
    return overflow === null ? null : String(putOdd(file, overflow, 4, random, pageCountOf(file)));
  }),
  function freelist({ main }, random) {
    const trunk = main.length >= 36 ? main.readUInt32BE(32) : 0;
    const at = (trunk - 1) * pageSizeOf(main);
    if (trunk === 0 || at + 64 > main.length) return null;
    const offset = random.pick([0, 4, 8, 12, 16]);
    return `free page ${trunk}, byte ${offset} = ${putOdd(main, at + offset, 4, random, pageCountOf(main))}`;
  },
  function schemaText({ main }, random) {
    const words = ['CREATE', 'TABLE', 'INDEX', 'TEXT', 'PRIMARY', 'users', 'assets', '(', 'NOT NULL', 'id'];
    const word = random.pick(words);
    const at = main.indexOf(word, random.below(Math.min(main.length, 40_000)), 'latin1');
    if (at < 0) return null;
    main.write(random.pick(['VIEW  ', '((((', '--', '/*', "''", ';DROP ', '\0\0', 'rowid', 'sqlite_']), at, 'latin1');
    return `schema text: over "${word}" at ${at}`;
  },
  function flips({ main }, random) {
    const count = random.pick([1, 1, 2, 8, 64]);
    for (let flip = 0; flip < count; flip += 1) flipBit(main, random);
    return `${count} flipped bits`;
  },
  function pages({ main }, random) {
    const size = pageSizeOf(main);
    const [from, to] = [random.below(pageCountOf(main)) * size, random.below(pageCountOf(main)) * size];
    if (from + size > main.length || to + size > main.length) return null;
    const how = random.pick(['copied over', 'swapped with', 'zeroed, not']);
    const kept = Buffer.from(main.subarray(to, to + size));
    if (how === 'zeroed, not') main.fill(0, from, from + size);
    else main.copy(main, to, from, from + size);
    if (how === 'swapped with') kept.copy(main, from);
    return `page ${from / size + 1} ${how} page ${to / size + 1}`;
  },
  function length(mutant, random) {
    const size = pageSizeOf(mutant.main);
    const change = random.pick([-size, -3 * size, -1, -random.below(mutant.main.length), 1, size, 10 * size]);
    const wanted = Math.max(0, mutant.main.length + change);
    mutant.main = Buffer.concat([
      mutant.main.subarray(0, wanted),
      Buffer.alloc(Math.max(0, change), random.below(256)),
    ]);
    return `${change} bytes of length`;
  },
  function splice({ main }, random, seeds) {
    const { main: other, name } = random.pick(seeds);
    const size = pageSizeOf(main);
    const from = random.below(pageCountOf(other)) * size;
    const to = random.below(pageCountOf(main)) * size;
    if (from + size > other.length || to + size > main.length) return null;
    other.copy(main, to, from, from + size);
    return `page ${to / size + 1} from ${name}`;
  },
];

const onSidecars: readonly Mutation[] = [
  function walFields({ wal }, random) {
    if (!wal || wal.length < 600) return null;
    const frames = Math.max(1, Math.floor((wal.length - 32) / (24 + Math.max(512, wal.readUInt32BE(8)))));
    const frame = 32 + random.below(frames) * (24 + wal.readUInt32BE(8));
    const at = (random.isOnce(2) ? random.below(8) * 4 : frame + random.below(6) * 4) % (wal.length - 4);
    return `wal: byte ${at} = ${putOdd(wal, at, 4, random)}`;
  },
  function walContent({ wal }, random) {
    if (!wal || wal.length < 600) return null;
    for (let flip = 0; flip < 4; flip += 1) flipBit(wal.subarray(32), random);
    if (random.isOnce(4)) return 'wal: flipped bits';
    repairWal(wal);
    return 'wal: flipped bits, checksums right';
  },
  function walLength(mutant, random) {
    if (!mutant.wal) return null;
    const kept = random.below(mutant.wal.length);
    mutant.wal = mutant.wal.subarray(0, kept);
    return `wal: only ${kept} bytes`;
  },
  function journalFields({ journal }, random) {
    if (!journal || journal.length < 600) return null;
    const [name, at] = random.pick([['magic', 0], ['records', 8], ['nonce', 12], ['pages', 16], ['sector', 20], ['page size', 24], ['first page', 512]] as const); // prettier-ignore
    return `journal: ${name} = ${putOdd(journal, at, 4, random)}`;
  },
  function journalContent(mutant, random) {
    if (!mutant.journal || mutant.journal.length < 600) return null;
    if (random.isOnce(2)) {
      flipBit(mutant.journal.subarray(512), random);
      return 'journal: a flipped bit';
    }
    mutant.journal = mutant.journal.subarray(0, random.below(mutant.journal.length));
    return `journal: only ${mutant.journal.length} bytes`;
  },
  function superJournal(mutant) {
    if (!mutant.journal) return null;
    // The name of a file that SQLite would look for, and remove when it is stale: any file of the user's.
    const name = Buffer.from('../victim.txt');
    const tail = Buffer.alloc(8);
    tail.writeUInt32BE(name.length, 0);
    tail.writeUInt32BE(
      name.reduce((sum, byte) => sum + byte, 0),
      4,
    );
    const magic = Buffer.from('d9d505f920a163d7', 'hex');
    mutant.journal = Buffer.concat([mutant.journal, Buffer.alloc(4), name, tail, magic]);
    return 'journal: names a super-journal';
  },
];

/** The journal of another database, or noise, beside a sound one. */
function foreignSidecar(mutant: Mutant, random: Random, seeds: readonly SeedFile[]): string {
  const which = random.pick(['wal', 'journal'] as const);
  const other = seeds.find((seed) => seed[which] !== null)?.[which] ?? Buffer.alloc(0);
  const noise = Buffer.from(Array.from({ length: 4_000 }, () => random.below(256)));
  mutant[which] = random.isOnce(2) ? Buffer.from(other) : noise;
  return `${which} of another database, or noise`;
}

function onTree(name: string, damage: (file: Buffer, page: TreePage, random: Random) => string | null): Mutation {
  return ({ main }, random) => {
    const number = random.isOnce(4) ? 0 : random.below(pageCountOf(main));
    const page = treePage(main, number);
    const done = page === null ? null : damage(main, page, random);
    return done === null ? null : `page ${number + 1} (${page?.kind}), ${name}: ${done}`;
  };
}

function onCell(
  name: string,
  damage: (file: Buffer, page: TreePage, at: number, random: Random) => string | null,
): Mutation {
  return onTree(name, (file, page, random) => {
    const cell = page.cells === 0 ? null : cellAt(file, page, random.below(page.cells));
    return cell === null ? null : damage(file, page, cell, random);
  });
}

/** Writes one of the values that programs get wrong: nothing, one, the greatest, one beside what it was, or any. */
function putOdd(file: Buffer, at: number, bytes: 1 | 2 | 4, random: Random, near?: number): number {
  if (at + bytes > file.length) return 0;
  const most = 256 ** bytes - 1;
  const now = file.readUIntBE(at, bytes);
  const odd = [
    0,
    1,
    2,
    now + 1,
    now - 1,
    most,
    most >>> 1,
    (most >>> 1) + 1,
    random.below(most),
    near ?? 255,
    random.below(near ?? most),
  ];
  const value = Math.min(most, Math.max(0, random.pick(odd)));
  file.writeUIntBE(value, at, bytes);
  return value;
}

function flipBit(file: Buffer, random: Random): void {
  if (file.length === 0) return;
  const at = random.below(file.length);
  file.writeUInt8(file.readUInt8(at) ^ (1 << random.below(8)), at);
}
