import { type BrowserWindow, Notification, powerSaveBlocker } from 'electron';
import { type Activity, type Ended, watchActivity } from '@host/activity.ts';
import type { Host } from '@host/host.ts';
import { progressBarOf } from '@host/taskbar.ts';

export interface AttentionActions {
  getWindow(): BrowserWindow | null;
  /** Brings the window to the front, where the result of this is. */
  showResult(ended: Ended): void;
}

/**
 * What is going on, for somebody who does not look: the bar in dock or taskbar, a notification when something long has
 * ended, and a computer that stays awake exactly while something is written.
 * @returns watches a window.
 */
export function keepAttention(host: Host, actions: AttentionActions): (window: BrowserWindow) => void {
  const staysAwake = createBlocker();
  const shown = new Set<Notification>(); // a notification that nobody holds would not hear its click
  const draw = ({ taskbar }: Activity, window = actions.getWindow()): void => {
    if (!window || window.isDestroyed()) return;
    const { value, mode } = progressBarOf(taskbar, process.platform);
    window.setProgressBar(value, { mode });
  };
  const watch = watchActivity(host, {
    onChange(activity) {
      staysAwake(activity.isWriting);
      draw(activity);
    },
    onLongEnd(ended) {
      if (actions.getWindow()?.isFocused() === true || !Notification.isSupported()) return;
      const notification = new Notification({ title: ended.title, body: ended.body });
      shown.add(notification);
      notification.on('click', () => actions.showResult(ended));
      notification.on('close', () => shown.delete(notification));
      notification.show();
    },
  });
  return (window) => {
    draw(watch.now(), window);
    window.on('focus', () => watch.seen());
  };
}

/** @returns keeps the system from suspending the app, or lets it again; saying the same twice does nothing. */
function createBlocker(): (isWanted: boolean) => void {
  let id: number | null = null;
  return (isWanted) => {
    if (isWanted) id ??= powerSaveBlocker.start('prevent-app-suspension');
    else if (id !== null) {
      powerSaveBlocker.stop(id);
      id = null;
    }
  };
}
