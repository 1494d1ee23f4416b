import { mkdtempSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import type { ColumnLayout } from '@shared/browse.ts';
import { createLayouts } from '@host/layouts.ts';
import { temporaryFolder } from '../../support/temporary.ts';

const root = temporaryFolder();
const newFolder = (): string => mkdtempSync(path.join(root, 'data-'));
const layout: ColumnLayout = { order: ['b', 'a'], pinned: ['b'], hidden: ['c'], widths: [{ column: 'a', px: 120 }] };

it('remembers the columns of a table by database and table, whatever the table is called', () => {
  const layouts = createLayouts(newFolder());
  for (const table of ['t', '__proto__', '../../t', 'constructor']) layouts.set('one.db', table, layout);
  layouts.set('two.db', 't', { ...layout, hidden: [] });

  for (const table of ['t', '__proto__', '../../t', 'constructor'])
    expect(layouts.get('one.db', table)).toEqual(layout);
  expect(layouts.get('two.db', 't')?.hidden).toEqual([]);
  expect(layouts.get('two.db', 'constructor')).toBeNull();
});

it('forgets on request, and writes no file for nothing', () => {
  const folder = newFolder();
  const layouts = createLayouts(folder);
  layouts.set('one.db', 't', null);
  expect(readdirSync(folder)).toEqual([]);
  layouts.set('one.db', 't', layout);
  layouts.set('one.db', 't', null);
  expect(layouts.get('one.db', 't')).toBeNull();
});

it('starts anew from a file that somebody broke, and keeps it small', () => {
  const folder = newFolder();
  const layouts = createLayouts(folder);
  layouts.set('one.db', 't0', layout);
  const [name = ''] = readdirSync(path.join(folder, 'layouts'));
  const file = path.join(folder, 'layouts', name);
  writeFileSync(file, JSON.stringify(Array.from({ length: 305 }, (_, at) => ({ table: `t${at}`, layout }))));
  layouts.set('one.db', 't309', layout);
  expect(JSON.parse(readFileSync(file, 'utf8'))).toHaveLength(300);
  expect(layouts.get('one.db', 't309')).toEqual(layout);
  writeFileSync(file, '[{"table":"t309","layout":{"order":7}}]');
  expect(layouts.get('one.db', 't309')).toBeNull();
});
