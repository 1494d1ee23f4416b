// `node build/icons.ts`: every icon of the app from build/icons/icon.svg, drawn by the Chromium of the tests. What it
// writes is committed, so that packaging needs no browser; test/unit/build/icons.spec.ts tells when it has to run again.
import { createHash } from 'node:crypto';
import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { chromium, type Page } from 'playwright-core';
import { provideBrowser } from './browser.ts';
import { icns, ico, type Picture } from './icon-files.ts';
import { root } from './layout.mjs';

export const iconFolder = path.join(root, 'build/icons');
const source = path.join(iconFolder, 'icon.svg');

/** Edge lengths in pixels: hicolor's sizes for Linux, and 1024 for stores and pages. */
export const pngSizes = [16, 24, 32, 48, 64, 128, 256, 512, 1024] as const;
/** What Windows picks from: lists, taskbar and tiles at 100 to 400 %. */
export const icoSizes = [16, 20, 24, 32, 40, 48, 64, 128, 256] as const;
export const icnsSizes = [32, 64, 128, 256, 512, 1024] as const;

/** Icons of macOS keep a margin: 824 of 1024 pixels in Apple's template. Elsewhere the drawing fills its square. */
const MAC_SHARE = 824 / 1024;

/** Of the drawing and of the sizes: written beside the icons, compared by the spec. */
export function iconSourceHash(): string {
  const sizes = JSON.stringify({ pngSizes, icoSizes, icnsSizes, MAC_SHARE });
  return createHash('sha256').update(readFileSync(source)).update(sizes).digest('hex');
}

async function drawIcons(): Promise<void> {
  mkdirSync(iconFolder, { recursive: true });
  const browser = await chromium.launch({
    executablePath: await provideBrowser(console.error),
    args: ['--no-sandbox'],
  });
  try {
    const page = await browser.newPage();
    const drawing = readFileSync(source, 'utf8');
    const all = (sizes: readonly number[], share: number) =>
      Promise.all(sizes.map((size) => picture(page, drawing, size, share)));
    for (const { size, png } of await all(pngSizes, 1)) writeFileSync(path.join(iconFolder, `${size}.png`), png);
    writeFileSync(path.join(iconFolder, 'icon.ico'), ico(await all(icoSizes, 1)));
    writeFileSync(path.join(iconFolder, 'icon.icns'), icns(await all(icnsSizes, MAC_SHARE)));
  } finally {
    await browser.close();
  }
  copyFileSync(source, path.join(root, 'renderer/icon.svg')); // the page's own icon
  writeFileSync(path.join(iconFolder, 'source.sha256'), `${iconSourceHash()}\n`);
}

/** Draws on a canvas, which gives both the PNG and the bare pixels that ICO wants for small sizes. */
async function picture(page: Page, drawing: string, size: number, share: number): Promise<Picture> {
  const url = `data:image/svg+xml;base64,${Buffer.from(drawing).toString('base64')}`;
  const { png, rgba } = await page.evaluate(
    async ([address, edge, part]) => {
      const image = new Image(edge, edge);
      image.src = address;
      await image.decode();
      const canvas = document.createElement('canvas');
      canvas.width = canvas.height = edge;
      const context = canvas.getContext('2d');
      if (context === null) throw new Error('no canvas');
      const inner = Math.round((edge * part) / 2) * 2;
      context.drawImage(image, (edge - inner) / 2, (edge - inner) / 2, inner, inner);
      const base64 = canvas.toDataURL('image/png').split(',')[1] ?? '';
      return { png: base64, rgba: edge > 256 ? [] : [...context.getImageData(0, 0, edge, edge).data] };
    },
    [url, size, share] as const,
  );
  return { size, png: Buffer.from(png, 'base64'), rgba: Buffer.from(rgba) };
}

if (import.meta.main) await drawIcons();
