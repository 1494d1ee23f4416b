import { channels, type ChannelName } from '@shared/channels.ts';
import { ok } from '@shared/errors.ts';
import { coded } from '@shared/errors.ts';
import { createRouter, type Handlers } from '@host/router.ts';
import { describe, expect, it } from 'vitest';
import { codeOf } from './scripted-host.ts';

const names = Object.keys(channels) as ChannelName[];
const silent = Object.fromEntries(names.map((name) => [name, () => ok({})])) as unknown as Handlers;
const throwing = (cause: unknown): Handlers =>
  Object.fromEntries(
    names.map((name) => [
      name,
      () => {
        throw cause;
      },
    ]),
  ) as unknown as Handlers;

/** What no window sends: wrong types, prototype keys, exotic objects. */
function oddValues(): unknown[] {
  const cyclic: Record<string, unknown> = {};
  cyclic['self'] = cyclic;
  let deep: unknown = 1;
  for (let depth = 0; depth < 10_000; depth += 1) deep = [deep];
  const trap = new Proxy(
    {},
    {
      ownKeys: () => {
        throw new Error('trap');
      },
      get: () => {
        throw new Error('trap');
      },
    },
  );
  const values = [
    undefined,
    null,
    true,
    0,
    NaN,
    -1,
    Infinity,
    10n,
    '',
    'x'.repeat(1_000_000),
    [],
    [1],
    new Date(),
    new Map(),
    Symbol('s'),
    () => 1,
  ];
  const keyed = ['handle', 'token', 'recentId', 'toPhase', 'limit', '__proto__', 'constructor', 'toString'].flatMap(
    (key) => [...values, cyclic, deep].map((value) => Object.fromEntries([[key, value]])),
  );
  const full = [
    JSON.parse('{"handle":"h","__proto__":{"isAdmin":true}}') as unknown,
    { handle: 'h', extra: 1 },
    { handle: '../../etc/passwd'.repeat(10) },
    { handle: 'h', toPhase: 1.5, fingerprint: 'f' },
    { handle: 'h', toPhase: 1e9, fingerprint: 'f' },
    Object.create({ handle: 'h' }) as unknown,
  ];
  return [...values, cyclic, deep, trap, ...keyed, ...full];
}

describe('the router', () => {
  it('answers names that are not calls with a value', async () => {
    const router = createRouter(silent);
    for (const name of [
      'nope',
      '',
      '__proto__',
      'constructor',
      'toString',
      'hasOwnProperty',
      1,
      null,
      undefined,
      {},
      ['app:info'],
      Symbol('s'),
      'x'.repeat(1e6),
    ]) {
      const result = await router(name, {});
      expect(codeOf(result)).toBe('E_BAD_REQUEST');
      expect(result.ok ? 0 : result.error.message.length).toBeLessThan(200);
    }
  });

  it('refuses odd inputs of every call without throwing', async () => {
    const router = createRouter(silent);
    let refused = 0;
    for (const name of names) {
      for (const input of oddValues()) {
        const result = await router(name, input);
        if (!result.ok) {
          expect(result.error.code).toBe('E_BAD_REQUEST');
          refused += 1;
        }
      }
    }
    expect(refused).toBeGreaterThan(3_000);
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
  });

  it('gives handlers only what the schema knows', async () => {
    const seen: unknown[] = [];
    const router = createRouter({
      ...silent,
      'database:close': (input) => {
        seen.push(input);
        return ok({});
      },
    });

    expect(codeOf(await router('database:close', { handle: 'h', extra: 1 }))).toBe('E_BAD_REQUEST');
    await router('database:close', { handle: 'h' });

    expect(seen).toEqual([{ handle: 'h' }]);
  });

  it('turns a coded throw into its error and any other into E_INTERNAL, which is logged', async () => {
    const logged: unknown[] = [];
    const log = (channel: string, cause: unknown) => logged.push([channel, cause]);
    const bug = new TypeError('a bug');

    expect(codeOf(await createRouter(throwing(coded('E_DB_BUSY', 'x')), { log })('app:info', {}))).toBe('E_DB_BUSY');
    expect(codeOf(await createRouter(throwing(bug), { log })('app:info', {}))).toBe('E_INTERNAL');
    expect(codeOf(await createRouter(throwing(undefined), { log })('app:info', {}))).toBe('E_INTERNAL');

    expect(logged).toEqual([
      ['app:info', bug],
      ['app:info', undefined],
    ]);
  });

  it('notices wrong answers when it is told to check them', async () => {
    const wrong = createRouter(silent, { checkOutput: true });
    expect(codeOf(await wrong('app:info', {}))).toBe('E_INTERNAL');
    expect(codeOf(await wrong('recents:remove', { recentId: 'r' }))).toBe('no error');
  });
});
