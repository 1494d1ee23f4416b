import path from 'node:path';
import { z } from 'zod';
import { ensureFolder } from './data-folder.ts';
import { readJsonFile, writeJsonFile } from './json-file.ts';

/** Where the window was, in the screen's own units. */
export const WindowState = z.object({
  x: z.number().int(),
  y: z.number().int(),
  width: z.number().int().min(200).max(20_000),
  height: z.number().int().min(200).max(20_000),
  isMaximized: z.boolean(),
  isFullScreen: z.boolean().default(false),
});
export type WindowState = z.infer<typeof WindowState>;

export interface Size {
  readonly width: number;
  readonly height: number;
}
export interface Area extends Size {
  readonly x: number;
  readonly y: number;
}

const fileOf = (dataFolder: string): string => path.join(dataFolder, 'window.json');
/** Of the window's top edge, so much must be on a screen for a person to get hold of it. */
const GRIP = 80;

export const saveWindowState = (dataFolder: string, state: WindowState): void => {
  ensureFolder(dataFolder);
  writeJsonFile(fileOf(dataFolder), state);
};

/** The remembered state, unless the screen that it was on is gone. @param screens the work areas there are now. */
export function loadWindowState(dataFolder: string, screens: readonly Area[]): WindowState | null {
  const state = readJsonFile<WindowState | null>(
    fileOf(dataFolder),
    WindowState.nullable() as z.ZodType<WindowState | null>,
    null,
  );
  return state && screens.some((screen) => isReachable(state, screen)) ? fitted(state, screens) : null;
}

/** For a first start: no larger than the screen. */
export const firstSize = (wanted: Size, screen: Size): Size => ({
  width: Math.min(wanted.width, screen.width),
  height: Math.min(wanted.height, screen.height),
});

/** A screen may have become smaller: no window is larger than the one that it is on. */
function fitted(state: WindowState, screens: readonly Area[]): WindowState {
  const screen = screens.find((area) => isReachable(state, area));
  return screen ? { ...state, ...firstSize(state, screen) } : state;
}

function isReachable(window: Area, screen: Area): boolean {
  const overlap = Math.min(window.x + window.width, screen.x + screen.width) - Math.max(window.x, screen.x);
  return overlap >= GRIP && window.y >= screen.y - 10 && window.y <= screen.y + screen.height - GRIP;
}
