import { create } from 'zustand';
import type { Output } from '@shared/channels.ts';
import { call, onConnection, type Connection } from '../api.ts';

type ColorScheme = Output<'settings:get'>['colorScheme'];

interface Session {
  readonly info: Output<'app:info'> | null;
  readonly colorScheme: ColorScheme | null;
  readonly connection: Connection;
  /** Set by the first answer; tells "was lost" from "was never there". */
  readonly hasConnected: boolean;
}

/** This window: which door it came through, whether the host answers, the person's settings. */
export const useSession = create<Session>(() => ({
  info: null,
  colorScheme: null,
  connection: 'connecting',
  hasConnected: false,
}));

/** Nobody answers this window. */
export const isAway = ({ connection }: Pick<Session, 'connection'>): boolean =>
  connection === 'lost' || connection === 'refused';

/** Nothing was ever answered, and nothing will be as long as this lasts. */
export const isShutOut = (state: Session): boolean => isAway(state) && !state.hasConnected;

/** Keeps the connection state current and runs `onOpen` after every (re)connection. */
export function watchConnection(onOpen: () => void): void {
  onConnection((connection) => {
    useSession.setState((state) => ({ connection, hasConnected: state.hasConnected || connection === 'open' }));
    if (connection === 'open') onOpen();
  });
}

export async function loadSession(): Promise<void> {
  const [info, settings] = await Promise.all([call('app:info', {}), call('settings:get', {})]);
  if (info.ok) useSession.setState({ info: info.value });
  if (settings.ok) useSession.setState({ colorScheme: settings.value.colorScheme });
}

export async function saveColorScheme(colorScheme: ColorScheme): Promise<void> {
  useSession.setState({ colorScheme });
  await call('settings:set', { colorScheme });
}
