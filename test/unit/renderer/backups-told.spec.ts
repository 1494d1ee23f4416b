import { beforeEach, describe, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import type { BackupRecord } from '@shared/run.ts';
import { backup, backupList, run } from './values.ts';

/** What is told of an action on the backups, and for how long. The host answers from `answers`. */
const answers: Record<string, unknown> = {};
const sent: { name: string; input: unknown }[] = [];
const ok = (value: unknown) => ({ ok: true, value });
const failed = (code: Parameters<typeof appError>[0]) => ({ ok: false, error: appError(code, '') });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('window', {
  addEventListener: () => {},
  phasewise: {
    call: (name: string, input: unknown) => {
      sent.push({ name, input });
      const answer = answers[name] ?? ok({});
      return Promise.resolve(typeof answer === 'function' ? (answer as (input: unknown) => unknown)(input) : answer);
    },
    on: () => () => {},
  },
});

const { connect } = await import('../../../renderer/api.ts');
const stores = await import('../../../renderer/stores/backups.ts');
const { createBackup, forgetSaid, loadBackups, removeBackup, restoreBackup, revealBackup } = stores;
const { tellRestored, tidyBackups, undoRestore, verifyBackup } = stores;
const { forgetReport, saveReport, useReports } = await import('../../../renderer/stores/reports.ts');
connect();

const view = () => stores.useBackups.getState().byHandle['k3'];
const list = backupList();
beforeEach(() => {
  for (const name of Object.keys(answers)) delete answers[name];
  answers['backup:list'] = ok(list);
  sent.length = 0;
  stores.useBackups.setState({ byHandle: {} });
});

describe('why an action on the backups failed', () => {
  const rows = { by: 'rows', backup: backup() } as const;
  const files = { by: 'files', folder: '/p/a.db replaced-Abc123' } as const;
  it.each<[string, string, () => Promise<unknown>]>([
    ['making one', 'backup:create', () => createBackup('k3')],
    ['checking one', 'backup:verify', () => verifyBackup('k3', 'b1')],
    ['restoring one', 'backup:restore', () => restoreBackup('k3', 'b1', 'a.db')],
    ['deleting one', 'backup:remove', () => removeBackup('k3', 'b1', 'a.db')],
    ['tidying', 'backup:tidy', () => tidyBackups('k3', 1, [backup()])],
    ['undoing a restore', 'backup:restore', () => undoRestore('k3', rows, 'a.db')],
    ['putting files back', 'backup:putBack', () => undoRestore('k3', files, 'a.db')],
    ['showing one', 'backup:reveal', () => revealBackup('k3', 'b1')],
  ])('is told however often they are listed, until the next action: %s', async (_, name, act) => {
    answers[name] = failed('E_DB_BUSY');
    await act();
    await loadBackups('k3');
    expect(view()).toMatchObject({ error: { code: 'E_DB_BUSY' }, listError: null, busy: null, said: null });

    delete answers[name];
    answers['backup:restore'] = ok({ restored: backup(), before: null, replacedFolder: null });
    answers['backup:tidy'] = ok({ removed: [], kept: [], freedBytes: 0 });
    await act();
    expect(view()?.error).toBeNull();
  });

  it.each<[string, string, () => Promise<unknown>]>([
    ['restoring', 'backup:restore', () => restoreBackup('k3', 'b1', 'b.db')],
    ['deleting', 'backup:remove', () => removeBackup('k3', 'b1', 'b.db')],
  ])('is not told of a name that was mistyped, which is put right where it is typed: %s', async (_, name, act) => {
    answers[name] = failed('E_CONFIRMATION');
    expect(await act()).toMatchObject({ code: 'E_CONFIRMATION' });
    expect(view()).toMatchObject({ error: null, busy: null });
  });

  it('is told apart from why they cannot be listed', async () => {
    answers['backup:create'] = failed('E_BACKUP_NO_SPACE');
    answers['backup:list'] = failed('E_BACKUP_FOLDER');
    await createBackup('k3');
    expect(view()).toMatchObject({ error: { code: 'E_BACKUP_NO_SPACE' }, listError: { code: 'E_BACKUP_FOLDER' } });
    answers['backup:list'] = ok(list);
    await loadBackups('k3');
    expect(view()).toMatchObject({ error: { code: 'E_BACKUP_NO_SPACE' }, listError: null });
  });

  it('stays while somebody looks into the folder that it names, and goes once a run begins', async () => {
    answers['backup:create'] = failed('E_BACKUP_NO_SPACE');
    await createBackup('k3');
    await revealBackup('k3', null);
    expect(view()?.error?.code).toBe('E_BACKUP_NO_SPACE');
    forgetSaid(run().handle);
    expect(view()?.error).toBeNull();
  });

  it('is handed to whoever asked for an undo, who goes on only where there is none', async () => {
    answers['backup:restore'] = failed('E_DB_BUSY');
    answers['backup:putBack'] = failed('E_RUN_ACTIVE');
    expect((await undoRestore('k3', rows, 'a.db'))?.code).toBe('E_DB_BUSY');
    expect((await undoRestore('k3', files, 'a.db'))?.code).toBe('E_RUN_ACTIVE');
    answers['backup:restore'] = ok({ restored: backup(), before: backup(), replacedFolder: null });
    answers['backup:putBack'] = ok({});
    expect(await undoRestore('k3', rows, 'a.db')).toBeNull();
    expect(view()?.said).toMatch(/^The restore is undone\./);
    expect(await undoRestore('k3', files, 'a.db')).toBeNull();
    expect(view()?.said).toMatch(/^The old files are back/);
    expect((await restoreBackup('k3', 'b1', 'a.db'))?.code).toBeUndefined();
  });
});

describe('an undone restore', () => {
  const rows = { by: 'rows', backup: backup({ id: 'before' }) } as const;
  const files = { by: 'files', folder: '/p/a.db replaced-Abc123' } as const;
  it.each<[string, { before: BackupRecord | null; replacedFolder: string | null }, string, object | null]>([
    ['backed up', { before: backup(), replacedFolder: null }, 'What it had put there was backed up first.', { by: 'rows' }],
    ['damaged', { before: null, replacedFolder: '/p r' }, 'SQLite could not read all of what was there, so its files are kept, byte for byte, in /p r.', { by: 'files' }],
    ['gone', { before: null, replacedFolder: null }, 'There was nothing left of what it had put there.', null],
  ])('says what has become of what it had put there: %s', async (_, replaced, said, undo) => {
    answers['backup:restore'] = ok({ restored: backup(), ...replaced });
    const there = { folder: '/p r', at: '2026-11-21T14:00:00Z', isOfUndo: false };
    answers['backup:list'] = ok({ ...list, backups: [backup()], undoneBy: 'b1', replaced: there });
    expect(await undoRestore('k3', rows, 'a.db')).toBeNull();
    expect(view()?.said).toBe(`The restore is undone. ${said}`);
    if (undo === null) expect(view()?.undo).toBeNull();
    else expect(view()?.undo).toMatchObject(undo);
  }); // prettier-ignore

  it.each([
    ['/p/a.db replaced-Def456', 'What was there until now lies beside them.'],
    [null, 'There was nothing in their place until now.'],
  ])('of files says what was in their place: %s', async (replacedFolder, said) => {
    answers['backup:putBack'] = ok({ replacedFolder });
    await undoRestore('k3', files, 'a.db');
    expect(view()?.said).toBe(`The old files are back as they were. ${said}`);
  });

  it('of files that was carried through after an interruption is not told as a backup', () => {
    const folder = '/p/a.db replaced-Abc123';
    const old = backup({ id: 'a.db replaced-Abc123', path: folder, databaseName: 'a.db', state: 'broken' });
    tellRestored('k3', { restored: old, before: null, replacedFolder: '/p/a.db replaced-Def456' });
    expect(view()?.said).toBe('The old files are back as they were. What was there until now lies beside them.');
    expect(view()?.undo).toBeNull(); // the page lists what was set aside, and puts it back
    tellRestored('k3', { restored: backup(), before: null, replacedFolder: '/p/a.db replaced-Def456' });
    expect(view()?.said).toMatch(/^Backup restored\./);
  });

  it('tells the host that nobody has typed the name for it', async () => {
    answers['backup:restore'] = failed('E_DB_BUSY');
    await undoRestore('k3', rows, 'a.db');
    await restoreBackup('k3', 'b1', 'a.db');
    const asked = sent.filter(({ name }) => name === 'backup:restore').map(({ input }) => input);
    expect(asked).toEqual([
      { handle: 'k3', backupId: 'before', confirmation: 'a.db', isUndo: true },
      { handle: 'k3', backupId: 'b1', confirmation: 'a.db' },
    ]);
  });
});

describe('undoing a restore is offered', () => {
  const before = backup({ id: 'before', reason: 'before restore' });
  const restored = async (): Promise<void> => {
    answers['backup:restore'] = ok({ restored: backup(), before, replacedFolder: null });
    answers['backup:list'] = ok({ ...list, backups: [before], undoneBy: 'before' });
    await restoreBackup('k3', 'b1', 'a.db');
    await loadBackups('k3');
  };

  it('until something else has been done in the file, by the command line, say', async () => {
    await restored();
    expect(view()?.undo).toMatchObject({ by: 'rows', backup: { id: 'before' } });
    answers['backup:list'] = ok({ ...list, backups: [before] });
    await loadBackups('k3');
    expect(view()?.undo).toBeNull();
  });

  it('as what the list says: of one that was carried through, what the first attempt has replaced', async () => {
    await restored();
    answers['backup:list'] = ok({ ...list, backups: [before, backup({ id: 'first' })], undoneBy: 'first' });
    await loadBackups('k3');
    expect(view()?.undo).toMatchObject({ by: 'rows', backup: { id: 'first' } });
  });

  it('also where a list that was asked for before the restore is answered after it', async () => {
    let late: (value: unknown) => void = () => {};
    answers['backup:list'] = () => new Promise((resolve) => (late = resolve));
    const asked = loadBackups('k3');
    const answer = late;
    await restored();
    answer(ok(list));
    await asked;
    expect(view()?.undo).toMatchObject({ by: 'rows' });
  });
});

describe('a backup that was read again', () => {
  const error = appError('E_BACKUP_CORRUPT', '');
  const lastCheck = { at: '2026-11-21T14:00:00Z', ok: false, error };
  const bad = { ...backup(), verified: false, state: 'broken', lastCheck } as const;
  const listed = { ...list, backups: [backup({ madeOfGone: true })] };
  beforeEach(() => void (answers['backup:list'] = ok(listed)));

  it.each([
    ['good', { ...backup(), isNoted: true }, /^Backup checked\.$/],
    ['broken', { ...bad, isNoted: true }, /^Backup checked: it is broken\.$/],
    ['missing', { ...bad, state: 'missing', isNoted: true }, /^Backup checked: its file is missing\.$/],
    ['broken, and not noted', { ...bad, isNoted: false }, /it is broken\. That could not be noted beside it: when /],
  ])('is told as what it was found: %s', async (_, found, said) => {
    answers['backup:verify'] = ok(found);
    await verifyBackup('k3', 'b1');
    expect(view()?.said).toMatch(said);
  });

  it('is shown as what it was found at once, also where they cannot be listed anew', async () => {
    await loadBackups('k3');
    answers['backup:verify'] = ok({ ...bad, isNoted: false });
    answers['backup:list'] = failed('E_TIMEOUT');
    await verifyBackup('k3', 'b1');
    expect(view()?.list?.backups).toEqual([{ ...bad, madeOfGone: true }]);
  });
});

it('putting files back names those that were shown', async () => {
  await undoRestore('k3', { by: 'files', folder: '/p r' }, 'a.db');
  const asked = { handle: 'k3', confirmation: 'a.db', shown: '/p r' };
  expect(sent.find(({ name }) => name === 'backup:putBack')?.input).toEqual(asked);
});

describe('tidying', () => {
  const named = (id: string): BackupRecord => backup({ id, path: `/b/${id}.db` });
  const [a, b, c] = [named('a'), named('b'), named('c')];
  const stays = (record: BackupRecord, why: string) => ({ backup: record, why });

  it('names those that were shown, and no others', async () => {
    answers['backup:tidy'] = ok({ removed: [a], kept: [stays(b, 'newest')], freedBytes: 1 });
    await tidyBackups('k3', 1, [a]);
    const asked = { handle: 'k3', keep: 1, isTrial: false, shown: ['/b/a.db'] };
    expect(sent.find(({ name }) => name === 'backup:tidy')?.input).toEqual(asked);
    expect(view()?.said).toBe('1 backup deleted.');
  });

  it.each([
    ['stayed', [a], [stays(b, 'It is needed.'), stays(c, 'newest')], '1 backup deleted. 1 backup that was to go stayed: It is needed.'],
    ['had gone', [a], [], '1 backup deleted. 1 backup had gone already.'],
    ['all stayed', [], [stays(a, 'So.'), stays(b, 'So.')], 'No backup deleted. 2 backups that were to go stayed: So.'],
  ])('says which of those did not go: %s', async (_, removed, kept, said) => {
    answers['backup:tidy'] = ok({ removed, kept, freedBytes: 1 });
    await tidyBackups('k3', 1, [a, b]);
    expect(view()?.said).toBe(said);
  }); // prettier-ignore

  it('sends so many at a time that the browser host takes them', async () => {
    const many = Array.from({ length: 250 }, (_, at) => named(`n${at}`));
    answers['backup:tidy'] = ({ shown }: { shown: string[] }) =>
      ok({ removed: many.filter((each) => shown.includes(each.path)), kept: [stays(c, 'newest')], freedBytes: 1 });
    await tidyBackups('k3', 1, many);
    expect(sent.filter(({ name }) => name === 'backup:tidy')).toHaveLength(3);
    expect(view()?.said).toBe('250 backups deleted.');
  });

  it('says what had gone already where it fails on the way', async () => {
    const many = Array.from({ length: 250 }, (_, at) => named(`n${at}`));
    answers['backup:tidy'] = ({ shown }: { shown: string[] }) =>
      shown.includes('/b/n200.db')
        ? { ok: false, error: appError('E_DB_BUSY', 'image-lab is writing to it.') }
        : ok({ removed: many.filter((each) => shown.includes(each.path)), kept: [], freedBytes: 1 });
    expect(await tidyBackups('k3', 1, many)).toMatchObject({
      message: 'image-lab is writing to it. 200 backups were deleted before that.',
      safety: 'Your database was not changed.',
    });
  });
});

describe('saving a report', () => {
  const file = { name: 'a.txt', text: 'Done.' };
  const report = () => useReports.getState().byHandle['k3'];
  it('says where it lies, or why it was not saved, and nothing where the dialog was closed', async () => {
    answers['report:save'] = ok({ path: '/p/a.txt' });
    const saving = saveReport('k3', 'r1', file);
    expect(report()).toEqual({ runId: 'r1', state: 'saving' });
    await saving;
    expect(sent.at(-1)).toEqual({ name: 'report:save', input: { handle: 'k3', ...file } });
    expect(report()).toEqual({ runId: 'r1', state: 'saved', path: '/p/a.txt' });
    answers['report:save'] = failed('E_NO_SPACE');
    await saveReport('k3', 'r1', file);
    expect(report()).toMatchObject({ state: 'failed', error: { code: 'E_NO_SPACE' } });
    answers['report:save'] = ok(null);
    await saveReport('k3', 'r1', file);
    expect(report()).toBeUndefined();
    forgetReport('k3');
  });
});
