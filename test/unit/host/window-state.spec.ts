import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { firstSize, loadWindowState, saveWindowState } from '@host/window-state.ts';
import { expect, it } from 'vitest';
import { temporaryFolder } from '../../support/temporary.ts';

const folder = temporaryFolder();
const screen = { x: 0, y: 0, width: 1920, height: 1080 };
const second = { x: 1920, y: 0, width: 1920, height: 1080 };
const state = { x: 2000, y: 50, width: 1280, height: 840, isMaximized: false, isFullScreen: false };

it('puts the window back where it was, unless that screen is gone', () => {
  saveWindowState(folder, state);
  expect(loadWindowState(folder, [screen, second])).toEqual(state);
  expect(loadWindowState(folder, [screen])).toBeNull();
});

it('does not put it where its title bar cannot be reached', () => {
  saveWindowState(folder, { ...state, x: 1900 });
  expect(loadWindowState(folder, [screen])).toBeNull();
  saveWindowState(folder, { ...state, x: 0, y: 1070 });
  expect(loadWindowState(folder, [screen])).toBeNull();
  saveWindowState(folder, { ...state, x: -1000, y: 0 });
  expect(loadWindowState(folder, [screen])).not.toBeNull();
});

it('starts in the usual place when nothing usable is remembered', () => {
  writeFileSync(path.join(folder, 'window.json'), '{"x":1e99,"y":"a"}');
  expect(loadWindowState(folder, [screen])).toBeNull();
});

it('is full screen again, and knows places from before that was remembered', () => {
  saveWindowState(folder, { ...state, isFullScreen: true });
  expect(loadWindowState(folder, [second])).toMatchObject({ isFullScreen: true });
  const { isFullScreen: _, ...older } = state;
  writeFileSync(path.join(folder, 'window.json'), JSON.stringify(older));
  expect(loadWindowState(folder, [second])).toEqual(state);
});

it('is never larger than its screen: not after that shrank, not at the first start', () => {
  saveWindowState(folder, { ...state, x: 0, width: 3000, height: 2000 });
  expect(loadWindowState(folder, [screen])).toMatchObject({ width: 1920, height: 1080 });
  expect(firstSize({ width: 1280, height: 840 }, { width: 1366, height: 728 })).toEqual({ width: 1280, height: 728 });
});
