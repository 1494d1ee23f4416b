import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { ok, type Result, safetyText } from '@shared/errors.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { EngineChild } from '@host/engine-process.ts';
import { createEventBus } from '@host/events.ts';
import { createOngoing } from '@host/ongoing.ts';
import type { EngineWork } from '@engine/protocol.ts';
import { describe, expect, it, vi } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';
import { backup } from '../renderer/values.ts';
import { closedAfter, codeOf, must, scriptedHost, until } from './scripted-host.ts';

/** What windows are told of a work, and what a wish to stop it comes to. */

const folder = temporaryFolder();
const database = { handle: 'h' } as OpenEntry;
const SAVING: EngineWork = { stage: 'saving', fraction: null, canCancel: true };
const REPLACING: EngineWork = { stage: 'replacing', fraction: null, canCancel: false };

type Said = { readonly now: string; readonly canCancel: boolean } | null;
const workIn = (payload: unknown) => (payload as { work: Said }).work;

function setUp() {
  const events = createEventBus();
  const said: Said[] = [];
  events.on((_name, payload) => said.push(workIn(payload)));
  let stops = 0;
  const child = (isHeard = true) => ({ cancel: () => ((stops += 1), isHeard) }) as unknown as EngineChild;
  const stoppable = () => said.map((work) => work && work.canCancel);
  return { ongoing: createOngoing(events), said, child, stoppable, stops: () => stops };
}

describe('that a work can be stopped', () => {
  it('is said once there is an engine that would hear of it, and not past its point of no return', () => {
    const { ongoing, child, stoppable } = setUp();
    const restore = ongoing.begin(database, 'restore');
    restore.follow(child());
    restore.onWork(SAVING);
    restore.onWork(REPLACING);
    restore.end();
    expect(stoppable()).toEqual([false, true, true, false, null]);
  });

  it('is never said where nobody follows its engine, whatever that says', () => {
    const { ongoing, stoppable } = setUp();
    ongoing.begin(database, 'finish').onWork(SAVING);
    expect(stoppable()).toEqual([false, false]);
  });

  it('and was wished too late, is not answered as though nothing went on or had changed', () => {
    const { ongoing, child } = setUp();
    const late = () => ongoing.cancel(database);
    expect(codeOf(late())).toBe('E_NOTHING_TO_DO');

    const restore = ongoing.begin(database, 'restore');
    for (const follow of [() => {}, () => restore.follow(child(false))]) {
      follow();
      expect(late()).toMatchObject({
        error: { code: 'E_RUN_ACTIVE', safety: safetyText.unknown, nextStep: expect.stringMatching(/^Wait/) as string },
      });
    }
    restore.end();
    expect(codeOf(late())).toBe('E_NOTHING_TO_DO');
  });
});

it('a work keeps its words and its stop, whatever else begins and ends meanwhile', () => {
  const { ongoing, said, child, stops } = setUp();
  ongoing.begin(database, 'backup').follow(child());
  const before = [...said];

  const other = ongoing.begin(database, 'finish');
  other.onWork(REPLACING);
  other.end();

  expect(said).toEqual(before);
  expect(ongoing.cancel(database)).toEqual(ok({}));
  expect(stops()).toBe(1);
});

it('one that was stopped is not called unstoppable while it ends', () => {
  const { ongoing, child } = setUp();
  let isRunning = true;
  ongoing.begin(database, 'backup').follow({ ...child(), cancel: () => isRunning } as EngineChild);
  expect(ongoing.cancel(database)).toEqual(ok({}));
  isRunning = false; // its process is gone, and what it left beside the file is being settled
  expect(ongoing.cancel(database)).toEqual(ok({}));
});

it('whoever has missed what was told can ask for it', () => {
  const { ongoing, said } = setUp();
  const restore = ongoing.begin(database, 'restore');
  restore.onWork(REPLACING);
  expect(ongoing.get(database)).toEqual(said.at(-1));
  expect(ongoing.get({ handle: 'other' } as OpenEntry)).toBeNull();
  restore.end();
  expect(ongoing.get(database)).toBeNull();
});

