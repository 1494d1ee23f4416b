// Requires the main bundle as Electron would, with an `electron` that says "another one runs already", and prints how
// long that took. `--cache FOLDER` uses V8's compile cache.
const Module = require('node:module');
const [, , bundle, flag, folder] = process.argv;

const anything = new Proxy(function () {}, {
  get: (_target, name) => (name === Symbol.toPrimitive ? () => '' : anything),
  apply: () => anything,
  construct: () => anything,
});
const app = new Proxy(
  {},
  {
    get: (_target, name) => {
      if (name === 'requestSingleInstanceLock') return () => false;
      if (name === 'quit' || name === 'exit') return () => {};
      return anything;
    },
  },
);
const load = Module._load;
const loaded = new Set();
Module._load = (request, ...rest) => {
  loaded.add(request);
  return request === 'electron'
    ? new Proxy({ app }, { get: (own, name) => own[name] ?? anything })
    : load(request, ...rest);
};

if (flag === '--cache') Module.enableCompileCache(folder);
const startedAt = performance.now();
try {
  require(bundle);
} catch {
  // what comes after loading is not measured
}
const milliseconds = performance.now() - startedAt;
Module.flushCompileCache?.();
process.stdout.write(JSON.stringify({ milliseconds, loadsAddon: loaded.has('better-sqlite3') }));
process.exit(0);
