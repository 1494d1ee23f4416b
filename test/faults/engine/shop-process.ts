import { toAppError } from '@shared/errors.ts';
import type { FromEngine, ToEngine } from '@engine/protocol.ts';
import { serveRequests } from '@engine/requests.ts';
import { manyChunks } from '../../support/engine/many-chunks.ts';
import { shopPack } from '../../support/engine/shop-pack.ts';

/** The engine's entry with the shop's pack instead of ours, in chunks of a few rows; everything else as in process.ts. */
const send = (message: FromEngine): void => {
  if (process.connected) process.send?.(message, undefined, undefined, () => {});
};
const server = serveRequests([shopPack()], send, manyChunks);

const die = (error: unknown): void => {
  console.error(error);
  send({ type: 'fatal', error: toAppError(error) });
  setTimeout(() => process.exit(1), 50);
};
process.on('uncaughtException', die);
process.on('unhandledRejection', die);
process.on('message', (message) => server.receive(message as ToEngine));
process.on('disconnect', () => void server.leave().finally(() => process.exit(0)));
send({ type: 'ready' });
