import { type App, expect, type Launcher, openLauncher, test } from './support/fixtures.ts';

/** What a page of this app may do, whatever it was tricked into. One launch: nothing here changes the app. */
const TEST_PERMISSIONS = [
  ...['geolocation', 'notifications', 'midi', 'camera', 'microphone', 'clipboard-read', 'display-capture'],
  ...['persistent-storage', 'background-sync', 'idle-detection', 'window-management', 'storage-access'],
];
const ELECTRON_PERMISSIONS = [
  ...['media', 'geolocation', 'notifications', 'midi', 'midiSysex', 'pointerLock', 'keyboardLock', 'fullscreen'],
  ...['openExternal', 'display-capture', 'clipboard-read', 'idle-detection', 'storage-access', 'unknown', 'hid', 'usb'],
  ...['serial', 'window-management', 'speaker-selection', 'fileSystem', 'mediaKeySystem', 'top-level-storage-access'],
];

let launcher: Launcher;
let app: App;
test.beforeAll(async () => {
  launcher = openLauncher();
  const publisher = { releasesUrl: 'https://releases.example.org/phasewise' };
  app = await launcher.launch({ engine: 'scripted', publisher });
});
test.afterAll(() => launcher.close());

test('the page is isolated, sandboxed and without Node, in the preferences and in fact', async () => {
  const [window] = await app.windows();
  expect(window?.preferences).toMatchObject({
    contextIsolation: true,
    sandbox: true,
    nodeIntegration: false,
    webSecurity: true,
    webviewTag: false,
  });
  const risky = [
    'nodeIntegrationInSubFrames',
    'nodeIntegrationInWorker',
    'allowRunningInsecureContent',
    'experimentalFeatures',
  ];
  for (const name of risky) expect(window?.preferences[name] ?? false, name).toBe(false);

  const names = ['require', 'process', 'module', 'exports', 'Buffer', 'global', '__dirname', 'electron', 'ipcRenderer'];
  const found = await app.page.evaluate((all) => all.filter((name) => Reflect.has(globalThis, name)), names);
  expect(found).toEqual([]);
});

test('the page is given three functions, which it cannot change, and no way behind them', async () => {
  const facts = await app.page.evaluate(() => {
    const bridge = Reflect.get(globalThis, 'phasewise') as Record<string, unknown>;
    const before = bridge['call'];
    Reflect.set(bridge, 'call', () => 'mine');
    Reflect.set(bridge, 'more', 1);
    const isSame = bridge['call'] === before;
    return { names: Object.keys(bridge), isFrozen: Object.isFrozen(bridge), isSame };
  });
  expect(facts).toEqual({ names: ['call', 'on', 'openDropped'], isFrozen: true, isSame: true });
});

test('every answer carries a strict policy, and the page obeys it', async () => {
  const [first, second, script, nothing] = await app.page.evaluate(async () => {
    const policyOf = async (url: string) => (await fetch(url)).headers.get('content-security-policy') ?? '';
    const source = document.querySelector('script[src]')?.getAttribute('src') ?? '';
    return Promise.all(['/', '/', source, '/nothing'].map(policyOf));
  });
  for (const policy of [first, second, script, nothing]) {
    expect(policy).toContain("default-src 'none'");
    expect(policy).toContain("script-src 'self'");
    expect(policy).toContain("connect-src 'self'");
    expect(policy).toContain("frame-ancestors 'none'");
    expect(policy).toContain("base-uri 'none'");
    expect(policy).toContain("form-action 'none'");
    expect(policy).not.toMatch(/unsafe-|https?:|wss?:|\*|frame-src|worker-src/);
  }
  expect(first).not.toBe(second); // a nonce is for one load

  const violated = await app.page.evaluate(async () => {
    const told: string[] = [];
    document.addEventListener('securitypolicyviolation', ({ effectiveDirective }) => told.push(effectiveDirective));
    const add = (name: string, set: (element: HTMLElement) => void) => {
      const element = document.createElement(name);
      set(element);
      document.body.append(element);
      return element;
    };
    const added = [
      add('script', (it) => (it.textContent = 'window.hacked = 1')),
      add('style', (it) => (it.textContent = 'body { opacity: 0 }')),
      add('img', (it) => it.setAttribute('src', 'https://example.com/a.png')),
      add('iframe', (it) => it.setAttribute('src', '/')),
      add('object', (it) => it.setAttribute('data', '/')),
      add('link', (it) => Object.assign(it, { rel: 'stylesheet', href: 'https://example.com/a.css' })),
    ];
    // In a task of its own: what a test evaluates directly is allowed more than the page is.
    setTimeout(() => {
      try {
        Reflect.construct(Function, ['window.hacked = 2'])();
      } catch {
        told.push('eval');
      }
    });
    await new Promise((resolve) => setTimeout(resolve, 100));
    for (const element of added) element.remove();
    return { told: [...new Set(told)].toSorted(), hacked: Reflect.get(globalThis, 'hacked') as unknown };
  });
  expect(violated.hacked).toBeUndefined();
  const kinds = ['eval', 'frame-src', 'img-src', 'object-src', 'script-src', 'script-src-elem', 'style-src-elem'];
  expect(violated.told).toEqual(kinds);
});

test('the own protocol serves the files of the window and nothing else, to nobody else', async () => {
  expect(await app.main.privileged()).toEqual([
    { scheme: 'app', privileges: { standard: true, secure: true, supportFetchAPI: true } },
  ]);
  const statuses = await app.page.evaluate(async () => {
    const paths = [
      ...['/../../package.json', '/%2e%2e/%2e%2e/package.json', '/..%2f..%2fbuild/main.cjs', '/%00', '/%ff', '//'],
      ...['/assets', '/assets/', '/index.html/', '/.vite/build/main.cjs', '/INDEX.HTML', '/etc/passwd', '/\\..\\x'],
    ];
    const got = await Promise.all(
      paths.map(async (path) => (await fetch(path).catch(() => null))?.status ?? 'refused'),
    );
    const posted = (await fetch('/', { method: 'POST', body: 'x' })).status;
    return [...new Set([...got, posted])];
  });
  expect(statuses.filter((status) => status !== 404 && status !== 'refused')).toEqual([]);
});

