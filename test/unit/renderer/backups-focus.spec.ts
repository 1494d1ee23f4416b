import { Button } from '@mantine/core';
import type ReactItself from 'react';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { backup } from './values.ts';

/** Where the focus goes on when the button that has it goes away: the page of the backups, as React runs it. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
let backups: BackupRecord[] = [];
const found = () => ({ folder: '/b', backups, unusable: [], replaced: null, beforeRecovery: [] });
const call = (name: string, { backupId }: { backupId: string }): Promise<unknown> => {
  if (name === 'backup:restore') return new Promise(() => {}); // under way
  if (name === 'backup:remove') backups = backups.filter(({ id }) => id !== backupId);
  return Promise.resolve({ ok: true, value: name === 'backup:list' ? found() : {} });
};
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
// The stores ask React itself, and it draws nothing here.
const { default: React } = await vi.importActual<{ default: typeof ReactItself }>('react');
vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current());
vi.spyOn(React, 'useCallback').mockImplementation((act) => act);
vi.spyOn(React, 'useDebugValue').mockImplementation(() => {});

const { connect } = await import('../../../renderer/api.ts');
const { TypedConfirmation } = await import('../../../renderer/components/typed-confirmation.tsx');
const { BackupItem } = await import('../../../renderer/panels/backups/backup-item.tsx');
const { BackupList } = await import('../../../renderer/panels/backups/backup-list.tsx');
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { RemoveDialog } = await import('../../../renderer/panels/backups/remove-dialog.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
connect();

const undoable = backup({ id: 'b1' });
function open(...ids: string[]) {
  backups = ids.map((id) => backup({ id, path: `/b/${id}.db` }));
  const nothing = { listError: null, error: null, busy: null, said: null };
  const view = { ...nothing, list: found(), undo: { by: 'rows', backup: undoable } as const };
  useBackups.setState({ byHandle: { k3: view } });
  const { draw } = mount(() => BackupsPanel({ handle: 'k3', fileName: 'lights.db' }));
  const propsOf = (type: Parameters<typeof partsIn>[1]) => partsIn(draw(), type)[0]?.props;
  const outcome = partsIn(draw(), 'div').find(({ props }) => props.tabIndex === -1)?.props;
  const focus = vi.fn();
  outcome.ref.current = { focus };
  return {
    focus,
    propsOf,
    outcome,
    wanted(): string[] {
      const given = propsOf(BackupList);
      const items = partsIn(mount(() => BackupList(given)).draw(), BackupItem);
      return items.filter(({ props }) => props.isWanted).map(({ props }) => props.backup.id);
    },
    async remove(id: string) {
      propsOf(BackupList).onRemove(backups.find((each) => each.id === id));
      const given = propsOf(RemoveDialog);
      const dialog = mount(() => RemoveDialog(given)).draw();
      partsIn(dialog, TypedConfirmation)[0]?.props.onConfirm('lights.db');
      await vi.waitFor(() => expect(propsOf(RemoveDialog).backup).toBeNull());
    },
  };
}

beforeEach(() => useBackups.setState({ byHandle: {} }));

describe('after a deletion the focus goes on', () => {
  it.each([
    ['to the backup that follows', 'b3', ['b2']],
    ['to the one before, where none follows', 'b1', ['b2']],
  ])('%s', async (_, gone, wanted) => {
    const page = open('b3', 'b2', 'b1');
    expect(page.wanted()).toEqual([]);
    await page.remove(gone);
    expect(page.wanted()).toEqual(wanted);
  });

  it('to the same one again, but not while the dialog asks', async () => {
    const page = open('b3', 'b2', 'b1');
    await page.remove('b2');
    expect(page.wanted()).toEqual(['b1']);
    page.propsOf(BackupList).onRemove(backups[0]);
    expect(page.wanted()).toEqual([]);
    await page.remove('b3');
    expect(page.wanted()).toEqual(['b1']);
  });

  it('to where it is told, where none is left', async () => {
    const page = open('b1');
    await page.remove('b1');
    expect(page.focus).toHaveBeenCalledTimes(1);
  });
});

it('once a restore is being undone, the focus is where that is told', () => {
  const page = open('b1');
  const undo = partsIn(page.outcome.children, Button).find(({ props }) => props.children === 'Undo this restore');
  undo?.props.onClick();
  expect(page.focus).toHaveBeenCalledTimes(1);
  page.propsOf(BackupList).onUndo(undoable);
  expect(page.focus).toHaveBeenCalledTimes(2);
});
