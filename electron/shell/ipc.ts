import { type BrowserWindow, ipcMain, type IpcMainInvokeEvent } from 'electron';
import { appError, err, type Result } from '@shared/errors.ts';
import { IPC } from '@shared/ipc.ts';
import { publicEntry } from '@host/databases.ts';
import { openDatabase } from '@host/handlers.ts';
import type { Host } from '@host/host.ts';
import type { Router } from '@host/router.ts';
import { mayCall } from './capabilities.ts';
import { isOwnUrl } from './guards.ts';

/** Connects the window to the router and to the events, and nobody else. */
export function connectWindow(host: Host, router: Router, getWindow: () => BrowserWindow | null): void {
  const answer = <T>(
    event: IpcMainInvokeEvent,
    act: () => Promise<Result<T>> | Result<T>,
  ): Promise<Result<T>> | Result<T> =>
    isFromWindow(event, getWindow())
      ? act()
      : err(appError('E_BAD_REQUEST', 'The call did not come from the window of Phasewise.'));

  ipcMain.handle(IPC.call, (event, name: unknown, input: unknown) =>
    answer(event, () =>
      mayCall('main', name)
        ? router(name, input)
        : err(appError('E_BAD_REQUEST', 'This window has no call of that name.')),
    ),
  );
  ipcMain.handle(IPC.openDropped, (event, file: unknown) => answer(event, () => openDropped(host, file)));
  host.events.on((name, payload) => {
    const window = getWindow();
    if (window && !window.isDestroyed()) window.webContents.send(IPC.event, name, payload);
  });
}

/** Only the main frame of our one window, and only while it shows our own page. */
function isFromWindow(event: IpcMainInvokeEvent, window: BrowserWindow | null): boolean {
  try {
    const frame = event.senderFrame;
    return frame !== null && frame.parent === null && event.sender.id === window?.webContents.id && isOwnUrl(frame.url);
  } catch {
    return false; // Electron throws for every question about a frame that is gone
  }
}

async function openDropped(host: Host, file: unknown): Promise<Result<ReturnType<typeof publicEntry>>> {
  if (typeof file !== 'string' || file === '')
    return err(appError('E_NOT_A_FILE', 'What was dropped is not a file on this computer.'));
  const opened = await openDatabase(host, file);
  return opened.ok ? { ok: true, value: publicEntry(opened.value) } : opened;
}
