import { parseArgs } from 'node:util';

export interface Options {
  /** About so many trials; Infinity = every point. */
  readonly trials: number;
  readonly seed: number;
  readonly only: readonly string[];
  readonly flows: readonly string[];
  readonly databases: readonly string[];
  /** Bundle, or folder of bundles, to be tried instead of fresh ones. */
  readonly engine: string | null;
  readonly json: string;
  readonly minutes: number;
  /** One trial, as a report names it. */
  readonly repeat: string | null;
  readonly isTracingForbidden: boolean;
  readonly isSoak: boolean;
  readonly lanes: number | null;
}

export const usage = `npm run faults [-- OPTIONS]
  --soak            60,000 faults, 1,000,000 power cuts, 200,000 files, and the last two parts below: some six hours on two cores.
                    May be stopped: test/faults/soak.json keeps what this engine went through, another --soak goes on
  --every           every point of every run, which takes days
  --trials N        about so many (2,260 unless told)
  --seed N          the same points again
  --only a,b        kill, refused, eio, enospc, edquot, emfile, short, pause, memory, file-size, race, other, or a system call;
                    faults, power, fuzz, inputs and control run those parts alone; inputs (the specs of strange files,
                    at full size) and control (faults put in on purpose) only when asked for, or in a soak
  --flow a,b  --database a,b
  --engine PLACE    an engine.cjs, or the folder of one, to be tried instead of a fresh one
  --repeat JSON     one trial, as a report names it
  --minutes N       stop then, however far it came; inputs and control end by themselves
  --no-strace       as on a machine where nothing may be traced
  --json FILE       where the figures go (test-results/faults.json unless told)
  --lanes N         trials at the same time
  --controls        as --only control: every fault put in on purpose, and who noticed`;

/** @throws TypeError for options that there are not. */
export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      soak: { type: 'boolean', default: false },
      every: { type: 'boolean', default: false },
      trials: { type: 'string' },
      seed: { type: 'string' },
      only: { type: 'string', default: '' },
      flow: { type: 'string', default: '' },
      database: { type: 'string', default: '' },
      engine: { type: 'string' },
      json: { type: 'string', default: 'test-results/faults.json' },
      minutes: { type: 'string' },
      repeat: { type: 'string' },
      lanes: { type: 'string' },
      controls: { type: 'boolean', default: false },
      'no-strace': { type: 'boolean', default: false },
    },
  });
  const list = (text: string): string[] => text.split(',').filter(Boolean);
  return {
    trials: values.every ? Infinity : Number(values.trials ?? 2_260),
    seed: Number(values.seed ?? Date.now() % 1_000_000),
    only: values.controls ? ['control'] : list(values.only),
    flows: list(values.flow),
    databases: list(values.database),
    engine: values.engine ?? null,
    json: values.json,
    minutes: Number(values.minutes ?? Infinity),
    repeat: values.repeat ?? null,
    isTracingForbidden: values['no-strace'],
    isSoak: values.soak,
    lanes: values.lanes === undefined ? null : Number(values.lanes),
  };
}
