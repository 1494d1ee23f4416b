import { contextBridge, ipcRenderer, webUtils } from 'electron';
import type { Bridge } from '@shared/channels.ts';
import { appError, err } from '@shared/errors.ts';
import { IPC } from '@shared/ipc.ts';

/**
 * The only thing that the window can reach: the channels, as `window.phasewise`. Calls answer values; what breaks on
 * the way (a value that cannot be copied, a main process that is gone) is a value too.
 */
const bridge: Bridge = {
  call: (name, input) => invoke(IPC.call, name, input),
  on(listener) {
    const heard = (_event: unknown, name: string, payload: unknown): void => listener(name, payload);
    ipcRenderer.on(IPC.event, heard);
    return () => void ipcRenderer.off(IPC.event, heard);
  },
  // A page cannot make up a path: only files that were dropped or chosen have one.
  openDropped: (file) => invoke(IPC.openDropped, pathOf(file)),
};
contextBridge.exposeInMainWorld('phasewise', bridge);

async function invoke(channel: string, ...values: unknown[]): Promise<unknown> {
  try {
    return (await ipcRenderer.invoke(channel, ...values)) as unknown;
  } catch (cause) {
    return err(appError('E_DISCONNECTED', cause instanceof Error ? cause.message : String(cause)));
  }
}

function pathOf(file: unknown): string {
  try {
    return webUtils.getPathForFile(file as File);
  } catch {
    return ''; // not a file at all; the main process refuses an empty path
  }
}
