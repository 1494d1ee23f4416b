import { type ChannelName, channels } from '@shared/channels.ts';
import { ok } from '@shared/errors.ts';
import { createRouter, type Handlers } from '@host/router.ts';
import { expect, it } from 'vitest';

/** What a call of no input lets through, and which names are calls at all. */

const names = Object.keys(channels) as ChannelName[];
function setUp() {
  const seen: unknown[] = [];
  const handlers = Object.fromEntries(
    names.map((name) => [name, (input: unknown) => ok(void seen.push(input))]),
  ) as unknown as Handlers;
  return { seen, router: createRouter(handlers) };
}

class Odd {
  readonly of = 'a class';
}

it.each<[string, unknown]>([
  ['a date', new Date(0)],
  ['a map', new Map()],
  ['a set', new Set()],
  ['an error', new Error('x')],
  ['an array', []],
  ['bytes', new Uint8Array(0)],
  ['an object of a class', new Odd()],
  ['one that inherits', Object.create({ handle: 'h' })],
])('%s is no input, also where nothing is asked for', async (_, input) => {
  const { seen, router } = setUp();
  for (const name of names)
    expect(await router(name, input)).toMatchObject({
      ok: false,
      error: { code: 'E_BAD_REQUEST', message: expect.stringContaining('it is no plain object') as string },
    });
  expect(seen).toEqual([]);
});

it.each(['constructor', '__proto__', 'toString', 'hasOwnProperty'])(
  'what every object has (%s) is no call',
  async (name) => {
    expect(await setUp().router(name, {})).toMatchObject({
      error: { code: 'E_BAD_REQUEST', message: `There is no call named "${name}".` },
    });
  },
);

it('an object without a prototype is one like any other', async () => {
  const { seen, router } = setUp();
  expect(await router('app:info', Object.create(null))).toMatchObject({ ok: true });
  expect(seen).toHaveLength(1);
});
