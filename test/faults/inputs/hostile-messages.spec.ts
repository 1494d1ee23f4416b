import { readdirSync } from 'node:fs';
import path from 'node:path';
import { channels, type ChannelName } from '@shared/channels.ts';
import { errorCodes, type Result } from '@shared/errors.ts';
import { isFinal, type RunSnapshot } from '@shared/run.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { codeOf, must, scriptedHost, until } from '../../unit/host/scripted-host.ts';
import { randomOf, type Random } from '../fuzz/random.ts';
import { isSoak, LIMIT_MS } from './support/effort.ts';

const MESSAGES = isSoak ? 1_000_000 : 20_000;
const SEQUENCES = isSoak ? 2_000 : 12;
const SEED = Number(process.env['PHASEWISE_SEED'] ?? 1);

const folder = temporaryFolder();
const names = Object.keys(channels) as ChannelName[];
const known: ReadonlySet<string> = new Set(errorCodes);

/** Opens or makes something without a handle: a page may ask for that, so it is no sign of a break. */
const needNoHandle: ReadonlySet<string> = new Set(['database:openSample']);

const cyclic: Record<string, unknown> = {};
cyclic['self'] = cyclic;
const nested = (depth: number): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < depth; level += 1) value = [value];
  return value;
};
const deep = nested(1_000_000);
const throwing = new Proxy({}, { get: () => { throw new Error('trap'); }, ownKeys: () => { throw new Error('trap'); } }); // prettier-ignore
const paths = [
  '../../etc/passwd',
  '/etc/passwd',
  '\\\\server\\share',
  'file:///etc/passwd',
  'a\0b',
  'x'.repeat(32_000),
  'C:\\x',
  '~/x',
  '%2e%2e',
];
const sql = ['id); DROP TABLE users; --', '"', "'", '`', '/*', 'ｉｄ', '\ud800', '[x]', 'users" UNION SELECT'];
const atoms = [
  undefined,
  null,
  true,
  NaN,
  -0,
  Infinity,
  -1,
  1.5,
  2 ** 53,
  10n,
  '',
  'x'.repeat(100_000),
  Symbol('s'),
  () => 1,
  new Date(0),
  new Map([[1, 2]]),
  /x/,
  new Uint8Array(9),
  cyclic,
  deep,
  throwing,
  ...paths,
  ...sql,
];

/** Anything a hostile window could send; a third of it looks almost right. */
function hostileInput(random: Random, name: ChannelName): unknown {
  if (random.isOnce(4)) return random.pick(atoms);
  const shape = shapeOf(name);
  const entries = shape.map((key): [string, unknown] => [
    key,
    random.isOnce(3) ? plausible(key, random) : random.pick(atoms),
  ]);
  if (random.isOnce(3))
    entries.push([
      random.pick(['__proto__', 'constructor', 'toString', 'extra', 'path', 'isRemovalConfirmed']),
      random.pick(atoms),
    ]);
  if (random.isOnce(8)) return JSON.parse('{"__proto__":{"isAdmin":true},"handle":"x"}') as unknown;
  const input = Object.fromEntries(entries.filter(() => !random.isOnce(10)));
  return random.isOnce(12) ? (Object.create(input) as unknown) : input;
}

const shapeOf = (name: ChannelName): string[] => {
  const { shape } = channels[name].input as unknown as { shape?: object };
  return Object.keys(shape ?? {});
};

function plausible(key: string, random: Random): unknown {
  if (key === 'toPhase' || key === 'limit' || key === 'keep' || key === 'afterId')
    return random.pick([0, 1, 4, 99, 1e9, -1]);
  if (key === 'isTrial' || key === 'isDeclined') return true;
  if (key === 'tokens') return Array.from({ length: random.below(5) }, () => random.pick([...paths, 'token']));
  if (key === 'colorScheme' || key === 'format' || key === 'what')
    return random.pick(['auto', 'csv', 'files', 'folder', 'x']);
  return random.pick([...paths, ...sql, 'project.db', 'handle']);
}

describe('hostile messages', () => {
  it(`I01 I02 I03: ${MESSAGES.toLocaleString('en-US')} of them to the real router and the real host get a value each, and change nothing`, async () => {
    const house = scriptedHost(folder);
    const random = randomOf(SEED, 0);
    const codes = new Map<string, number>();
    let slowestMs = 0;
    for (let count = 0; count < MESSAGES; count += 1) {
      const name = random.isOnce(20)
        ? random.pick([...atoms, '__proto__', 'constructor', 'database:', 'hasOwnProperty'])
        : random.pick(names);
      if (typeof name === 'string' && needNoHandle.has(name)) continue;
      const input = hostileInput(
        random,
        typeof name === 'string' && Object.hasOwn(channels, name) ? (name as ChannelName) : 'app:info',
      );
      const startedAt = performance.now();
      const result = await house.router(name, input);
      slowestMs = Math.max(slowestMs, performance.now() - startedAt);
      const code = codeOf(result);
      codes.set(code, (codes.get(code) ?? 0) + 1);
      if (code !== 'no error' && (!known.has(code) || code === 'E_INTERNAL'))
        throw new Error(`message ${count} of seed ${SEED} to ${String(name)}: ${JSON.stringify(result)}`);
      if (!result.ok && result.error.message.length > 1_000)
        throw new Error(`message ${count}: an answer of ${result.error.message.length} characters`);
    }
    expect(codes.get('E_BAD_REQUEST')).toBeGreaterThan(MESSAGES / 3);
    expect(slowestMs).toBeLessThan(500); // the deepest and the longest included
    expect(({} as Record<string, unknown>)['isAdmin']).toBeUndefined();
    expect(house.host.databases.list()).toEqual([]);
    expect(house.events).toEqual([]);
    expect(readdirSync(house.home).filter((entry) => entry !== 'data')).toEqual([]);
    house.host.close();
  });

  it('I02: no channel takes a path: a database is named by a handle, a file of the picker by a token', () => {
    const keys = new Set(names.flatMap(shapeOf));
    expect([...keys].filter((key) => /path|file|folder|target|dir/i.test(key))).toEqual([]);
  });

  it('I03: no channel takes SQL, and only those of the data browser the names of tables and columns', () => {
    const others = names.filter((name) => !name.startsWith('browse:'));
    const keys = (some: typeof names) => [...new Set(some.flatMap(shapeOf))];
    expect(keys(others).filter((key) => /table|column|sort|filter|query|where|order/i.test(key))).toEqual([]);
    expect(keys(names).filter((key) => /sql|where|statement/i.test(key))).toEqual([]);
  });

  it('I01: every object that a channel takes is closed: what is not named is refused', () => {
    const open = names.filter((name) => {
      const accepted = channels[name].input.safeParse({ surplus: 1 });
      return accepted.success || !JSON.stringify(accepted.error.issues).includes('surplus');
    });
    expect(open).toEqual([]);
  });
});

