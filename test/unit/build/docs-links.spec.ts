import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { root } from '../../../build/layout.mjs';
import { parseCommand } from '../../../electron/cli/arguments.ts';
import { readOptions } from '../../faults/options.ts';

/** What READMEs and docs name exists: files, headings, npm scripts, commands and their options, labels of the window. */
const folders = ['docs', 'electron', 'renderer', 'migrations', 'test', 'build'];
const pages = [
  ...readdirSync(root).filter((name) => name.endsWith('.md')),
  ...folders.flatMap((folder) => filesBelow(folder, /\.md$/)),
];
const read = (page: string): string => readFileSync(path.join(root, page), 'utf8');
const { scripts } = JSON.parse(read('package.json')) as { scripts: Record<string, string> };

describe.each(pages)('%s', (page) => {
  const text = read(page);

  it('links to files and headings that exist', () => {
    const links = [...withoutCode(text).matchAll(/\]\((?!https?:|mailto:)([^)\s]+)\)/g)].map(([, link = '']) => link);
    expect(links.filter((link) => !leadsSomewhere(page, link))).toEqual([]);
  });

  it('names npm scripts that exist', () => {
    const named = [...text.matchAll(/\bnpm run (?:-s )?([a-z][\w:-]*)/g)].map(([, name = '']) => name);
    expect(named.filter((name) => scripts[name] === undefined)).toEqual([]);
  });

  it('names commands and options that exist', () => {
    const typed = [...text.matchAll(/npm run -s phasewise -- (?!COMMAND)([^\n`]+)/g)].map(([, line = '']) => line);
    expect(typed.flatMap(problemOf)).toEqual([]);
    const rows = page === 'README.md' ? [...text.matchAll(/^\| `.*$/gm)] : [];
    const spans = rows.flatMap(([row]) => [...row.matchAll(/`([a-z]+ [A-Z][^`]*)`/g)]);
    expect(spans.flatMap(([, line = '']) => problemOf(line.replace(/[[\]]/g, '')))).toEqual([]);
  });

  it('names options of npm run faults that exist', () => {
    const typed = [...text.matchAll(/npm run faults -- ([^\n#`|]+)/g)].map(([, line = '']) => line.trim().split(/\s+/));
    for (const args of typed.filter(([first]) => first !== '--help')) expect(() => readOptions(args)).not.toThrow();
  });

  it('names files of the source that exist', () => {
    const named = page.startsWith('docs/')
      ? [...text.matchAll(/`([\w.-]+\/[\w./-]*\.(?:ts|tsx|mjs|md|json))`/g)].map(([, file = '']) => file)
      : [];
    const isThere = (file: string): boolean =>
      ['', 'electron'].some((folder) => existsSync(path.join(root, folder, file)));
    expect(named.filter((file) => !isThere(file) && !file.startsWith('test-results/'))).toEqual([]);
  });

  it('names no folder of a machine', () => {
    expect(text).not.toMatch(/\/root\/|\/tmp\/|\/work\/|C:\\Users\\/);
  });
});

it('the user guide names buttons and pages as the window does', () => {
  const sources = ['renderer', 'migrations', 'electron']
    .flatMap((folder) => filesBelow(folder, /\.tsx?$/))
    .map(read)
    .join('\n');
  const labels = [...read('docs/user-guide.md').matchAll(/\*\*([^*]+)\*\*/g)].map(([, label = '']) => label);

  expect(labels.length).toBeGreaterThan(25);
  expect(labels.filter((label) => !sources.includes(label) && !MADE_OF_DATA.test(label))).toEqual([]);
});

/** "Take in …" and the name that the pack gives its files. */
const MADE_OF_DATA = /^Take in run logs…$/;

function filesBelow(folder: string, names: RegExp): string[] {
  const all = readdirSync(path.join(root, folder), { recursive: true, encoding: 'utf8' });
  return all.filter((name) => names.test(name)).map((name) => path.posix.join(folder, name.replaceAll('\\', '/')));
}

const withoutCode = (text: string): string => text.replace(/^```[^]*?^```/gm, '').replace(/`[^`\n]*`/g, '');

function leadsSomewhere(page: string, link: string): boolean {
  const [file = '', heading] = link.split('#');
  const target = file === '' ? path.join(root, page) : path.resolve(root, path.dirname(page), decodeURI(file));
  if (!existsSync(target)) return false;
  return heading === undefined || headingsOf(readFileSync(target, 'utf8')).includes(heading);
}

/** As GitHub makes addresses of headings. */
const headingsOf = (text: string): string[] =>
  [...text.matchAll(/^#+ (.+)$/gm)].map(([, title = '']) =>
    title
      .toLowerCase()
      .replace(/[^\p{L}\p{N} _-]/gu, '')
      .replaceAll(' ', '-'),
  );

/** Names in capitals and quoted names count as names, N as a number, F as a format. */
function problemOf(line: string): string[] {
  const [typed = ''] = line.split(/\s+#|\s>|\\$/);
  const args = [...typed.trim().matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word = '']) => quoted ?? valueFor(word));
  const command = parseCommand(args.filter((arg) => arg !== '…'));
  return command.ok ? [] : [`${typed}: ${command.error.message}`];
}

const valueFor = (word: string): string => (word === 'N' ? '1' : word === 'F' ? 'csv' : word);

it('the spec looks at pages at all', () => {
  expect(pages).toContain('README.md');
  expect(pages.length).toBeGreaterThan(readdirSync(path.join(root, 'docs')).length);
});
