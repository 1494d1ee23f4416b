import http from 'node:http';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Page } from '@playwright/test';
import { writeActingCopy } from '../support/kroma/acting-texts.ts';
import { expect, test } from './support/app.ts';
import { look } from './support/look.ts';

/** What a hostile file, and a hostile page in the same browser, can do to the window: nothing. */

test('M06: names and cells that act are shown as text, on every page of the window', async ({ app }) => {
  const { page } = app;
  const dialogs: string[] = [];
  const said: string[] = [];
  page.on('dialog', (dialog) => (dialogs.push(dialog.message()), void dialog.dismiss()));
  page.on('console', (message) => said.push(message.text()));
  await page.addInitScript(() => {
    const violations: string[] = [];
    Object.assign(globalThis, { violations });
    document.addEventListener('securitypolicyviolation', (event) =>
      violations.push(`${event.violatedDirective} ${event.blockedURI} ${event.sourceFile}`),
    );
  });
  await page.reload();
  const name = "<img src=x onerror=alert(1)> & 'quoted' \u0627.db";
  const file = app.makeLegacy('plain.db', 40);
  writeActingCopy(file, path.join(app.projects, name));

  await page.getByRole('button', { name: 'Open…' }).click();
  const place = page.getByRole('option', { name: /Projects/ });
  const shown = page.getByRole('option', { name: /onerror=alert/ });
  await expect(place.or(shown).first()).toBeVisible();
  if (await place.isVisible()) await place.click();
  await shown.click();
  await expect(page.getByRole('heading', { level: 1 })).toBeVisible();
  await expect(page.getByText('<img src=x onerror=alert(1)>', { exact: false }).first()).toBeVisible();
  await expectNoViolation(page);
  await look(page, 'hostile-1-overview');
  await page.reload(); // what looks for accessibility is no part of the window, and has violations of its own
  for (const tab of ['Phases', 'Activity', 'Backups', 'Overview'] as const) {
    await app.goTo(tab);
    await expect(page.getByRole('heading').first()).toBeVisible();
  }
  await page.getByRole('button', { name: /Plan the upgrade|Continue the upgrade/ }).click();
  await expect(
    page.getByText(/<b onclick=alert\(1\)> \\u001b\[2J\\u202e\\u009b on assets would run with every row/).first(),
  ).toBeVisible();
  await expectNoViolation(page);
  expect(said.filter((text) => /refused|violat/i.test(text) && !text.includes('axe'))).toEqual([]);
  await look(page, 'hostile-2-plan');

  expect(dialogs).toEqual([]);
  expect(await page.locator('img[src="x"], b[onclick]').count()).toBe(0);
  expect(await page.title()).not.toBe('1');
});

const expectNoViolation = async (page: Page): Promise<void> =>
  expect(await page.evaluate(() => Reflect.get(globalThis, 'violations') as string[])).toEqual([]);

test('N06 N03 N04 N05: a page of another origin can neither read, write, embed nor connect', async ({
  app,
  browser,
}) => {
  const own = new URL(app.page.url()).origin;
  const token = await app.page.evaluate(() => sessionStorage.getItem('phasewise.token'));
  const server = http.createServer((_request, response) =>
    response.setHeader('content-type', 'text/html').end('<title>evil</title>'),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', () => resolve()));
  const { port } = server.address() as AddressInfo;
  try {
    // Another port of this machine is same-site; the other name is another site altogether.
    for (const origin of [`http://127.0.0.1:${port}`, `http://localhost:${port}`]) {
      const page = await browser.newPage();
      await page.goto(origin);
      const outcome = await page.evaluate(attack, [own, token ?? ''] as const);
      expect([origin, outcome]).toEqual([
        origin,
        {
          fetch: 'refused',
          noCors: 'refused',
          post: 'refused',
          socket: 'refused',
          socketWithToken: 'refused',
          script: 'error',
          image: 'error',
          frame: 'unreadable',
          opened: 'unreadable',
        },
      ]);
      await page.close();
    }
    await expect(app.page.getByRole('button', { name: 'Open…' })).toBeVisible();
  } finally {
    server.close();
  }
});

/** Runs in the hostile page: everything that a page can try. */
async function attack([target, token]: readonly [string, string]) {
  const tried = (promise: Promise<unknown>) =>
    promise.then(
      () => 'answered',
      () => 'refused',
    );
  const noCors = fetch(`${target}/`, { mode: 'no-cors' })
    .then((answer) => answer.text())
    .then((text) => {
      if (text === '') throw new Error('opaque');
    });
  const socket = (protocols: string[]) =>
    new Promise<string>((resolve) => {
      const made = new WebSocket(`${target.replace('http', 'ws')}/channels`, protocols);
      made.onopen = () => resolve('answered');
      made.onerror = () => resolve('refused');
    });
  const loaded = (tag: 'script' | 'img', address: string) =>
    new Promise<string>((resolve) => {
      const element = document.createElement(tag);
      element.onload = () => resolve('loaded');
      element.onerror = () => resolve('error');
      element.setAttribute('src', address);
      document.body.append(element);
    });
  const frame = await new Promise<string>((resolve) => {
    const element = document.createElement('iframe');
    element.onload = () => {
      try {
        resolve(element.contentDocument?.querySelector('#root') ? 'read' : 'unreadable');
      } catch {
        resolve('unreadable');
      }
    };
    element.src = `${target}/`;
    document.body.append(element);
  });
  const other = window.open(`${target}/`);
  await new Promise((resolve) => setTimeout(resolve, 1_000)); // before that it is an empty page of this origin
  let opened = 'unreadable';
  try {
    if (other?.document.querySelector('#root')) opened = 'read';
  } catch {
    // as it should be
  }
  return {
    fetch: await tried(fetch(`${target}/index.html`)),
    noCors: await tried(noCors),
    post: await tried(
      fetch(`${target}/channels`, {
        method: 'POST',
        body: '{"id":1,"name":"database:openSample","input":{}}',
        headers: { 'content-type': 'application/json' },
      }),
    ),
    socket: await socket(['phasewise.v1']),
    socketWithToken: await socket(['phasewise.v1', `token.${token}`]),
    script: await loaded('script', `${target}/assets/index.js`),
    image: await loaded('img', `${target}/icon.svg`),
    frame,
    opened,
  };
}
