import { spawn } from 'node:child_process';
import { stat } from 'node:fs/promises';
import path from 'node:path';

/** Whether somebody sits in front of this machine's screen: without a display there is nothing to open a page in. */
export function hasDisplay(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): boolean {
  if (env['CI'] !== undefined && env['CI'] !== '' && env['CI'] !== 'false') return false;
  if (platform === 'win32') return true;
  if (platform === 'darwin') return env['SSH_CONNECTION'] === undefined;
  return Boolean(env['DISPLAY'] ?? env['WAYLAND_DISPLAY']);
}

/** Opens an address in the default browser. Does nothing when there is no program for it: the address was printed too. */
export const openInBrowser = (url: string): void => start(...opener(url));

/** Shows a file, or the inside of a folder, in the file manager. */
export async function revealInFileManager(file: string): Promise<void> {
  const isFolder = (await stat(file)).isDirectory();
  if (process.platform === 'darwin') start('open', isFolder ? [file] : ['-R', file]);
  else if (process.platform === 'win32') start('explorer.exe', isFolder ? [file] : [`/select,${file}`]);
  else start('xdg-open', [isFolder ? file : path.dirname(file)]); // there is no common way to select one there
}

function opener(target: string): [command: string, args: string[]] {
  if (process.platform === 'darwin') return ['open', [target]];
  // Not `start`: that is a command of the shell, and no address should pass through a shell.
  if (process.platform === 'win32') return ['rundll32.exe', ['url.dll,FileProtocolHandler', target]];
  return ['xdg-open', [target]];
}

function start(command: string, args: string[]): void {
  const child = spawn(command, args, { stdio: 'ignore', detached: true, shell: false });
  child.on('error', () => {});
  child.unref();
}
