import { Button, NumberInput } from '@mantine/core';
import type { FunctionComponent } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';
import { backup } from './values.ts';

/** The first step of tidying up, as React runs it: how many backups are to stay. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const tryTidying = vi.fn((): Promise<unknown> => new Promise(() => {}));
const endless = () => new Promise(() => {});
vi.mock('../../../renderer/stores/backups.ts', () => ({
  ...{ tryTidying, tidyBackups: endless, removeBackup: endless, forgetError: () => {} },
}));
const { TypedConfirmation } = await import('../../../renderer/components/typed-confirmation.tsx');
const { RemoveDialog } = await import('../../../renderer/panels/backups/remove-dialog.tsx');
const { TidyDialog } = await import('../../../renderer/panels/backups/tidy-dialog.tsx');
const { WorkProgress } = await import('../../../renderer/panels/backups/work-progress.tsx');

const props = { handle: 'k3', fileName: 'lights.db', isOpen: true, onClose: () => {}, onTidied: () => {} };
function firstStep() {
  const dialog = mount(() => TidyDialog(props));
  const contentNow = () => [dialog.draw().props.children].flat()[0];
  let content = contentNow();
  const steps = mount(() => (content.type as FunctionComponent)(content.props) as never);
  const draw = () => {
    content = contentNow();
    return steps.draw();
  };
  return {
    shown: () => partsIn(draw(), NumberInput)[0]?.props.value,
    type: (value: number | string) => partsIn(draw(), NumberInput)[0]?.props.onChange(value),
    told: () => partsIn(draw(), WorkProgress).map(({ props: given }) => given),
    confirmation: () => partsIn(draw(), TypedConfirmation)[0]?.props,
    look: () => partsIn(draw(), Button).find((each) => each.props.children === 'See what would go')?.props,
  };
}

beforeEach(() => void tryTidying.mockClear());

it('while the newest backups are read again, that is told, and can be stopped', () => {
  const { told, look } = firstStep();
  expect(told()).toEqual([]);
  look().onClick();
  expect(told()).toMatchObject([
    { handle: 'k3', words: expect.stringContaining('Reading the newest backups') as string },
  ]);
});

it('while backups are deleted, that is told, and can be stopped', async () => {
  const going = { ...backup(), path: '/b/b1.db' };
  tryTidying.mockResolvedValueOnce({ ok: true, value: { removed: [going], kept: [], freedBytes: 1 } });
  const { told, look, confirmation } = firstStep();
  look().onClick();
  await vi.waitFor(() => expect(confirmation()).toBeDefined());
  expect(told()).toEqual([]);
  confirmation().onConfirm('lights.db');
  expect(told()).toMatchObject([{ handle: 'k3', words: expect.stringContaining('deleting') as string }]);

  const onRemoved = (): void => {};
  const one = mount(() => RemoveDialog({ ...props, backup: backup(), onRemoved }));
  expect(partsIn(one.draw(), WorkProgress)).toEqual([]);
  partsIn(one.draw(), TypedConfirmation)[0]?.props.onConfirm('lights.db');
  expect(partsIn(one.draw(), WorkProgress)).toHaveLength(1);
});

it('the number that is there can be cleared and another one typed', () => {
  const { shown, type, look } = firstStep();
  expect(shown()).toBe(5);
  type('');
  expect(shown()).toBe('');
  type(3);
  look().onClick();
  expect(tryTidying).toHaveBeenCalledExactlyOnceWith('k3', 3);
});

it.each([['', true], ['-', true], [0, true], [1.5, true], [1, false], ['07', false]])(
  'what would go is shown for a whole number from 1 on only: %j', (value, isDisabled) => {
  const { type, look } = firstStep();
  type(value);
  expect(look().disabled).toBe(isDisabled);
}); // prettier-ignore
