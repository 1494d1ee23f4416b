import { type BrowserWindow, dialog, type MessageBoxOptions } from 'electron';

/**
 * A question or a message in the system's own dialog, in front of the window where there is one. It never blocks: what
 * goes on, goes on.
 * @returns the number of the button; what its `cancelId` says when it was closed or taken back.
 */
export async function tell(window: BrowserWindow | null, options: MessageBoxOptions): Promise<number> {
  const shown = { title: 'Phasewise', noLink: true, ...options };
  const { response } = await (window && !window.isDestroyed()
    ? dialog.showMessageBox(window, shown)
    : dialog.showMessageBox(shown));
  return response;
}
