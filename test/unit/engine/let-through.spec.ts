import fs from 'node:fs';
import path from 'node:path';
import { coded } from '@shared/errors.ts';
import type { EngineRunEvent } from '@engine/protocol.ts';
import { expect, it } from 'vitest';
import { codeOfPromise } from '../../support/code-of.ts';
import { makeShop, upgradeShop } from '../../support/engine/run-shop.ts';
import { temporaryFolder } from '../../support/temporary.ts';

/** Whoever may end a run for its silence has to know what it has changed by then, and that it lives. */

const folder = temporaryFolder();

it.each([false, true])('a run changes nothing before its host knows of the backup (log: %s)', async (wal) => {
  const file = makeShop(folder, { wal });
  const before = fs.readFileSync(file);
  const events: EngineRunEvent[] = [];
  const seen: unknown[] = [];
  const beforeChange = () => {
    seen.push(events.at(-1)?.type, fs.existsSync(`${file}-journal`), fs.existsSync(`${file}-wal`));
    return Promise.reject(coded('E_CANCELLED', 'Nobody is there.'));
  };

  expect(await codeOfPromise(upgradeShop(file, { events, more: { beforeChange } }))).toBe('E_CANCELLED');

  expect(seen.slice(0, 2)).toEqual(['backup', false]);
  expect(fs.readFileSync(file).equals(before)).toBe(true);
  expect(fs.readdirSync(path.join(path.dirname(file), 'locks'))).toEqual([]);
});

it('gives signs of life before its backup, and while it makes it', async () => {
  const signs: number[] = [];
  const events: EngineRunEvent[] = [];
  const onSign = () => void signs.push(events.findIndex(({ type }) => type === 'partial'));
  const { ok } = await upgradeShop(makeShop(folder), { events, more: { onSign } });
  expect(ok).toBe(true);
  expect(signs.filter((at) => at < 0).length).toBeGreaterThanOrEqual(6);
  expect(signs.filter((at) => at >= 0).length).toBeGreaterThanOrEqual(5);
});
