import type { Random } from '../../../migrations/kroma/sample/random.ts';
import type { Row, Value } from '../oracle/rows.ts';
import type { Memory } from './memory.ts';

/** Values of random statements: few of each kind, so that they meet, and every spelling that has made trouble. */
export class Values {
  readonly random: Random;
  readonly memory: Memory;
  /** quality_reports has its old columns beside the new ones. */
  readonly hasOldReports: boolean;
  /** REPLACE without foreign keys leaves reports of candidates that are gone, with us or without us. */
  readonly mayReplace: boolean;
  private made = 0;
  constructor(random: Random, memory: Memory, more: { readonly hasOldReports: boolean; readonly mayReplace: boolean }) {
    this.random = random;
    this.memory = memory;
    this.hasOldReports = more.hasOldReports;
    this.mayReplace = more.mayReplace;
  }

  /** An id of the table, or null when it has no row. */
  some(table: string): string | null {
    const ids = [...this.memory.table(table).keys()];
    return ids.length === 0 ? null : this.random.pick(ids);
  }
  someRow = (table: string): Row | undefined => this.memory.row(table, this.some(table));
  /** Mostly new, now and then one that was there before. */
  id(prefix: string): string {
    return `${prefix}${this.random.chance(0.75) ? `n${(this.made += 1)}` : this.random.int(0, 6)}`;
  }
  time = (): string =>
    this.random.pick(['2026-01-05T10:00:00Z', '2026-01-05 10:00:00', '2026-01-05T12:00:00+02:00', '2027-01-01', 'x']);
  text = (): string => this.random.pick(['a', 'b', 'ü 🦊', `it's`, '']);
  maybe = (): Value => this.random.pick([null, 'a', 'b', '']);
  username = (): string => `name${this.random.int(0, 7)}`;
  json = (): string => this.random.pick(['{}', '{"a":1}', '{"b":[1,2]}', '']);
  index = (): bigint => BigInt(this.random.int(0, 4));
  maybeIndex = (): Value => (this.random.chance(0.25) ? null : this.index());

  path(): string {
    const plain = `${this.random.pick(['a', 'b', 's3://bucket'])}/${this.random.pick(['x.png', 'y.png', 'ü.png', 'z.tar.gz', 'w.zip'])}`;
    const spelled = this.random.chance(0.15) ? plain.replaceAll('/', '\\') : plain;
    return this.random.chance(0.1) ? ` ${spelled}\u00a0` : spelled;
  }
  maybePath = (): Value => (this.random.chance(0.2) ? this.random.pick([null, '', ' ']) : this.path());

  jobMeta = (): string =>
    this.random.pick([
      '{}',
      '{"prompt":"one"}',
      '{"prompt":"","prompt_text":"two"}',
      '{"prompt_text":3}',
      'no json',
      '{"prompt":"one","x":1}',
    ]);

  settings(): string {
    const s3 = this.random.pick([
      '{"bucket":"one","enabled":true}',
      '{"bucket":"two","prefix":""}',
      '{"enabled":"no","region":null}',
      'null',
    ]);
    const local = this.random.pick(['{"base_dir":"art"}', '{"project_root":"root"}', '{}']);
    return this.random.pick([
      '{}',
      '',
      'no json',
      '[]',
      `{"storage":null}`,
      `{"storage":[]}`,
      `{"theme":"dark","storage":{"local":${local}}}`,
      `{"storage":{"s3":${s3},"local":${local}}}`,
      `{"storage":{"s3":${s3}},"theme":"ink"}`,
    ]);
  }

  /** Some of the columns, at least one. */
  someOf(row: Row): Row {
    const columns = Object.keys(row);
    const chosen = columns.filter(() => this.random.chance(0.4));
    const names = chosen.length > 0 ? chosen : [this.random.pick(columns)];
    return Object.fromEntries(names.map((column) => [column, row[column] ?? null]));
  }
}
