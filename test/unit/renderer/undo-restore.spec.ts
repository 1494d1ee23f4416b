import { ActionIcon } from '@mantine/core';
import { beforeEach, expect, it, vi } from 'vitest';
import { appError } from '@shared/errors.ts';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { backup, backupList } from './values.ts';
import { storesAlone } from './stores-alone.ts';

/** What the page of the backups does at a click: undo a restore, show a folder. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
const answers: Record<string, unknown> = {};
const sent: { name: string }[] = [];
const call = (name: string, input: object): Promise<unknown> => {
  sent.push({ name, ...input });
  return Promise.resolve(answers[name] ?? { ok: true, value: {} });
};
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
await storesAlone();

const { connect } = await import('../../../renderer/api.ts');
const { BackupList } = await import('../../../renderer/panels/backups/backup-list.tsx');
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { RestoreDialog } = await import('../../../renderer/panels/backups/restore-dialog.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
const { useSession } = await import('../../../renderer/stores/session.ts');
connect();

const before = backup({ id: 'before', reason: 'before restore', folder: '/elsewhere' });
function open() {
  const backups = [before, backup(), backup({ id: 'b0' })];
  const list = backupList({ backups, restores: ['2026-11-21T14:15:00.000Z'], undoneBy: 'before' });
  answers['backup:list'] = { ok: true, value: list };
  const nothing = { listError: null, error: null, busy: null, said: null, undo: null };
  useBackups.setState({ byHandle: { k3: { ...nothing, list } } });
  const { draw } = mount(() => BackupsPanel({ handle: 'k3', fileName: 'lights.db' }));
  const divs = partsIn(draw(), 'div');
  const outcome = divs.find(({ props }) => props.tabIndex === -1)?.props;
  outcome.ref.current = { focus: () => {} };
  return { divs, propsOf: (type: Parameters<typeof partsIn>[1]) => partsIn(draw(), type)[0]?.props };
}

beforeEach(() => {
  sent.length = 0;
  useSession.setState({ info: { canRevealFiles: true } as never });
});

it.each([
  ['a person is asked by name where more has been done in the file since', 'E_STATE_CHANGED', before],
  ['and else only told why', 'E_DB_IN_USE', null],
] as const)('where undoing a restore is refused, %s', async (_, code, asked) => {
  const { propsOf } = open();
  answers['backup:restore'] = { ok: false, error: appError(code, '') };
  propsOf(BackupList).onUndo(before);
  await vi.waitFor(() => expect(useBackups.getState().byHandle['k3']?.error?.code).toBe(code));
  await new Promise((resolve) => setTimeout(resolve));
  expect(propsOf(RestoreDialog).backup).toEqual(asked);
  expect(propsOf(RestoreDialog).why).toEqual(asked && appError(code, ''));
  propsOf(RestoreDialog).onClose();
  propsOf(BackupList).onRestore(before);
  expect(propsOf(RestoreDialog)).toMatchObject({ backup: before, why: null });
});

it('each folder that its backups lie in has the button that shows it', () => {
  const { divs } = open();
  const folders = divs.flatMap(({ props }) => [props.children].flat()).find((each) => each?.props?.own);
  const buttons = partsIn(folders.type(folders.props), ActionIcon);
  expect(buttons.map(({ props }) => props['aria-label'])).toEqual([
    'Show the backup folder /elsewhere',
    'Show the backup folder /b',
  ]);
  for (const { props } of buttons) props.onClick();
  expect(sent.filter(({ name }) => name === 'backup:reveal')).toEqual([
    { name: 'backup:reveal', handle: 'k3', backupId: 'before', isPlace: true },
    { name: 'backup:reveal', handle: 'k3', backupId: 'b1', isPlace: true },
  ]);
});

it.each([
  ['a folder elsewhere that could not be looked into', '/mnt/away', false],
  ['one whose name only begins alike', '/b2/x.db', false],
  ['a file in it', '/b/x.db', true],
])('of the usual folder, while nothing was backed up there, %s tells whether it is there', (_, at, isThere) => {
  const { propsOf } = open();
  const list = backupList({ backups: [], folder: '/b', unusable: [{ path: at, why: null }] });
  const view = { listError: null, error: null, busy: null, said: null, undo: null, list };
  useBackups.setState({ byHandle: { k3: view } });
  const folders = [propsOf('div').children].flat().find((each) => each?.props?.own);
  expect(partsIn(folders.type(folders.props), ActionIcon)).toHaveLength(isThere ? 1 : 0);
});
