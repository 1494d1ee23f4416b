import { toAppError } from '@shared/errors.ts';
import { packs } from '../../migrations/index.ts';
import { endWithParent } from './orphan.ts';
import type { FromEngine, ToEngine } from './protocol.ts';
import { serveRequests } from './requests.ts';

/**
 * The engine child's entry, bundled to .vite/build/engine.cjs. Works under Node's fork and under Electron's
 * utilityProcess, and is the one file that hands the packs of migrations/ to the engine.
 */

/** What utilityProcess gives its child instead of `process.send`. */
interface ParentPort {
  on(event: 'message', listener: (event: { data: unknown }) => void): void;
  postMessage(message: unknown): void;
}
const { parentPort } = process as NodeJS.Process & { parentPort?: ParentPort };

const send = (message: FromEngine): void => {
  if (parentPort) parentPort.postMessage(message);
  // The callback takes the error of a parent that is gone; 'disconnect' deals with it.
  else if (process.connected) process.send?.(message, undefined, undefined, () => {});
};

const server = serveRequests(packs, send);
const SHORT: ReadonlySet<string> = new Set(['inspect', 'plan', 'source', 'listIssues', 'listBackups']);

const leave = (): void => {
  void server.leave().finally(() => process.exit(0));
};

const die = (error: unknown): void => {
  console.error(error);
  send({ type: 'fatal', error: toAppError(error) });
  // Gives the message its way out; SQLite undoes at the next opening what was in flight.
  setTimeout(() => process.exit(1), 50);
};
process.on('uncaughtException', die);
process.on('unhandledRejection', die);

if (parentPort) {
  parentPort.on('message', ({ data }) => server.receive(data as ToEngine));
} else {
  process.on('message', (message) => {
    const received = message as ToEngine;
    // A short look ends by itself, and a thread would cost it more than it takes.
    if (received.type === 'request' && !SHORT.has(received.name)) endWithParent();
    server.receive(received);
  });
  process.on('disconnect', leave);
}
process.on('SIGTERM', leave);
// The host decides when a run ends; Ctrl-C in a terminal reaches it too.
process.on('SIGINT', () => {});

send({ type: 'ready' });
