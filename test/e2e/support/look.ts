import path from 'node:path';
import { AxeBuilder } from '@axe-core/playwright';
import { expect, type Page } from '@playwright/test';

/** Pictures of screens, for people: assertions are on text, because fonts differ between machines. */
const folder = path.resolve('test-results/screens');
export const sizes = { wide: { width: 1280, height: 800 }, small: { width: 1000, height: 700 } } as const;
type Size = keyof typeof sizes;
type Scheme = 'light' | 'dark';

/** Taking pictures costs more than everything else here: `npm run e2e -- screens` takes them, the test command does not. */
const takesPictures = process.env['PHASEWISE_PICTURES'] === '1';

/**
 * Looks at the screen in both sizes and schemes: no accessibility violation in either scheme, nothing cut off. Without
 * pictures two of the four are enough: of another scheme only the colours differ, and of another size where things are.
 */
export async function look(page: Page, name: string): Promise<void> {
  await page.mouse.move(0, 0);
  await page.locator('h1').first().waitFor({ state: 'attached' }); // the page itself may still be on its way
  await show(page, 'wide', 'light');
  await takePicture(page, name, 'wide', 'light');
  await expectAccessible(page, `${name}, wide, light`);
  await expectNothingCutOff(page);
  if (takesPictures) {
    await takePicture(page, name, 'wide', 'dark');
    await takePicture(page, name, 'small', 'light');
  }
  await show(page, 'small', 'dark');
  await takePicture(page, name, 'small', 'dark');
  await expectAccessible(page, `${name}, small, dark`, COLOURS);
  await expectNothingCutOff(page);
  await page.setViewportSize(sizes.wide);
  await page.emulateMedia({ colorScheme: 'light', reducedMotion: 'reduce' });
}

async function takePicture(page: Page, name: string, size: Size, scheme: Scheme): Promise<void> {
  if (!takesPictures) return;
  await show(page, size, scheme);
  await page.screenshot({ path: path.join(folder, `${name}-${size}-${scheme}.png`), animations: 'disabled' });
}

async function show(page: Page, size: Size, colorScheme: Scheme): Promise<void> {
  await page.setViewportSize(sizes[size]);
  await page.emulateMedia({ colorScheme, reducedMotion: 'reduce' });
  await untilStill(page);
}

/** No tooltip is open or fading, and no colour on its way to another: axe would measure what nobody reads. */
async function untilStill(page: Page): Promise<void> {
  await expect(page.locator('[role=tooltip]:visible')).toHaveCount(0);
  await untilUnmoved(page);
}

/** Whatever is shown is shown whole: a dialog begins as nothing and fades in. */
async function untilUnmoved(page: Page): Promise<void> {
  await page.waitForFunction(() => {
    const dialogs = [...document.querySelectorAll('[role=dialog]')];
    const isShown = dialogs.every((dialog) => dialog.checkVisibility({ checkOpacity: true }));
    return isShown && document.getAnimations().every(isOver);

    function isOver({ playState, effect }: Animation): boolean {
      const isEndless = effect?.getComputedTiming().iterations === Infinity; // what turns while something works
      return isEndless || playState === 'finished' || playState === 'paused' || playState === 'idle';
    }
  });
}

const COLOURS = ['color-contrast'];

/** @param rules of axe; without them all. */
export async function expectAccessible(page: Page, name: string, rules?: string[]): Promise<void> {
  await expectNoViolation(page, name, (axe) => (rules ? axe.withRules(rules) : axe));
}

/** Looks at the dialog alone, as soon as it is open. */
export async function expectAccessibleDialog(page: Page, name: string): Promise<void> {
  await page.getByRole('dialog').waitFor();
  await expectNoViolation(page, name, (axe) => axe.include('[role=dialog]'));
}

async function expectNoViolation(page: Page, name: string, narrowed: (axe: AxeBuilder) => AxeBuilder): Promise<void> {
  await untilUnmoved(page);
  const axe = new AxeBuilder({ page }).setLegacyMode(); // in the page itself: there are no frames, and it is quicker
  const { violations } = await narrowed(axe).analyze();
  const found = violations.map(
    ({ id, help, nodes }) => `${id}: ${help} (${nodes.map((node) => node.html.slice(0, 160)).join(' | ')})`,
  );
  expect(found, `axe on ${name}`).toEqual([]);
}

/** The page scrolls up and down only. */
async function expectNothingCutOff(page: Page): Promise<void> {
  const excess = await page.evaluate(() => {
    const boxes = [
      ...document.querySelectorAll('main, main section > div, [role=dialog], [role=region][aria-label$=", scrolls"]'),
    ];
    const excesses = boxes.map((box) => box.scrollWidth - box.clientWidth);
    return Math.max(document.documentElement.scrollWidth - innerWidth, ...excesses);
  });
  expect(excess, 'pixels that stick out to the right').toBeLessThanOrEqual(0);
}