test('no permission is granted but writing to the clipboard, and no device', async () => {
  const states = await app.page.evaluate(
    (names) =>
      Promise.all(
        names.map((name) =>
          navigator.permissions.query({ name: name as PermissionName }).then(
            ({ state }) => state,
            () => 'unknown here',
          ),
        ),
      ),
    TEST_PERMISSIONS,
  );
  expect(states).toContain('denied');
  // What a handler is not asked about stays at "prompt", and a prompt cannot appear.
  expect(states.filter((state) => state === 'granted')).toEqual([]);
  const own = 'app://phasewise';
  // Neither of the two handlers is to rely on the other.
  for (const permission of ELECTRON_PERMISSIONS)
    expect(await app.main.grants(permission, own, 'either'), permission).toBe(false);
  expect(await app.main.grants('clipboard-sanitized-write', own)).toBe(true);
  expect(await app.main.grants('clipboard-sanitized-write', 'https://example.com')).toBe(false);
  for (const device of ['hid', 'usb', 'serial']) expect(await app.main.grantsDevice(device), device).toBe(false);
});

test('the page goes nowhere, is redirected nowhere, opens no window, attaches no webview, downloads nothing', async () => {
  const here = app.page.url();
  const targets = ['https://example.com/', 'file:///etc/passwd', 'data:text/html,x', 'app://other/'];
  for (const target of targets) {
    await app.page.evaluate((url) => {
      location.href = url;
      window.open(url);
      window.open(url, '_self');
    }, target);
    expect(await app.main.opensWindow(target), target).toBe(false);
    expect(await app.main.prevents('will-navigate', target), target).toBe(true);
    expect(await app.main.prevents('will-frame-navigate', target), target).toBe(true);
    expect(await app.main.prevents('will-redirect', target), target).toBe(true);
  }
  expect(await app.main.prevents('will-navigate', 'about:blank')).toBe(true);
  expect(await app.main.prevents('will-redirect', 'app://phasewise/')).toBe(true);
  expect(await app.main.prevents('will-attach-webview', 'app://phasewise/')).toBe(true);
  await app.page.evaluate(() => {
    const link = document.createElement('a');
    Object.assign(link, { href: URL.createObjectURL(new Blob(['x'])), download: 'stolen.csv' });
    link.click();
    const form = document.createElement('form');
    Object.assign(form, { action: 'https://example.com/', method: 'POST' });
    document.body.append(form);
    form.submit();
    form.remove();
  });
  await expect.poll(() => app.main.prevented()).toHaveLength(1);
  expect(app.page.url()).toBe(here);
  expect(await app.windows()).toHaveLength(1);
  expect(await app.main.trustsBadCertificate()).toBe(false);
});

test('only an address that the publisher set leaves the app, and a page cannot name one', async () => {
  await app.page.evaluate(() => {
    const link = document.createElement('a');
    Object.assign(link, { href: 'https://example.com/', target: '_blank' });
    document.body.append(link);
    link.click();
    link.remove();
    window.open('https://example.com/help');
  });
  const answers = await app.page.evaluate(async () => {
    const { call } = Reflect.get(globalThis, 'phasewise') as { call(name: string, input: unknown): Promise<unknown> };
    return [
      await call('app:openReleases', { url: 'https://example.com/' }),
      await call('shell:openExternal', { url: 'https://example.com/' }),
    ];
  });
  for (const answer of answers) expect(answer).toMatchObject({ ok: false, error: { code: 'E_BAD_REQUEST' } });
  expect(await app.opened()).toEqual([]);
  await app.call('app:openReleases');
  expect(await app.opened()).toEqual(['https://releases.example.org/phasewise']);
});

test('while the app is used nothing is asked for beyond the own files, and nothing could be', async () => {
  const asked: string[] = [];
  app.page.on('request', (request) => asked.push(new URL(request.url()).origin));
  await app.page.reload();
  await expect(app.page.getByRole('heading').first()).toBeVisible();
  const own = new URL(app.page.url()).origin;
  expect(asked.length).toBeGreaterThan(2);
  expect(asked.filter((origin) => origin !== own && origin !== 'null')).toEqual([]);

  const reached = await app.page.evaluate(async () => {
    const tries = ['https://example.com/', 'http://127.0.0.1:9/', 'app://other/', 'file:///etc/passwd'];
    const fetched = await Promise.all(
      tries.map((url) =>
        fetch(url).then(
          () => url,
          () => null,
        ),
      ),
    );
    const socket = await new Promise((resolve) => {
      try {
        const opened = new WebSocket('wss://example.com/');
        opened.onopen = () => resolve('socket');
        opened.onerror = () => resolve(null);
      } catch {
        resolve(null);
      }
    });
    const beacon = navigator.sendBeacon('https://example.com/', 'x') && 'beacon is queued, and refused by the policy';
    return { fetched: fetched.filter((it) => it !== null), socket, beacon };
  });
  expect(reached).toMatchObject({ fetched: [], socket: null });
  for (const url of ['https://example.com/', 'http://127.0.0.1:9/', 'file:///etc/passwd', 'app://other/', 'ws://a/'])
    expect(await app.main.lets(url), url).toBe(false);
  expect(await app.main.lets('app://phasewise/')).toBe(true);
});
