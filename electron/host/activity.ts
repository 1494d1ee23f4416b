import type { Events } from '@shared/channels.ts';
import { isFinal, type RunSnapshot, wasRefused } from '@shared/run.ts';
import type { BusyChange } from './busy.ts';
import { type EndNotice, LONG, runNotice, workNotice } from './end-notice.ts';
import type { Host } from './host.ts';
import { type Going, goingOf, type Taskbar, taskbarOf } from './taskbar.ts';

/** What goes on, as somebody sees it who does not look at the window. */
export interface Activity {
  readonly taskbar: Taskbar;
  /** Something is being written: the computer must not fall asleep now. A pause writes nothing. */
  readonly isWriting: boolean;
}

export interface Ended extends EndNotice {
  readonly handle: string;
  /** From its beginning, ms. */
  readonly tookMs: number;
}

export interface ActivityWatch {
  now(): Activity;
  /** Somebody looks at the window: a failure need not be pointed at any longer. */
  seen(): void;
}

export interface ActivityListeners {
  readonly onChange: (activity: Activity) => void;
  /** Something came to an end that took long, or waits for a person. */
  readonly onLongEnd: (ended: Ended) => void;
}

interface Work extends Going {
  readonly startedAt: number;
  readonly isTrial: boolean;
}

/** Follows every run and every other work of the host, from what they say themselves. */
export function watchActivity(
  host: Pick<Host, 'busy' | 'databases' | 'events'>,
  { onChange, onLongEnd }: ActivityListeners,
  clock: () => number = () => Date.now(),
): ActivityWatch {
  const works = new Map<string, Work>();
  let hasFailed = false;
  const now = (): Activity => ({
    taskbar: taskbarOf(
      [...works.values()].filter(({ isTrial }) => !isTrial),
      hasFailed,
    ),
    isWriting: [...works.values()].some(({ isTrial, isPaused }) => !isTrial && !isPaused),
  });
  let last = JSON.stringify(now());
  const renew = (): void => {
    const activity = now();
    const text = JSON.stringify(activity);
    if (text === last) return;
    last = text;
    onChange(activity);
  };
  const end = (handle: string, startedAt: number, notice: EndNotice | null): void => {
    const tookMs = clock() - startedAt;
    if (notice && tookMs >= LONG) onLongEnd({ ...notice, handle, tookMs });
  };

  const onBusy = ({ file, work, isTrial, ended }: BusyChange): void => {
    const before = works.get(file);
    if (ended === null) works.set(file, { startedAt: clock(), isTrial, isPaused: false, fraction: null });
    else works.delete(file);
    const database = host.databases.find(file);
    if (before && ended && database && !isTrial && work !== 'upgrade')
      end(database.handle, before.startedAt, workNotice(work, database.name, ended.isDone));
    renew();
  };
  const onRun = (run: RunSnapshot): void => {
    const database = host.databases.get(run.handle);
    if (!database.ok) return;
    const { path: file, name } = database.value;
    const before = works.get(file);
    const going = goingOf(run);
    const isWaiting = run.state === 'paused' && run.attention !== null && before?.isPaused !== true;
    if (before && going) works.set(file, { ...before, ...going });
    if (isFinal(run.state)) hasFailed = run.state === 'failed' && !wasRefused(run);
    if (isWaiting || isFinal(run.state)) end(run.handle, Date.parse(run.startedAt), runNotice(run, name));
    renew();
  };
  const onWork = ({ handle, work }: Events['work:changed']): void => {
    const database = host.databases.get(handle);
    const before = database.ok ? works.get(database.value.path) : undefined;
    if (!database.ok || !before || work === null) return;
    works.set(database.value.path, { ...before, fraction: work.fraction });
    renew();
  };

  host.busy.watch(onBusy);
  host.events.on((name, payload) => {
    if (name === 'run:changed') onRun(payload as RunSnapshot);
    if (name === 'work:changed') onWork(payload as Events['work:changed']);
  });
  return {
    now,
    seen() {
      hasFailed = false;
      renew();
    },
  };
}