describe('backups that are deleted, or looked through for that, on a drive that hangs', () => {
  const GONE = 'What had been deleted by then is gone: the list of backups says which are left.';
  const kinds = [
    ['looked through', 'Reading backups again, to see which could go', 'Only looking was stopped.', 'untouched'],
    ['tidied', 'Making sure that good backups stay, then deleting', `It was stopped. ${GONE}`, 'database-untouched'],
    [
      'one deleted',
      'Making sure that good backups stay, then deleting',
      `It was stopped. ${GONE}`,
      'database-untouched',
    ],
  ] as const;

  it.each(kinds)('are told of, can be stopped, and leave the database free: %s', async (what, now, message, safety) => {
    const { client, events, host, open } = closedAfter(scriptedHost(folder));
    const { handle, path: file } = open('long');
    const told = () => events.filter(({ name }) => name === 'work:changed').map(({ payload }) => payload);
    const tidying = { handle, keep: 1, isTrial: what === 'looked through' };
    const work: Promise<Result<unknown>> =
      what === 'one deleted'
        ? client.call('backup:remove', { handle, backupId: 'of-long.db backups', confirmation: 'long.db' })
        : client.call('backup:tidy', tidying);

    const stoppable = { handle, work: { kind: 'backups', now, fraction: null, canCancel: true } };
    await vi.waitFor(() => expect(told().at(-1)).toEqual(stoppable));
    must(await client.call('work:cancel', { handle }));

    expect(await work).toMatchObject({ error: { code: 'E_CANCELLED', message, safety: safetyText[safety] } });
    expect([host.busy.refusal(file), told().at(-1)]).toEqual([null, { handle, work: null }]);
    must(await client.call('database:close', { handle }));
  });
});

describe('what replaces the file', () => {
  const setUpHost = () => {
    const house = closedAfter(scriptedHost(folder));
    const works = () =>
      house.events.filter(({ name }) => name === 'work:changed').map(({ payload }) => workIn(payload));
    return { ...house, works };
  };

  it('old files that come back are told of as that, and can be stopped as long as nothing says otherwise', async () => {
    const { client, host, open, works } = setUpHost();
    const { handle, path: file } = open('good');
    const shown = `${file} replaced-First1`;
    mkdirSync(shown);
    writeFileSync(path.join(shown, 'good.db'), 'bytes');

    const begun: string[] = [];
    host.busy.watch(({ work, ended }) => void (ended ?? begun.push(work)));

    must(await client.call('backup:putBack', { handle, confirmation: 'good.db', shown }));

    expect(begun).toEqual(['put-back']); // for who tells of its end
    const work = { kind: 'restore', now: 'Putting the old files back', fraction: null };
    expect(works()).toEqual([{ ...work, canCancel: false }, { ...work, canCancel: true }, null]);
  });

  it('the finishing of a restore can be stopped until it begins to replace, which its engine asks for', async () => {
    const { client, host, open, works } = setUpHost();
    const { handle } = open('good');
    const finished = ok({ restored: backup(), before: null, replacedFolder: null });
    vi.spyOn(host.engines, 'askAlone').mockImplementation(((
      ...[, , input, listeners]: Parameters<typeof host.engines.askAlone>
    ) => {
      expect(input).toMatchObject({ asksToProceed: true });
      const answer = Promise.resolve().then(() => {
        for (const work of [SAVING, REPLACING]) listeners?.onWork?.(work);
        return finished;
      });
      return { answer, child: { cancel: () => true } };
    }) as unknown as typeof host.engines.askAlone);

    must(await client.call('recovery:finish', { handle }));

    const work = { kind: 'restore', fraction: null };
    expect(works()).toEqual([
      { ...work, now: 'Finishing the restore', canCancel: false },
      { ...work, now: 'Finishing the restore', canCancel: true },
      { ...work, now: 'Backing up what will be replaced', canCancel: true },
      { ...work, now: 'Putting the backup back', canCancel: false },
      null,
    ]);
  });

  it('a restore whose finishing is refused takes nothing away from the work that goes on', async () => {
    const { client, open, works } = setUpHost();
    const { handle } = open('long');
    const made = client.call('backup:create', { handle });
    await until(() => works().at(-1)?.now.includes('scratch') === true);
    const before = works();

    expect(codeOf(await client.call('recovery:finish', { handle }))).toBe('E_RUN_ACTIVE');

    expect(works()).toEqual(before);
    must(await client.call('work:cancel', { handle }));
    expect(codeOf(await made)).toBe('E_CANCELLED');
  });
});
