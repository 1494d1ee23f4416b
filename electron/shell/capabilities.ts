import { type ChannelName, channels } from '@shared/channels.ts';

/** Kinds of windows. There is one; another with less to do gets a list of its own, as short as can be. */
export type WindowKind = 'main';

/** The browser host's own file picker. A window of Electron has the system's dialogs, so it never needs these. */
const OF_THE_BROWSER: readonly string[] = [
  ...(['files:list', 'database:openFile', 'source:use', 'ingest:use'] satisfies ChannelName[]),
];

const granted: Record<WindowKind, ReadonlySet<string>> = {
  main: new Set(Object.keys(channels).filter((name) => !OF_THE_BROWSER.includes(name))),
};

/** A window may use the channels that its kind was given, and no others. Names that do not exist are nobody's. */
export const mayCall = (kind: WindowKind, name: unknown): boolean =>
  typeof name === 'string' && granted[kind].has(name);
