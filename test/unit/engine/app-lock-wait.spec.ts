import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import fs from 'node:fs';
import path from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import Database from 'better-sqlite3';
import { afterEach, describe, expect, it } from 'vitest';
import { toAppError } from '@shared/errors.ts';
import { startInStat } from '@shared/process-state.ts';
import { takeAppLock } from '@engine/app-lock.ts';
import { patiently } from '@engine/app-lock-wait.ts';
import { identify } from '@engine/identity.ts';
import { inspect } from '@engine/inspect.ts';
import { codeOf, codeOfPromise } from '../../support/code-of.ts';
import { makeShop } from '../../support/engine/run-shop.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const GONE = { pid: 999_999_999, startedAt: '1' };
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});

/** A living process that holds the lock of `file`, started by `host`. */
function heldBy(file: string, locks: string, host: object): ChildProcess {
  const child = spawn('sleep', ['30']);
  children.push(child);
  const pid = child.pid ?? 0;
  const startedAt = startInStat(fs.readFileSync(`/proc/${pid}/stat`, 'utf8'));
  const { dev, ino } = identify(file);
  fs.mkdirSync(locks, { recursive: true });
  fs.writeFileSync(path.join(locks, `${dev}-${ino}.lock`), JSON.stringify({ pid, startedAt, token: 'x', host }));
  return child;
}
const ownHost = () => ({
  pid: process.pid,
  startedAt: startInStat(fs.readFileSync(`/proc/${process.pid}/stat`, 'utf8')),
});

describe.skipIf(process.platform !== 'linux')('a lock of a process of ours', () => {
  const setUp = (host: object) => {
    const file = fs.realpathSync(makeShop(folder));
    const locks = path.join(path.dirname(file), 'waiting');
    const holder = heldBy(file, locks, host);
    return { file, locks, holder, take: () => takeAppLock(locks, identify(file)) };
  };

  it('whose host was killed is waited for, and said so once', async () => {
    const { holder, take } = setUp(GONE);
    let told = 0;
    setTimeout(() => holder.kill('SIGKILL'), 1_300); // longer than anybody else is waited for

    const lock = await patiently(take, { onWait: () => (told += 1) });

    expect(told).toBe(1);
    lock.release();
  });

  it('that works is waited for a moment only, and not called one that ends', async () => {
    const { take } = setUp(ownHost());
    const startedAt = performance.now();
    expect(await codeOfPromise(patiently(take, { graceMs: 200 }))).toBe('E_RUN_ACTIVE');
    expect(performance.now() - startedAt).toBeLessThan(2_000);
    expect(codeOf(take)).toBe('E_RUN_ACTIVE');
  });

  it('is not waited for by somebody who is asked to stop', async () => {
    const { take } = setUp(GONE);
    const stopPoint = () => Promise.reject(new Error('asked to stop'));
    await expect(patiently(take, { stopPoint })).rejects.toThrow('asked to stop');
  });
});

describe.skipIf(process.platform !== 'linux')('a look at a database that is locked', () => {
  const locked = (host: object | null) => {
    const file = fs.realpathSync(makeShop(folder));
    const locks = path.join(path.dirname(file), 'waiting');
    const holder = host === null ? null : heldBy(file, locks, host);
    const db = new Database(file);
    db.exec('BEGIN EXCLUSIVE');
    return { file, locks, holder, db };
  };
  const look = (file: string, locks: string) => inspect(file, 'schema', [shopPack()], locks);
  const errorOf = (promise: Promise<unknown>) => promise.then(() => null, toAppError);

  it('by our own says that it is Phasewise itself', async () => {
    const { file, locks, db } = locked(ownHost());
    const error = await errorOf(look(file, locks));
    expect(error).toMatchObject({ code: 'E_RUN_ACTIVE', message: expect.stringContaining('Phasewise itself') });
    expect(error?.message).not.toContain('nother program');
    db.close();
  });

  it('by another program says so', async () => {
    const { file, locks, db } = locked(null);
    expect((await errorOf(look(file, locks)))?.code).toBe('E_DB_BUSY');
    db.close();
  });

  it('by one of ours whose host was killed waits until that one is gone', async () => {
    const { file, locks, db, holder } = locked(GONE);
    const looked = look(file, locks);
    await wait(2_700); // a look by itself gives up before
    db.close();
    holder?.kill('SIGKILL');
    if (holder) await once(holder, 'exit');
    expect((await looked).pack.id).toBe('shop');
  });
});
