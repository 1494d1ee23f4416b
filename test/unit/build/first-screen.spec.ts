import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { firstScreenFiles, measureSizes, sizeBudgets, type Sized } from '../../../build/budgets.ts';
import { rendererFolder, root } from '../../../build/layout.mjs';

const assets = path.join(rendererFolder, 'assets');
const read = (file: string): string => readFileSync(path.join(rendererFolder, file), 'utf8');
const sourcesOf = (script: string): string[] =>
  (JSON.parse(read(`${script}.map`)) as { sources: string[] }).sources.map((source) => source.replaceAll('\\', '/'));

describe('what is read before the first screen', () => {
  const sizes = measureSizes();
  for (const [name, budget] of Object.entries(sizeBudgets) as [Sized, number][])
    it(`${name}: at most ${budget} bytes`, () => expect(sizes[name]).toBeLessThanOrEqual(budget));

  it('holds no grid, no viewer and no page of a database', () => {
    const sources = firstScreenFiles().scripts.flatMap(sourcesOf);
    expect(sources.length).toBeGreaterThan(100);
    const later =
      /@tanstack|renderer\/panels\/(data|palette|plan|run|ingest|issues|backups|picker|phases)\/.*\.tsx$|-panel\.tsx$/;
    const first = /panels\/(home|refusal)\//;
    expect(sources.filter((source) => later.test(source) && !first.test(source))).toEqual([]);
  });

  it('asks for every other part by an address below the same folder', () => {
    const parts = readdirSync(assets).filter((file) => file.endsWith('.js'));
    const named = parts.flatMap((file) => [...read(`assets/${file}`).matchAll(/import\(`\.\/([^`]+)`\)/g)]);
    expect(named.length).toBeGreaterThanOrEqual(12);
    expect(named.filter(([, file]) => !parts.includes(file ?? ''))).toEqual([]);
  });
});

it('the window makes no schemas: zod tries out whether it may make code from text, which the policy reports', () => {
  const scripts = readdirSync(assets).filter((file) => file.endsWith('.js'));
  expect(scripts.flatMap((file) => sourcesOf(`assets/${file}`)).filter((source) => /\/zod\//.test(source))).toEqual([]);
});

describe('the styles of Mantine', () => {
  const styles = path.join(root, 'node_modules/@mantine/core/styles');
  const classes = (text: string) => [...text.matchAll(/\bm_[0-9a-f]{6,8}\b/g)].map(([name]) => name);
  const listed = [
    ...readFileSync(path.join(root, 'renderer/mantine.css'), 'utf8').matchAll(/styles\/([\w-]+)\.layer\.css/g),
  ].flatMap(([, name]) => name ?? []);
  const components = listed.filter((name) => /^[A-Z]/.test(name));

  it('are there for exactly the components that are used', () => {
    const scripts = readdirSync(assets).filter((file) => file.endsWith('.js'));
    const used = new Set(scripts.flatMap((file) => classes(read(`assets/${file}`))));
    const needed = readdirSync(styles)
      .filter((file) => /^[A-Z]\w*\.layer\.css$/.test(file))
      .filter((file) => classes(readFileSync(path.join(styles, file), 'utf8')).some((name) => used.has(name)))
      .map((file) => file.replace('.layer.css', ''));
    expect(components.toSorted()).toEqual(needed.toSorted());
  });

  it('come in the order of Mantine’s own file, where later ones win', () => {
    const whole = readFileSync(path.join(root, 'node_modules/@mantine/core/styles.layer.css'), 'utf8');
    const places = listed.map((name) => {
      const own = readFileSync(path.join(styles, `${name}.layer.css`), 'utf8');
      return whole.indexOf(own.replace(/^@layer mantine \{/, '').slice(0, 60));
    });
    expect(places.every((place) => place >= 0)).toBe(true);
    expect(places).toEqual(places.toSorted((a, b) => a - b));
  });
});
