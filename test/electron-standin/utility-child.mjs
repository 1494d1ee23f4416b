// @ts-check
// Loaded first in the Node process that stands in for a utility process: gives it process.parentPort.
import { EventEmitter } from 'node:events';

const send = process.send?.bind(process);
if (!send) throw new Error('utility-child.mjs belongs into a forked process');

/**
 * Messages that came before anybody listened are kept, as a MessagePort keeps them.
 * @type {{ data: unknown, ports: unknown[] }[]}
 */
const early = [];
const port = Object.assign(new EventEmitter(), {
  postMessage: (/** @type {unknown} */ message) => void send(message),
  start: () => {},
});
process.on('message', (data) => {
  const event = { data, ports: [] };
  if (port.listenerCount('message') > 0) port.emit('message', event);
  else early.push(event);
});
port.on('newListener', (name) => {
  if (name === 'message') queueMicrotask(() => early.splice(0).forEach((event) => port.emit('message', event)));
});
process.on('disconnect', () => process.exit(1)); // a utility process does not outlive its app

Object.defineProperty(process, 'parentPort', { value: port });
Object.defineProperty(process, 'send', { value: undefined }); // Electron's utility process has none
