import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { maskedText, masked, pretended } from '../../../build/docs-mask.ts';
import { parts, partsOf, regenerated } from '../../../build/docs-pages.ts';
import { pngSize } from '../../../build/docs-png.ts';
import { root } from '../../../build/layout.mjs';
import { errorCatalogue, errorCodes } from '@shared/errors.ts';

const docs = path.join(root, 'docs');
const page = (name: string): string => readFileSync(path.join(docs, name), 'utf8');
const source = (name: string): string => readFileSync(path.join(root, name), 'utf8');
const pages = readdirSync(docs).filter((name) => name.endsWith('.md'));

describe('the generated parts of the documentation', () => {
  it.each(pages)('of docs/%s are current (npm run docs makes them so)', (name) => {
    expect(regenerated(page(name))).toBe(page(name));
  });

  it('each stand on one page', () => {
    expect(pages.flatMap((name) => partsOf(page(name))).toSorted()).toEqual(Object.keys(parts).toSorted());
  });

  it('notice a text that was changed by hand', () => {
    const changed = page('support-guide.md').replace('The file is empty', 'The file is full');
    expect(regenerated(changed)).toBe(page('support-guide.md'));
    expect(changed).not.toBe(page('support-guide.md'));
  });

  it('are not made for a part that nobody knows', () => {
    expect(() => regenerated('<!-- generated: weather -->\n<!-- end of weather -->')).toThrow('"weather"');
  });

  it.each(errorCodes)('explain %s once: what happened and what to do', (code) => {
    const lines = page('support-guide.md').split('\n');
    const rows = lines.filter((line) => line.startsWith(`| \`${code}\` |`));
    expect(rows).toEqual([`| \`${code}\` | ${errorCatalogue[code].title} | ${errorCatalogue[code].nextStep} |`]);
  });
});

describe('the support guide explains', () => {
  const guide = page('support-guide.md');
  const named = (file: string, pattern: RegExp): string[] => [
    ...new Set([...source(file).matchAll(pattern)].map(([, name = '']) => name)),
  ];

  it.each([
    ['lines of a run journal', 'electron/host/run-journal.ts', /\btype: '(\w+)'/g],
    ['findings before an upgrade', 'electron/engine/preflight.ts', /(?:\bid: |finding\(\s*)'([\w-]+)'/g],
    ['tables of our own', 'electron/engine/bookkeeping-tables.ts', /CREATE TABLE (_phasewise_\w+)/g],
    ['files beside a database', 'electron/shared/beside.ts', /`\$\{database(?:Name)?\}([. ][\w-]+)/g],
  ])('all %s', (_what, file, pattern) => {
    const names = named(file, pattern).filter((name) => name !== '');
    expect(names.length).toBeGreaterThan(1);
    expect(names.filter((name) => !guide.includes(name))).toEqual([]);
  });
});

it('the support guide names events of the log as they are written', () => {
  const paragraph = /^The desktop app keeps a log:[^]*?\n\n/m.exec(page('support-guide.md'))?.[0] ?? '';
  const named = [...paragraph.matchAll(/`([a-z]+-[a-z-]+)`/g)].map(([, name = '']) => name);
  const files = ['electron/host', 'electron/shell'].flatMap((folder) =>
    readdirSync(path.join(root, folder))
      .filter((name) => name.endsWith('.ts'))
      .map((name) => `${folder}/${name}`),
  );
  const written = files.map(source).join('\n');
  expect(named.length).toBeGreaterThan(5);
  expect(named.filter((name) => !written.includes(`'${name}'`))).toEqual([]);
});

it('the user guide explains every choice after an interruption, by its name', () => {
  const files = ['recovery-words', 'recovery-choices', 'restore-words'];
  const words = files.map((file) => source(`electron/host/${file}.ts`)).join('\n');
  const names = [...words.matchAll(/\[\s*'(?:continue|check|finish|stay|restore|put-back)',\s*'([^']+)'/g)];
  const rows = page('user-guide.md')
    .split('\n')
    .filter((line) => line.startsWith('| '))
    .join('\n');
  const wanted = [...new Set(names.map(([, name = '']) => name))];
  expect(wanted.length).toBeGreaterThan(6);
  expect(wanted.filter((name) => !rows.includes(name))).toEqual([]);
});

describe('the pictures of the user guide', () => {
  const folder = path.join(docs, 'pictures');
  const used = [...page('user-guide.md').matchAll(/!\[([^\]]+)\]\(pictures\/([\w-]+\.png)\)/g)];

  it('are all shown, each with words for who cannot see it', () => {
    expect(used.map(([, , name = '']) => name).toSorted()).toEqual(readdirSync(folder).toSorted());
    for (const [, words = ''] of used) expect(words.length).toBeGreaterThan(20);
  });

  it.each(readdirSync(folder))('%s is small and of the one size', (name) => {
    expect(statSync(path.join(folder, name)).size).toBeLessThanOrEqual(60 * 1_024);
    expect(pngSize(readFileSync(path.join(folder, name)))).toEqual({ width: 1280, height: 800 });
  });

  it('show no folder, time, speed or free space of the machine that took them', () => {
    const masking = { home: '/machine/home', since: '2026-11-20T00:00:00.000Z' };
    const message = JSON.stringify({
      id: 7,
      result: {
        path: '/machine/home/x.db backups/x 2026-11-21 11.02.03 before phase 4.db',
        backupId: 'x 2026-11-21 11.02.03 before phase 4',
        at: '2026-11-21T11:02:03.004Z',
        older: '2025-01-01T00:00:00Z',
        freeBytes: 1,
        ms: 99_999,
        rowsPerSecond: null,
      },
    });
    expect(JSON.parse(masked(message, masking))).toMatchObject({
      id: 7,
      result: {
        path: `${pretended.home}/x.db backups/x ${pretended.timeInName} before phase 4.db`,
        backupId: 'x 2026-11-21 11.02.03 before phase 4', // the window sends it back
        at: pretended.time,
        older: '2025-01-01T00:00:00Z',
        freeBytes: 218_000_000_000,
        ms: expect.not.toSatisfy((value: unknown) => value === 99_999) as unknown,
        rowsPerSecond: null,
      },
    });
    expect(maskedText('no JSON', masking)).toBe('no JSON');
  });
});
