import path from 'node:path';

/** What the installer for Windows (Squirrel) wants from a start that is not for a person. */
export interface InstallerStart {
  /** The program beside ours that makes and removes shortcuts; null: there is nothing to do. */
  readonly run: { readonly program: string; readonly args: readonly string[] } | null;
}

/** Squirrel starts the app once with one of these after installing, updating and removing it, and expects it to end. */
const STEPS: Record<string, string | null> = {
  '--squirrel-install': '--createShortcut',
  '--squirrel-updated': '--createShortcut',
  '--squirrel-uninstall': '--removeShortcut',
  '--squirrel-obsolete': null,
};

/** null: an ordinary start. @param program the path of our own program. */
export function installerStart(
  argv: readonly string[],
  program: string,
  platform: NodeJS.Platform = process.platform,
): InstallerStart | null {
  const asked = argv[1] ?? '';
  const step = Object.hasOwn(STEPS, asked) ? STEPS[asked] : undefined;
  if (platform !== 'win32' || step === undefined) return null;
  if (step === null) return { run: null };
  const { dir, base } = path.win32.parse(program);
  return { run: { program: path.win32.join(dir, '..', 'Update.exe'), args: [`${step}=${base}`] } };
}
