import { chmodSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { appError, coded } from '@shared/errors.ts';
import type { BusyChange } from '@host/busy.ts';
import { createDatabases } from '@host/databases.ts';
import { createEventBus } from '@host/events.ts';
import { keepLog } from '@host/log-events.ts';
import { openLog } from '@host/log-file.ts';
import { causeFacts, loggable, logLine } from '@host/log-words.ts';
import { describe, expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const at = new Date('2026-11-21T12:00:00.000Z');
const inFolder = (name: string): string => path.join(folder, name);
const read = (file: string): string => readFileSync(file, 'utf8');

describe('a line of the log', () => {
  it('has the time, the event and its facts, and is one line whatever is in them', () => {
    expect(logLine(at, 'run-ended', { state: 'failed', code: undefined, ms: 12, verified: null })).toBe(
      '2026-11-21T12:00:00.000Z run-ended state=failed ms=12 verified=null',
    );
    expect(logLine(at, 'x', { words: 'two\nlines \u202e and "quotes"' })).toBe(
      String.raw`2026-11-21T12:00:00.000Z x words="two\\u000alines \\u202e and \"quotes\""`,
    );
    expect(logLine(at, 'x', { words: 'a'.repeat(20).concat(' ').repeat(100) }).length).toBeLessThan(500);
  });

  it('names no home folder', () => {
    expect(loggable('/home/mara/projects/x.db', '/home/mara')).toBe('~/projects/x.db');
    expect(loggable('C:/Users/Mara/x.db and C:\\Users\\Mara\\y.db', 'C:\\Users\\Mara')).toBe('~/x.db and ~\\y.db');
    expect(loggable(`${os.homedir()}/x`)).toBe('~/x');
  });

  it.each([
    ['http://127.0.0.1:1/#token=abc123', 'abc123'],
    ['authorization: Bearer abc.def.ghi', 'abc.def.ghi'],
    ['api_key=swordfish', 'swordfish'],
    ['password: swordfish', 'swordfish'],
    ['sk-proj-0123456789', '0123456789'],
    ['3f9a'.repeat(16), '3f9a3f9a'],
    ['mara@example.org wrote', 'mara@example'],
  ])('hides a secret: %s', (text, secret) => {
    expect(loggable(text)).not.toContain(secret);
  });

  it('of an error: its code, or its words without what is quoted and without paths; never its stack', () => {
    expect(causeFacts(coded('E_IO', 'secret row'))).toMatchObject({ code: 'E_IO' });
    expect(JSON.stringify(causeFacts(coded('E_IO', 'secret row')))).not.toContain('secret');
    const thrown = new SyntaxError(`Unexpected token 's', "swordfish"... is not valid JSON at /data/x.db`);
    expect(causeFacts(thrown)).toMatchObject({
      error: 'SyntaxError',
      words: `Unexpected token '…', "…" is not valid JSON at …`,
      at: expect.stringMatching(/^log\.spec\.ts:\d+:\d+$/) as string,
    });
    expect(causeFacts('swordfish')).toEqual({ thrown: 'string' });
  });
});

describe('the log file', () => {
  it('is made with its first line, for this user alone', () => {
    const log = openLog({ folder: inFolder('new'), now: () => at });
    expect(existsSync(log.folder)).toBe(false);
    log.write('started', { version: '1.0.0' });
    log.failed('call-failed', new Error('oh'), { channel: 'x' });

    expect(read(log.file)).toMatch(
      /^2026-11-21T12:00:00\.000Z started version=1\.0\.0\n\S+ call-failed channel=x error=Error words=oh at=\S+\n$/,
    );
    if (process.platform !== 'win32') expect(statSync(log.file).mode & 0o777).toBe(0o600);
  });

  it('is put aside before it grows too large; the oldest one goes', () => {
    const log = openLog({ folder: inFolder('turning'), maxBytes: 100, files: 3, now: () => at });
    for (let number = 0; number < 12; number += 1) log.write('event', { number, filler: 'x'.repeat(20) });

    expect(readdirSync(log.folder).toSorted()).toEqual(['phasewise.1.log', 'phasewise.2.log', 'phasewise.log']);
    expect(read(log.file)).toContain('number=11');
    expect(read(inFolder('turning/phasewise.1.log'))).toContain('number=10');
    for (const name of readdirSync(log.folder))
      expect(statSync(path.join(log.folder, name)).size).toBeLessThanOrEqual(100);
  });

  it('never stands in the way: a folder that cannot be written, or is none', () => {
    writeFileSync(inFolder('file'), '');
    expect(() => openLog({ folder: inFolder('file/below') }).write('x')).not.toThrow();
    mkdirSync(inFolder('closed'));
    chmodSync(inFolder('closed'), 0o500);
    expect(() => openLog({ folder: inFolder('closed') }).write('x')).not.toThrow();
  });
});

it('the host is written down without a name of any database', () => {
  const lines: string[] = [];
  const log = {
    folder: '',
    file: '',
    failed: () => {},
    write: (event: string, facts = {}) => lines.push(logLine(at, event, facts)),
  };
  const databases = createDatabases();
  const events = createEventBus();
  const told: ((change: BusyChange) => void)[] = [];
  const busy = { watch: (listener: (change: BusyChange) => void) => void told.push(listener) };
  keepLog({ databases, events, busy } as unknown as Parameters<typeof keepLog>[0], log);
  const file = inFolder('Secret project.db');
  writeFileSync(file, '');
  const opened = databases.open(file);
  const handle = opened.ok ? opened.value.handle : '';

  told[0]?.({ file, work: 'backup', isTrial: false, ended: null });
  told[0]?.({ file, work: 'backup', isTrial: false, ended: { isDone: true } });
  events.emit('engine:died', { handle, error: appError('E_WORKER_DIED', `It was ${file}.`) });
  events.emit('run:changed', {
    ...{ runId: 'r1', handle, kind: 'upgrade', state: 'failed', now: file, fromPhase: null },
    ...{ toPhase: 4, startedAt: new Date().toISOString(), steps: [], progress: null, backup: null, attention: null },
    ...{ error: appError('E_IO', file), report: null },
  });

  expect(lines.map((line) => line.replace(/database=[0-9a-f]{12}\b/, 'database=KEY').slice(25))).toEqual([
    'work-begun database=KEY work=backup',
    'work-ended database=KEY work=backup done=true',
    'engine-died database=KEY code=E_WORKER_DIED',
    'run-ended database=KEY run=r1 state=failed from=null to=4 seconds=0 code=E_IO',
  ]);
});
