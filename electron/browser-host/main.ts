import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { CodedError } from '@shared/errors.ts';
import { readAppVersion, readPublisher } from '@host/app-version.ts';
import { dataFolderPath, documentsFolder } from '@host/data-folder.ts';
import type { Door } from '@host/door.ts';
import { createHandlers, openDatabase } from '@host/handlers.ts';
import { createHost, type Host } from '@host/host.ts';
import { endWork } from '@host/leaving.ts';
import { keepLog } from '@host/log-events.ts';
import { openLog } from '@host/log-file.ts';
import { printable } from '@host/printable.ts';
import { createRouter } from '@host/router.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { statsOf } from '@host/stats.ts';
import { openWindowFiles } from '@host/window-files.ts';
import { hasDisplay, openInBrowser, revealInFileManager } from './desktop.ts';
import { createPicker, type Places } from './picker.ts';
import { type BrowserHost, startServer } from './server.ts';

const HELP = `Opens Phasewise in the browser, served by this machine to itself.

  [FILE|FOLDER]...  databases to open; folders that its file picker may show
                    (otherwise: your home folder, Documents and the current folder)
  --port N          listen on this port instead of any free one
  --no-open         print the address, open no browser
  --notice TEXT     one sentence to show in the window
  --help, --version

Stop it with Ctrl-C: a running upgrade ends at its next whole step and can be continued.`;

const NOTICE = 'Phasewise is open in your browser because its own window (Electron) is not available here.';

const USED_TWICE =
  'The address that the browser was started with was used twice. Other users of this computer can read command lines, so ' +
  'the window that came first may be theirs: it has lost its connection. Look at what is open, and go on at this address:';

const EXPORT_ENDED =
  'Rows were being written to a file: that is ended, and the file, which is not finished, removed. The database is not touched.';

const APP_VERSION = readAppVersion(__dirname);

interface Options {
  readonly port: number;
  readonly open: boolean;
  readonly notice: string;
  readonly named: readonly string[];
}

void main(process.argv.slice(2));

async function main(args: string[]): Promise<void> {
  const options = parse(args);
  if (typeof options === 'string') {
    console.log(options);
    return;
  }
  if (options === null) return;
  try {
    await serve(options);
  } catch (cause) {
    const error = cause instanceof CodedError ? `${cause.appError.title}. ${cause.appError.message}` : String(cause);
    console.error(`Phasewise could not be opened: ${printable(error)}`);
    process.exitCode = 1;
  }
}

/** A string is to be printed instead of starting; null = wrong usage, already said. */
function parse(args: string[]): Options | string | null {
  try {
    const { values, positionals } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        port: { type: 'string', default: '0' },
        'no-open': { type: 'boolean', default: false },
        notice: { type: 'string', default: process.env['PHASEWISE_NOTICE'] ?? NOTICE },
        help: { type: 'boolean', short: 'h', default: false },
        version: { type: 'boolean', short: 'v', default: false },
      },
    });
    if (values.help) return HELP;
    if (values.version) return APP_VERSION;
    const port = Number(values.port);
    if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new Error('--port takes a number from 0 to 65535');
    return { port, open: !values['no-open'] && hasDisplay(), notice: values.notice, named: positionals };
  } catch (cause) {
    console.error(`${cause instanceof Error ? cause.message : String(cause)}\n\n${HELP}`);
    process.exitCode = 2;
    return null;
  }
}

async function serve(options: Options): Promise<void> {
  const named = options.named.map((name) => path.resolve(name));
  const files = openWindowFiles(path.join(__dirname, '../renderer/main_window'));
  const spawn = spawnWithNode(path.join(__dirname, 'engine.cjs'));
  const host = createHost({ dataFolder: dataFolderPath(), appVersion: APP_VERSION, spawn });
  const log = openLog({ folder: path.join(host.dataFolder, 'logs'), stem: 'browser' });
  log.write('started', { version: APP_VERSION, platform: process.platform, arch: process.arch, node: process.version });
  const door: Door = {
    info: {
      version: APP_VERSION,
      door: 'browser',
      fileChoosing: 'picker',
      canRevealFiles: hasDisplay(),
      notice: options.notice,
    },
    spawn,
    documentsFolder: documentsFolder(),
    picker: await createPicker(placesOf(named)),
    ...(hasDisplay() ? { revealFile: revealInFileManager, openAddress: openInBrowser } : {}),
    ...{ publisher: readPublisher(__dirname), log },
  };
  const said = (channel: string, cause: unknown): void => {
    log.failed('call-failed', cause, { channel });
    console.error(printable(`${channel}: ${String(cause)}`));
  };
  const router = createRouter(createHandlers(host, door), { log: said });
  keepLog(host, log);
  const onUsedTwice = (url: string): void => {
    log.write('launched-twice');
    console.error(`${USED_TWICE}\n${url}`);
  };
  const server = await startServer({ port: options.port, files, router, events: host.events, onUsedTwice });
  await openNamed(host, named);
  host.scrub.start();
  console.log(
    `Phasewise is open at ${server.url}\nTo end it, press Ctrl-C here. To close the page alone ends nothing.`,
  );
  if (options.open) openInBrowser(server.launchUrl);
  endOnSignal(host, server);
}

/** Folders given, else the usual places; files given are shown beside them. */
function placesOf(named: readonly string[]): Places {
  const folders = named.filter(isFolder);
  const usual = [os.homedir(), documentsFolder(), process.cwd()];
  return { folders: folders.length > 0 ? folders : usual, files: named.filter((name) => !isFolder(name)) };
}

/** A function declaration: `main` is called above, before constants down here have their values. */
function isFolder(name: string): boolean {
  return statsOf(name)?.isDirectory() ?? false;
}

async function openNamed(host: Host, named: readonly string[]): Promise<void> {
  for (const name of named.filter((file) => !isFolder(file))) {
    const opened = await openDatabase(host, name);
    if (!opened.ok) console.error(`${opened.error.title}: ${printable(name)}`);
  }
}

/** The first signal lets runs end at their next whole step; a second one does not wait for that. */
function endOnSignal(host: Host, server: BrowserHost): void {
  let firstAt: number | null = null;
  const end = async (status: number): Promise<void> => {
    // One Ctrl-C may arrive several times: from the terminal, and passed on by npm and other parents.
    if (firstAt !== null && Date.now() - firstAt > 700) process.exit(status);
    if (firstAt !== null) return;
    firstAt = Date.now();
    if (host.busy.any()) console.error('Stopping at the next whole step. Press Ctrl-C again to stop at once.');
    if (host.exports.isWriting()) console.error(EXPORT_ENDED);
    await endWork(host, 'finish-step'); // a backup or a restore is finished first
    await server.close();
    host.close();
    process.exit(0);
  };
  process.on('SIGINT', () => void end(130));
  process.on('SIGTERM', () => void end(143));
  process.on('SIGHUP', () => void end(143)); // the terminal was closed
}
