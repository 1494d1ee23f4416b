import { expect, it } from 'vitest';
import { bounded } from '@engine/bounded.ts';
import type { FromEngine } from '@engine/protocol.ts';
import { serveRequests } from '@engine/requests.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { makeDatabase, temporaryFolder } from '../../support/temporary.ts';

/** What a file calls its things goes to the window as text that is seen, and of a length that can be drawn. */

const folder = temporaryFolder();
const long = 'x'.repeat(6_000);

it('a text that nobody would read to its end is cut, and still told from another one', () => {
  const [one, other] = bounded([`${long}1`, `${long}22`]);

  expect([one?.length, one === other]).toEqual([expect.any(Number), false]);
  expect(one?.length).toBeLessThan(300);
});

it('what acts instead of being seen is shown as what it is, in keys, too', () => {
  expect(bounded({ 'a\u202eb': ['c\u0000d'], e: 'f\u200dg\n' })).toEqual({
    'a\\u202eb': ['c\\u0000d'],
    e: 'f\u200dg\n', // joiners belong to many scripts
  });
  expect(Object.keys(bounded(JSON.parse('{"__proto__": 1}') as object))).toEqual(['__proto__']);
});

it('a path is passed on as it is: the file is found by it', () => {
  expect(bounded({ path: '/a\u202eb', backupFolder: '/c\u200bd', name: 'e\u200bf' })).toEqual({
    ...{ path: '/a\u202eb', backupFolder: '/c\u200bd' },
    name: 'e\\u200bf',
  });
});

it('every answer of the engine is like that', async () => {
  const answered = Promise.withResolvers<FromEngine>();
  const server = serveRequests([shopPack()], (message) => message.type === 'answer' && answered.resolve(message));
  const path = makeDatabase(folder, 'CREATE TABLE "in\u202evoice" (id)');

  server.receive({ type: 'request', id: 1, name: 'inspect', input: { path, check: 'schema' } });

  expect(await answered.promise).toMatchObject({
    result: { error: { message: expect.stringContaining('in\\u202evoice') as string } },
  });
});
