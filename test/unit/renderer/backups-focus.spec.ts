import { Button } from '@mantine/core';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { BackupRecord } from '@shared/run.ts';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { backup, backupList } from './values.ts';
import { storesAlone } from './stores-alone.ts';

/** Where the focus goes on when the button that has it goes away: the page of the backups, as React runs it. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/k3/backups' });
let backups: BackupRecord[] = [];
const found = () => backupList({ backups });
const call = (name: string, { backupId }: { backupId: string }): Promise<unknown> => {
  if (name === 'backup:restore') return new Promise(() => {}); // under way
  const removed = name === 'backup:tidy' ? backups.slice(1) : backups.filter(({ id }) => id === backupId);
  if (name === 'backup:remove') backups = backups.filter((each) => !removed.includes(each));
  const tidied = { removed, kept: [], freedBytes: 1 };
  return Promise.resolve({ ok: true, value: name === 'backup:list' ? found() : tidied });
};
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call, on: () => () => {} } });
await storesAlone();

const { connect } = await import('../../../renderer/api.ts');
const { TypedConfirmation } = await import('../../../renderer/components/typed-confirmation.tsx');
const { BackupItem } = await import('../../../renderer/panels/backups/backup-item.tsx');
const { BackupList } = await import('../../../renderer/panels/backups/backup-list.tsx');
const { BackupsPanel } = await import('../../../renderer/panels/backups/backups-panel.tsx');
const { TidyDialog } = await import('../../../renderer/panels/backups/tidy-dialog.tsx');
const { RemoveDialog } = await import('../../../renderer/panels/backups/remove-dialog.tsx');
const { useBackups } = await import('../../../renderer/stores/backups.ts');
connect();

const undoable = backup({ id: 'b1' });
/** @param asked id of the one that the address asks for. */
function open(ids: readonly string[], asked: string | null = null) {
  backups = ids.map((id) => backup({ id, path: `/b/${id}.db` }));
  const nothing = { listError: null, error: null, busy: null, said: null };
  const view = { ...nothing, list: found(), undo: { by: 'rows', backup: undoable } as const };
  useBackups.setState({ byHandle: { k3: view } });
  const { draw } = mount(() => BackupsPanel({ handle: 'k3', fileName: 'lights.db', backupId: asked }));
  const propsOf = (type: Parameters<typeof partsIn>[1]) => partsIn(draw(), type)[0]?.props;
  const outcome = partsIn(draw(), 'div').find(({ props }) => props.tabIndex === -1)?.props;
  const focus = vi.fn();
  outcome.ref.current = { focus };
  let given = propsOf(BackupList);
  const list = mount(() => BackupList(given));
  const focused: string[] = [];
  const items = new Map<string, (props: object) => void>();
  /** One of the list, as long as it is there. */
  const addItem = (id: string): ((props: object) => void) => {
    let props = {};
    const { draw: drawItem } = mount(() => BackupItem(props as never));
    return (now) => {
      props = now;
      drawItem().props.ref.current = { scrollIntoView: () => {}, focus: () => focused.push(id) };
    };
  };
  const drawList = () => {
    given = propsOf(BackupList);
    return list.draw();
  };
  return {
    focus,
    propsOf,
    outcome,
    drawList,
    /** The backups that have had the focus since the last time. */
    async focused(): Promise<string[]> {
      for (const { props } of partsIn(drawList(), BackupItem)) {
        const { id } = props.backup;
        if (!items.has(id)) items.set(id, addItem(id));
        items.get(id)?.(props);
      }
      await new Promise((resolve) => setTimeout(resolve));
      return focused.splice(0);
    },
    async tidy() {
      const asking = { ...propsOf(TidyDialog), isOpen: true };
      const dialog = mount(() => TidyDialog(asking)).draw();
      const [steps] = [dialog.props.children].flat();
      const { draw: drawSteps } = mount(() => steps.type(steps.props));
      partsIn(drawSteps(), Button)
        .find(({ props }) => props.children === 'See what would go')
        ?.props.onClick();
      await vi.waitFor(() => expect(partsIn(drawSteps(), TypedConfirmation)).toHaveLength(1));
      partsIn(drawSteps(), TypedConfirmation)[0]?.props.onConfirm('lights.db');
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
  ])('%s', async (_, gone, goes) => {
    const page = open(['b3', 'b2', 'b1']);
    expect(await page.focused()).toEqual([]);
    await page.remove(gone);
    expect(await page.focused()).toEqual(goes);
  });

  it('to the same one again, but not while the dialog asks', async () => {
    const page = open(['b3', 'b2', 'b1']);
    await page.remove('b2');
    expect(await page.focused()).toEqual(['b1']);
    page.propsOf(BackupList).onRemove(backups[0]);
    expect(await page.focused()).toEqual([]);
    await page.remove('b3');
    expect(await page.focused()).toEqual(['b1']);
  });

  it('to the one that the address asked for, and to no other because of that', async () => {
    const page = open(['b4', 'b3', 'b2', 'b1'], 'b3');
    expect(await page.focused()).toEqual(['b3']);
    await page.remove('b4');
    expect(await page.focused()).toEqual(['b3']);
    await page.remove('b1');
    expect(await page.focused()).toEqual(['b2']);
  });

  it('to the first of those that were shown on request', async () => {
    const ids = Array.from({ length: 40 }, (_, at) => `b${40 - at}`);
    const page = open(ids);
    const [more] = partsIn(page.drawList(), Button);
    more?.props.onClick();
    expect(await page.focused()).toEqual([ids[30]]);
    await page.remove(ids[29] ?? '');
    expect(await page.focused()).toEqual([ids[30]]);
  });

  it('to where it is told, where none is left', async () => {
    const page = open(['b1']);
    await page.remove('b1');
    expect(page.focus).toHaveBeenCalledTimes(1);
  });
});

it('after tidying, which may take the button away that asked for it, the focus is where that is told', async () => {
  const page = open(['b2', 'b1']);
  await page.tidy();
  await vi.waitFor(() => expect(page.focus).toHaveBeenCalledTimes(1));
});

it('once a restore is being undone, the focus is where that is told', () => {
  const page = open(['b1']);
  const undo = partsIn(page.outcome.children, Button).find(({ props }) => props.children === 'Undo this restore');
  undo?.props.onClick();
  expect(page.focus).toHaveBeenCalledTimes(1);
  page.propsOf(BackupList).onUndo(undoable);
  expect(page.focus).toHaveBeenCalledTimes(2);
});
