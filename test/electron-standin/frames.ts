// Frames as IPC handlers see them: the one of the page, and ones that only an attacker would send from.

export interface Frame {
  readonly url: string;
  readonly origin: string;
  readonly parent: Frame | null;
  readonly top: Frame | null;
  readonly routingId: number;
  readonly processId: number;
  readonly detached: boolean;
  isDestroyed(): boolean;
}

/** One object for the life of a page, so that a sender can be compared with it; its address follows the page. */
export function frameAt(getUrl: () => string, parent: Frame | null = null): Frame {
  const frame: Frame = {
    get url() {
      return getUrl();
    },
    get origin() {
      const { protocol, host } = new URL(getUrl());
      return `${protocol}//${host}`;
    },
    parent,
    get top() {
      return parent?.top ?? frame;
    },
    routingId: parent ? 2 : 1,
    processId: 1,
    detached: false,
    isDestroyed: () => false,
  };
  return frame;
}

/** A frame that went away between its call and the handler: Electron throws for everything one asks it. */
export function disposedFrame(): Frame {
  const gone = () => {
    throw new Error('Render frame was disposed before WebFrameMain could be accessed');
  };
  return Object.defineProperties({} as Frame, {
    ...Object.fromEntries(
      ['url', 'origin', 'parent', 'top', 'routingId', 'processId'].map((it) => [it, { get: gone }]),
    ),
    detached: { value: true },
    isDestroyed: { value: () => true },
  });
}
