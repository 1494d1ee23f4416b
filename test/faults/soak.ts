import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a soak adds up to. It takes hours, and may take them in pieces: another `--soak` goes on where the last one ended. */
export const goals = { faults: 60_000, power: 1_000_000, fuzz: 200_000, inputs: 1, control: 1 } as const;
export type Part = keyof typeof goals;
export const parts = Object.keys(goals) as readonly Part[];

/** One piece, as far as it came. */
interface Piece {
  readonly part: Part;
  readonly seed: number;
  readonly done: number;
  readonly violations: number;
  readonly seconds: number;
}
interface Record {
  /** Of the engine: what another one went through says nothing about this one. */
  readonly engine: string;
  readonly pieces: readonly Piece[];
}

export interface Soak {
  /** How many are still to be done; 0 = the goal is reached. */
  left(part: Part): number;
  /**
   * @returns what is to be told now and then how far this piece has come: whoever stops the process loses little.
   * @throws Error for a seed that a piece of this part had already: its points would count twice.
   */
  begin(part: Part, seed: number): (done: number, violations: number) => void;
  /** Over all pieces. */
  violations(): number;
  /** One line for each part. */
  summary(): string;
}

/** @param file of the record. @param engine bundle that is tried. */
export function openSoak(file: string, engine: string): Soak {
  const hash = createHash('sha256').update(readFileSync(engine)).digest('hex');
  const known = existsSync(file) ? (JSON.parse(readFileSync(file, 'utf8')) as Record) : undefined;
  let pieces: readonly Piece[] = known?.engine === hash ? known.pieces : [];
  const sum = (part: Part, name: 'done' | 'violations' | 'seconds'): number =>
    pieces.reduce((total, piece) => total + (piece.part === part ? piece[name] : 0), 0);
  return {
    left: (part) => Math.max(0, goals[part] - sum(part, 'done')),
    begin(part, seed) {
      const before = pieces;
      if (before.some((piece) => piece.part === part && piece.seed === seed))
        throw new Error(`${file} has ${part} of seed ${seed} already: they would count twice`);
      const startedAt = performance.now();
      return (done, violations) => {
        const seconds = Math.round((performance.now() - startedAt) / 1_000);
        pieces = [...before, { part, seed, done, violations, seconds }];
        write(file, { engine: hash, pieces });
      };
    },
    violations: () => parts.reduce((total, part) => total + sum(part, 'violations'), 0),
    summary: () =>
      parts
        .map((part) => {
          const done = `${part}: ${sum(part, 'done')} of ${goals[part]} in ${Math.round(sum(part, 'seconds') / 60)} min`;
          return `${done}, ${sum(part, 'violations')} violations`;
        })
        .join('\n'),
  };
}

/** By another name first: whoever stops the process must find a whole one. */
function write(file: string, record: Record): void {
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(`${file}.new`, `${JSON.stringify(record, null, 2)}\n`);
  renameSync(`${file}.new`, file);
}
