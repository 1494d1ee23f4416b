import { Button, NumberInput } from '@mantine/core';
import type { FunctionComponent } from 'react';
import { beforeEach, expect, it, vi } from 'vitest';
import { partsIn } from './elements.ts';
import { mount } from './hooks.ts';

/** The first step of tidying up, as React runs it: how many backups are to stay. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const tryTidying = vi.fn(() => new Promise(() => {}));
vi.mock('../../../renderer/stores/backups.ts', () => ({ tryTidying, tidyBackups: () => {}, forgetError: () => {} }));
const { TidyDialog } = await import('../../../renderer/panels/backups/tidy-dialog.tsx');

const props = { handle: 'k3', fileName: 'lights.db', isOpen: true, onClose: () => {} };
function firstStep() {
  const [content] = [mount(() => TidyDialog(props)).draw().props.children].flat();
  const Steps = content.type as FunctionComponent;
  const { draw } = mount(() => Steps(content.props) as never);
  return {
    shown: () => partsIn(draw(), NumberInput)[0]?.props.value,
    type: (value: number | string) => partsIn(draw(), NumberInput)[0]?.props.onChange(value),
    look: () => partsIn(draw(), Button).find((each) => each.props.children === 'See what would go')?.props,
  };
}

beforeEach(() => void tryTidying.mockClear());

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
