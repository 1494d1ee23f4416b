import { beforeEach, expect, it, vi } from 'vitest';
import { mount } from './hooks.ts';

/** What is typed while the palette is on its way, by the listener of the window. */
vi.mock('react', async (actual) => ({ ...(await actual<object>()), ...(await import('./hooks.ts')).hooks }));
const listeners: ((event: object) => void)[] = [];
vi.stubGlobal('location', { hash: '#/' });
vi.stubGlobal('history', { state: null });
vi.stubGlobal('Element', class {});
vi.stubGlobal('HTMLElement', class {});
vi.stubGlobal('document', { querySelector: () => null });
vi.stubGlobal('window', {
  addEventListener: (name: string, listener: (event: object) => void) => name === 'keydown' && listeners.push(listener),
});
const { useShortcuts } = await import('../../../renderer/panels/shortcuts/use-shortcuts.ts');
const { closePalette, useDialogs } = await import('../../../renderer/stores/dialogs.ts');
mount(useShortcuts).draw();

/** @returns whether each key was kept from the page. */
function press(...keys: string[]): boolean[] {
  return keys.map((key) => {
    const [letter = '', ctrl] = key.split('+').toReversed();
    const event = {
      ...{
        key: letter,
        code: '',
        target: null,
        metaKey: false,
        altKey: false,
        shiftKey: false,
        ctrlKey: ctrl === 'Ctrl',
      },
      defaultPrevented: false,
      preventDefault: () => (event.defaultPrevented = true),
    };
    for (const listener of listeners) listener(event);
    return event.defaultPrevented;
  });
}
const asked = () => {
  const { isPaletteOpen, paletteAhead, isPaletteEntered } = useDialogs.getState();
  return [isPaletteOpen, paletteAhead, isPaletteEntered];
};

beforeEach(closePalette);

it('Enter is kept for what was typed before it', () => {
  press('Ctrl+p', 'd', 'a');
  expect(press('Enter')).toEqual([true]);
  expect(asked()).toEqual([true, 'da', true]);
  closePalette();
  expect(asked()).toEqual([false, '', false]);
});

it('but not once more is typed, which means something else', () => {
  press('Ctrl+p', 'd', 'Enter', 'a');
  expect(asked()).toEqual([true, 'da', false]);
});

it('before anything is typed, Enter and a space are those of the page', () => {
  press('Ctrl+p');
  expect(press('Enter', ' ')).toEqual([false, false]);
  expect(asked()).toEqual([true, '', false]);
});

it('Esc takes all of it back', () => {
  press('Ctrl+p', 'd', 'Enter');
  expect(press('Escape')).toEqual([true]);
  expect(asked()).toEqual([false, '', false]);
});
