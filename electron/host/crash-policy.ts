/** What to do about a window whose page process is gone. */
export type AfterCrash = 'ignore' | 'reload' | 'ask';

/** A second crash within this time is not bad luck any more, ms. */
const SOON = 5 * 60_000;
/** Loading again cannot help: the page's process could not be started at all. */
const HOPELESS: readonly string[] = ['launch-failed', 'integrity-failure'];

/** Once by itself; whoever crashes again soon is asked about. @returns decides by Electron's reason. */
export function createCrashPolicy(now: () => number = Date.now): (reason: string) => AfterCrash {
  let lastAt = Number.NEGATIVE_INFINITY;
  return (reason) => {
    if (reason === 'clean-exit') return 'ignore';
    const isSoon = now() - lastAt < SOON;
    lastAt = now();
    return isSoon || HOPELESS.includes(reason) ? 'ask' : 'reload';
  };
}

/** What the window says after it was loaded again. */
export const RECOVERED =
  'This window stopped working and was opened again. What was running on your databases went on without it.';
