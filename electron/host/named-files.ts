import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** More files than anybody passes at once are a mistake or an attack. */
const MAX_FILES = 20;

/** Files named on a command line: everything that is no option, made absolute. Linux desktops name them as `file://`. */
export const filesOf = (args: readonly string[], folder: string): string[] =>
  args
    .filter((argument) => argument !== '' && !argument.startsWith('-'))
    .map((argument) => (/^file:/i.test(argument) ? fromAddress(argument) : path.resolve(folder, argument)))
    .filter((file) => file !== null)
    .slice(0, MAX_FILES);

/** @param isPackaged else the first name on Electron's command line is the app itself. */
export function ownArguments(argv: readonly string[], isPackaged: boolean): string[] {
  const args = argv.slice(1);
  const appAt = isPackaged ? -1 : args.findIndex((argument) => !argument.startsWith('-'));
  return args.filter((_argument, at) => at !== appAt);
}

/** Files that another start of the program handed over. It is another process: believe nothing about their shape. */
export function handedOver(data: unknown): string[] {
  const files: unknown = typeof data === 'object' && data !== null ? (data as { files?: unknown }).files : null;
  if (!Array.isArray(files)) return [];
  return files.filter((file): file is string => typeof file === 'string' && path.isAbsolute(file)).slice(0, MAX_FILES);
}

function fromAddress(address: string): string | null {
  try {
    return fileURLToPath(address);
  } catch {
    return null; // of another computer, or no address at all
  }
}
