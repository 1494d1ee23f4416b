// The page's half of contextBridge: builds what the preload world exposes. Runs as text, before the page's scripts.
// The two halves share the document and nothing else; values cross in CustomEvent details, which Chromium clones.
(() => {
  const bridge = document;
  const callbacks = new Map();
  let lastId = 0;
  const nextId = () => `main-${++lastId}`;

  const send = (type, detail) => bridge.dispatchEvent(new CustomEvent(`standin:${type}`, { detail }));
  const once = (type, listener) =>
    bridge.addEventListener(`standin:${type}`, (event) => listener(event.detail), {
      once: true,
    });

  const pack = (value) => {
    if (typeof value === 'function') {
      const id = nextId();
      callbacks.set(id, value);
      return { callback: id };
    }
    return { value: structuredClone(value) }; // throws DataCloneError, as the real bridge does
  };

  const unpack = (described) => {
    if (described.kind === 'function') return proxyFor(described.id);
    if (described.kind === 'object') {
      const entries = described.entries.map(([key, part]) => [key, unpack(part)]);
      return Object.freeze(Object.fromEntries(entries));
    }
    return described.value;
  };

  const proxyFor =
    (fn) =>
    (...args) => {
      const id = nextId();
      const packed = args.map(pack);
      let answer;
      once(`answer:${id}`, (detail) => (answer = detail)); // dispatched before send() returns
      send('call', { id, fn, args: packed });
      if (answer.kind === 'throw') throw new Error(answer.message);
      if (answer.kind !== 'promise') return unpack(answer);
      return new Promise((resolve, reject) =>
        once(`settled:${id}`, ({ isResolved, described, message }) =>
          isResolved ? resolve(unpack(described)) : reject(new Error(message)),
        ),
      );
    };

  bridge.addEventListener('standin:expose', (event) => {
    const { key, described } = event.detail;
    Object.defineProperty(window, key, { value: unpack(described), enumerable: true });
  });
  bridge.addEventListener('standin:callback', (event) => {
    const { id, args } = event.detail;
    callbacks.get(id)?.(...args);
  });
})();
