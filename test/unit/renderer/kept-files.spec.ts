import { Button } from '@mantine/core';
import type ReactItself from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { backupList } from './values.ts';

/** Files that a restore set aside, on the page of the backups: those come back that somebody has agreed to. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
const sent: { name: string; input: unknown }[] = [];
const call = (name: string, input: unknown): Promise<unknown> => {
  sent.push({ name, input });
  return Promise.resolve({ ok: true, value: {} });
};
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
// The stores ask React itself, and it draws nothing here.
const { default: React } = await vi.importActual<{ default: typeof ReactItself }>('react');
vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current());

const { connect } = await import('../../../renderer/api.ts');
const { KeptFiles } = await import('../../../renderer/panels/backups/kept-files.tsx');
const { PutBackDialog } = await import('../../../renderer/panels/backups/put-back-dialog.tsx');
connect();

const listed = (folder: string) => {
  const replaced = { folder, at: '2026-11-21T14:02:00Z', isOfUndo: false };
  return backupList({ replaced });
};
const asked = () => sent.filter(({ name }) => name === 'backup:putBack').map(({ input }) => input);

function page() {
  const given = { handle: 'k3', fileName: 'a.db', list: listed('/p/a.db replaced-First1'), isBusy: false };
  const { draw } = mount(() => KeptFiles(given));
  return {
    given,
    ask: () => partsIn(draw(), Button)[0]?.props.onClick(),
    dialog: () => partsIn(draw(), PutBackDialog)[0]?.props,
  };
}

beforeEach(() => void (sent.length = 0));

it('those that were there when somebody asked, whatever a restore has set aside since', () => {
  const { given, ask, dialog } = page();
  ask();
  given.list = listed('/p/a.db replaced-Secon2');
  dialog().onConfirm();
  expect(asked()).toEqual([{ handle: 'k3', confirmation: 'a.db', shown: '/p/a.db replaced-First1' }]);
  expect(dialog().isOpen).toBe(false);

  ask();
  dialog().onConfirm();
  expect(asked()[1]).toMatchObject({ shown: '/p/a.db replaced-Secon2' });
});

it('none where the dialog was left', () => {
  const { ask, dialog } = page();
  ask();
  expect(dialog().isOpen).toBe(true);
  dialog().onClose();
  expect(dialog().isOpen).toBe(false);
  dialog().onConfirm();
  expect(asked()).toEqual([]);
});