describe('random orders of what a person may do', () => {
  it(
    `I06 I07: ${SEQUENCES} sequences: one run at a time, and no success without a verdict`,
    { timeout: LIMIT_MS },
    async () => {
      for (let sequence = 0; sequence < SEQUENCES; sequence += 1) await playSequence(sequence);
    },
  );
});

async function playSequence(sequence: number): Promise<void> {
  const random = randomOf(SEED, 1_000 + sequence);
  const house = scriptedHost(folder);
  const script = random.pick([
    'waits',
    'plain',
    'untrue',
    'unchecked',
    'nothing',
    'refused',
    'dies',
    'dies-early',
    'waits',
  ]);
  let { handle } = house.open(script);
  const trace = [script];
  const started: RunSnapshot[] = [];
  const file = `${script}.db`;
  const acts: Record<string, () => Promise<Result<unknown>>> = {
    start: async () => {
      const active = house.host.runs.get(handle);
      const result = await house.client.call('run:start', {
        handle,
        toPhase: 1,
        fingerprint: 'f1',
        confirmation: null,
      });
      if (result.ok) started.push(result.value);
      if (active && !isFinal(active.state) && result.ok) throw new Error('a second run was started');
      return result;
    },
    startTwice: async () => {
      const both = await Promise.all([acts['start']?.(), acts['start']?.()]);
      if (both.every((result) => result?.ok === true)) throw new Error('both of a double click were started');
      return { ok: true, value: null };
    },
    plan: () => house.client.call('plan:make', { handle, toPhase: 1 }),
    pause: () => house.client.call('run:pause', { handle }),
    resume: () => house.client.call('run:resume', { handle }),
    cancel: () => house.client.call('run:cancel', { handle }),
    restore: () => house.client.call('backup:restore', { handle, backupId: 'backup-1', confirmation: file }),
    backup: () => house.client.call('backup:create', { handle }),
    status: () => house.client.call('database:status', { handle }),
    reopen: async () => {
      const result = await house.client.call('database:close', { handle });
      if (result.ok) ({ handle } = house.open(script));
      return result;
    },
  };
  for (let step = 0; step < 8; step += 1) {
    const name = random.pick(Object.keys(acts));
    const waiting = acts[name]?.().then((result) => trace.push(`${name} ${codeOf(result)}`));
    if (random.isOnce(2)) await waiting;
    else waiting?.catch((cause: unknown) => trace.push(String(cause)));
  }
  await house.host.runs.cancelAll();
  await house.host.busy.free();
  await until(() => !house.host.busy.any());
  judge(
    house.events.filter(({ name }) => name === 'run:changed').map(({ payload }) => payload as RunSnapshot),
    trace,
    sequence,
  );
  house.host.close();
}

/** Every run: its states after one another, nothing after the end, and `completed` only with a verdict that said yes. */
function judge(snapshots: readonly RunSnapshot[], trace: readonly string[], sequence: number): void {
  const about = `sequence ${sequence} of seed ${SEED}: ${trace.join(', ')}`;
  const last = new Map<string, RunSnapshot>();
  let active: string | null = null;
  for (const snapshot of snapshots) {
    const before = last.get(snapshot.runId);
    expect(before === undefined || !isFinal(before.state), `${about}: it went on after its end`).toBe(true);
    expect(active === null || active === snapshot.runId, `${about}: two at a time`).toBe(true);
    active = isFinal(snapshot.state) ? null : snapshot.runId;
    if (snapshot.state === 'completed') {
      expect({ about, report: snapshot.report }).toMatchObject({ report: { ok: true, verified: true } });
      expect(snapshot.report?.checks.length, `${about}: a verdict that checked nothing`).toBeGreaterThan(0);
      expect(/^(plain|waits)$/.test(trace[0] ?? ''), `${about}: its engine never proved it`).toBe(true);
    }
    last.set(snapshot.runId, snapshot);
  }
  for (const snapshot of last.values()) expect(isFinal(snapshot.state), `${about}: never ended`).toBe(true);
}

describe('what another start of the program hands over', () => {
  it('I10: is data: options are no options, and what is not a path is dropped', () => {
    const home = scriptedHost(folder);
    for (const argument of ['--inspect', '-r', 'file:///etc/passwd', '', 'x\0y', '--remote-debugging-port=1']) {
      const opened = home.host.databases.open(argument);
      expect(opened.ok).toBe(false);
    }
    expect(must({ ok: true, value: home.host.databases.list() })).toEqual([]);
    expect(path.isAbsolute(home.home)).toBe(true);
    home.host.close();
  });
});
