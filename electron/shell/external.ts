import { existsSync } from 'node:fs';
import path from 'node:path';
import { app, shell } from 'electron';
import { isAllowedAddress, type Publisher } from '@host/app-version.ts';
import type { Log } from '@host/log-file.ts';

/** What leaves this program: addresses that its publisher set, and folders of its own. Nothing a page can name. */
export interface External {
  /** Does nothing for any other address. */
  openAddress(url: string): Promise<void>;
  /** null: there is none. */
  readonly showDocumentation: (() => void) | null;
}

export function createExternal({ releasesUrl, documentationUrl }: Publisher, buildFolder: string, log: Log): External {
  const openAddress = async (url: string): Promise<void> => {
    if (!isAllowedAddress(url, [releasesUrl, documentationUrl])) return log.write('address-refused');
    await shell.openExternal(url);
  };
  const folder = [path.join(process.resourcesPath ?? '', 'docs'), path.join(buildFolder, '../../docs')].find(
    (each) => path.isAbsolute(each) && !each.includes('.asar') && existsSync(each),
  );
  const failed = (cause: unknown): void => log.failed('documentation-failed', cause);
  const show =
    documentationUrl !== null
      ? () => void openAddress(documentationUrl).catch(failed)
      : folder === undefined
        ? null
        : () => void shell.openPath(folder);
  return { openAddress, showDocumentation: show };
}

/** Where the system wants such things. A redirected folder may be gone, and then Electron throws. */
export function systemFolder(name: 'logs' | 'documents', otherwise: () => string): string {
  try {
    return app.getPath(name);
  } catch {
    return otherwise();
  }
}
