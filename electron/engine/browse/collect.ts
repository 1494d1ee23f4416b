import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

let now: (() => void) | undefined;

/**
 * Has V8 let go of buffers that nobody needs any more. By itself it waits until there are 64 MB more of them, because it
 * does not see how large they are; while a large value is read in pieces that would double what this process takes.
 */
export function collect(): void {
  if (now === undefined) {
    setFlagsFromString('--expose-gc');
    now = runInNewContext('gc') as () => void;
  }
  now();
}
