// The one session: what it lets through, permits and downloads. Chromium enforces what the app's handlers decide.
import { EventEmitter } from 'node:events';
import { rmSync } from 'node:fs';
import path from 'node:path';
import type { Cdp, CdpResult } from './chromium.ts';
import { folder } from './lifecycle.ts';
import { protocol, toNamed } from './protocol.ts';
import { noting } from './shown.ts';

type RequestFilter = (details: { url: string }, answer: (verdict: { cancel?: boolean }) => void) => void;
type PermissionRequest = (
  contents: unknown,
  permission: string,
  answer: (granted: boolean) => void,
  details: object,
) => void;
type PermissionCheck = (contents: unknown, permission: string, origin: string, details: object) => boolean;

/** Electron's name of each permission, and Chromium's. Those that Chromium here cannot set are asked for all the same. */
const PERMISSIONS: [electron: string, chromium: string][] = [
  ['geolocation', 'geolocation'],
  ['notifications', 'notifications'],
  ['media', 'camera'],
  ['media', 'microphone'],
  ['midi', 'midi'],
  ['clipboard-read', 'clipboard-read'],
  ['clipboard-sanitized-write', 'clipboard-write'],
  ['display-capture', 'display-capture'],
  ['idle-detection', 'idle-detection'],
  ['window-management', 'window-management'],
  ['storage-access', 'storage-access'],
  ['fullscreen', ''],
  ['pointerLock', ''],
  ['openExternal', ''],
];

class Session extends EventEmitter {
  readonly protocol = protocol;
  readonly cookies = { flushStore: async () => noting('cookies.flushStore')() };
  #filter: RequestFilter = (_details, answer) => answer({});
  #onRequest: PermissionRequest | null = null;
  #onCheck: PermissionCheck | null = null;
  #onDevice: ((details: object) => boolean) | null = null;
  readonly webRequest = {
    onBeforeRequest: (filter: RequestFilter) => void (this.#filter = filter),
    onHeadersReceived: noting<[object | null]>('webRequest.onHeadersReceived'),
    onBeforeSendHeaders: noting<[object | null]>('webRequest.onBeforeSendHeaders'),
  };

  // Without a handler Electron grants: a forgotten one shows.
  setPermissionRequestHandler = (handler: PermissionRequest | null) => void (this.#onRequest = handler);
  setPermissionCheckHandler = (handler: PermissionCheck | null) => void (this.#onCheck = handler);
  setDevicePermissionHandler = (handler: ((details: object) => boolean) | null) => void (this.#onDevice = handler);
  setSpellCheckerEnabled = noting<[boolean]>('session.setSpellCheckerEnabled');
  flushStorageData = noting<[]>('session.flushStorageData');
  clearCache = async () => noting('session.clearCache')();
  clearStorageData = async (_options?: object) => noting('session.clearStorageData')();

  /** False for what the app's filter cancels. */
  lets = (url: string): Promise<boolean> =>
    new Promise((resolve) => this.#filter({ url }, ({ cancel }) => resolve(cancel !== true)));

  /** What each of the app's handlers says: the one of requests, and the one of checks. */
  grants(contents: unknown, permission: string, origin: string): [boolean, boolean] {
    let isGranted = this.#onRequest === null;
    const details = { requestingUrl: `${origin}/`, isMainFrame: true };
    this.#onRequest?.(contents, permission, (granted) => (isGranted = granted), details);
    return [isGranted, this.#onCheck?.(contents, permission, `${origin}/`, details) ?? true];
  }
  grantsDevice = (deviceType: string, origin: string): boolean =>
    this.#onDevice?.({ deviceType, origin, device: {} }) ?? false;

  /** Sets in Chromium what the app's handlers decide for the page that is about to load. */
  async applyPermissions(cdp: Cdp, contents: unknown, named: string, served: string): Promise<void> {
    const origin = new URL(served).origin;
    const { protocol: scheme, host } = new URL(named);
    for (const [permission, name] of PERMISSIONS) {
      // Both stand before a permission in Electron.
      const setting = this.grants(contents, permission, `${scheme}//${host}`).includes(false) ? 'denied' : 'granted';
      if (name === '') continue;
      // Not every Chromium knows every name.
      await cdp.send('Browser.setPermission', { permission: { name }, setting, origin }).catch(() => {});
    }
  }

  async watchDownloads(cdp: Cdp, contents: unknown): Promise<void> {
    const downloadPath = path.join(folder, 'chromium-downloads');
    await cdp.send('Browser.setDownloadBehavior', { behavior: 'allowAndName', downloadPath, eventsEnabled: true });
    cdp.on('Browser.downloadWillBegin', ({ guid, url, suggestedFilename }: CdpResult) => {
      let isPrevented = false;
      const item = { getURL: () => toNamed(String(url)), getFilename: () => String(suggestedFilename) };
      this.emit('will-download', { preventDefault: () => (isPrevented = true) }, item, contents);
      if (!isPrevented) return;
      void cdp.send('Browser.cancelDownload', { guid }).catch(() => {}); // a short one has ended already
      rmSync(path.join(downloadPath, String(guid)), { force: true });
      this.prevented.push(item.getURL());
    });
  }
  /** Addresses of downloads that the app did not allow. */
  readonly prevented: string[] = [];
}

const defaultSession = new Session();
export const session = { defaultSession, fromPartition: (_partition: string) => defaultSession };
