// What `require('electron')` gives a sandboxed preload script. Runs as text in an isolated world of the page, after
// wire.js; `__standInIpc` is a CDP binding that exists in this world only.
/* global wire, __standInIpc */
export const electronForPreload = (() => {
  const bridge = document;
  const functions = new Map();
  let lastId = 0;

  const send = (type, detail) => bridge.dispatchEvent(new CustomEvent(`standin:${type}`, { detail }));

  // ---- contextBridge
  const isPlain = (value) => [Object.prototype, null].includes(Object.getPrototypeOf(value));
  const holdsFunctions = (value) =>
    value !== null &&
    typeof value === 'object' &&
    isPlain(value) &&
    Object.values(value).some((part) => typeof part === 'function' || holdsFunctions(part));
  const describe = (value) => {
    if (typeof value === 'function') {
      const id = `preload-${++lastId}`;
      functions.set(id, value);
      return { kind: 'function', id };
    }
    if (holdsFunctions(value)) {
      return { kind: 'object', entries: Object.entries(value).map(([key, part]) => [key, describe(part)]) };
    }
    return { kind: 'value', value };
  };
  const unpack = (packed) =>
    packed.callback === undefined ? packed.value : (...args) => void send('callback', { id: packed.callback, args });

  bridge.addEventListener('standin:call', ({ detail: { id, fn, args } }) => {
    let result;
    try {
      result = functions.get(fn)(...args.map(unpack));
    } catch (error) {
      send(`answer:${id}`, { kind: 'throw', message: error.message });
      return;
    }
    if (!(result instanceof Promise)) {
      send(`answer:${id}`, describe(result));
      return;
    }
    send(`answer:${id}`, { kind: 'promise' });
    result.then(
      (value) => send(`settled:${id}`, { isResolved: true, described: describe(value) }),
      (error) => send(`settled:${id}`, { isResolved: false, message: error.message }),
    );
  });

  // ---- ipcRenderer
  const listeners = new Map();
  const pending = new Map();
  const listenersOf = (channel) => listeners.get(channel) ?? [];

  /** Called by the stand-in's main side, with the text of a message. */
  globalThis.__standInDeliver = (text) => {
    const message = JSON.parse(text);
    if (message.id === undefined) {
      const args = message.args.map(wire.decode);
      for (const listener of listenersOf(message.channel)) listener({ senderId: 0, ports: [] }, ...args);
      return;
    }
    const { resolve, reject } = pending.get(message.id);
    pending.delete(message.id);
    if (message.ok) resolve(wire.decode(message.value));
    else reject(new Error(message.message));
  };

  const ipcRenderer = {
    invoke: (channel, ...args) =>
      new Promise((resolve, reject) => {
        const id = ++lastId;
        const text = JSON.stringify({ id, channel, args: args.map(wire.encode) });
        pending.set(id, { resolve, reject });
        __standInIpc(text);
      }),
    send: (channel, ...args) => __standInIpc(JSON.stringify({ channel, args: args.map(wire.encode) })),
    on: (channel, listener) => {
      listeners.set(channel, [...listenersOf(channel), listener]);
      return ipcRenderer;
    },
    once: (channel, listener) => {
      const once = (...args) => {
        ipcRenderer.off(channel, once);
        listener(...args);
      };
      return ipcRenderer.on(channel, once);
    },
    off: (channel, listener) => {
      listeners.set(
        channel,
        listenersOf(channel).filter((known) => known !== listener),
      );
      return ipcRenderer;
    },
    addListener: (channel, listener) => ipcRenderer.on(channel, listener),
    removeListener: (channel, listener) => ipcRenderer.off(channel, listener),
    removeAllListeners: (channel) => {
      listeners.delete(channel);
      return ipcRenderer;
    },
  };

  // ---- the rest
  /** Paths of files that a test is about to drop, by file name: a page cannot know them. */
  globalThis.__standInPaths = {};
  const webUtils = { getPathForFile: (file) => globalThis.__standInPaths[file.name] ?? '' };
  const contextBridge = {
    exposeInMainWorld: (key, api) => void send('expose', { key, described: describe(api) }),
  };
  return { contextBridge, ipcRenderer, webUtils };
})();
