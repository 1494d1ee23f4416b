import { showControls } from './run.ts';

/** Every fault that is put in on purpose, or those with one of the given texts in their name. */
const controls = await showControls(process.argv.slice(2));
process.exitCode = controls.every(({ isCaught }) => isCaught) ? 0 : 1;
