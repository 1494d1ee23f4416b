import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../support/temporary.ts';
import { goals, openSoak } from './soak.ts';

const folder = temporaryFolder();
const engine = path.join(folder, 'engine.cjs');
let count = 0;

function freshSoak() {
  writeFileSync(engine, 'one engine');
  const file = path.join(folder, `soak-${(count += 1)}.json`);
  return { file, open: () => openSoak(file, engine) };
}

it('a soak that was stopped goes on with what is left, whichever part it was in', () => {
  const { open } = freshSoak();
  expect(open().left('faults')).toBe(60_000);

  const tell = open().begin('faults', 1);
  tell(20_000, 0);
  tell(45_000, 1); // the same piece, further on
  open().begin('faults', 2)(5_000, 0);
  open().begin('power', 3)(1_000_003, 0);

  expect([open().left('faults'), open().left('power'), open().left('fuzz')]).toEqual([10_000, 0, goals.fuzz]);
  expect(open().violations()).toBe(1);
  expect(open().summary().split('\n')).toEqual([
    'faults: 50000 of 60000 in 0 min, 1 violations',
    'power: 1000003 of 1000000 in 0 min, 0 violations',
    'fuzz: 0 of 200000 in 0 min, 0 violations',
    'inputs: 0 of 1 in 0 min, 0 violations',
    'control: 0 of 1 in 0 min, 0 violations',
  ]);
});

it('keeps the seeds, so that every piece can be run again', () => {
  const { file, open } = freshSoak();
  open().begin('fuzz', 77)(500, 0);
  open().begin('fuzz', 78)(10, 0);

  const { pieces } = JSON.parse(readFileSync(file, 'utf8')) as { pieces: { seed: number; done: number }[] };
  expect(pieces.map(({ seed, done }) => [seed, done])).toEqual([
    [77, 500],
    [78, 10],
  ]);
  expect(() => open().begin('fuzz', 77)).toThrow('77 already');
});

it('what another engine went through does not count', () => {
  const { open } = freshSoak();
  open().begin('power', 1)(900_000, 0);
  writeFileSync(engine, 'the engine, one line changed');

  expect(open().left('power')).toBe(1_000_000);
  open().begin('power', 2)(10, 0);
  expect(open().left('power')).toBe(999_990);
});
