import { MantineProvider } from '@mantine/core';
import React, { createElement, type ReactNode } from 'react';
import { renderToStaticMarkup } from 'react-dom/server';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import { FileFolder } from '../../../renderer/components/file-folder.ts';
import { TypedConfirmation } from '../../../renderer/components/typed-confirmation.tsx';
import { shownItems } from '../../../renderer/panels/palette/palette-items.ts';
import { parseRoute } from '../../../renderer/route.ts';
import { tellingFolder, tellingName } from '../../../renderer/words/text.ts';

vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '#/db/a/overview' });
vi.stubGlobal('window', { addEventListener: () => {}, phasewise: { call: () => new Promise(() => {}), on: () => {} } });
const { DatabaseList } = await import('../../../renderer/panels/frame/database-list.tsx');
const { Header } = await import('../../../renderer/panels/frame/header.tsx');
const { useDatabases } = await import('../../../renderer/stores/databases.ts');

/** Drawn without a window, a store would show what it began with. */
beforeEach(() => void vi.spyOn(React, 'useSyncExternalStore').mockImplementation((_, current) => current()));

const drawn = (node: ReactNode): string => renderToStaticMarkup(createElement(MantineProvider, null, node));
const textOf = (html: string): string => html.replace(/<[^>]*>/g, '');
const labelsOf = (html: string): string[] => [...html.matchAll(/aria-label="([^"]*)"/g)].map(([, label = '']) => label);

/** One file called app.db in each of these folders; what tells the first of them apart. */
const toldApart = (...folders: string[]): string | null => {
  const [first, ...others] = folders.map((folder) => ({ name: 'app.db', folder }));
  if (first === undefined) throw new Error('no folder');
  return tellingFolder(first, [first, ...others]);
};

describe('databases of one name', () => {
  it('are told apart by the shortest end of their folders', () => {
    expect(toldApart('/home/ann', '/home/bob')).toBe('ann');
    expect(toldApart('/home/ann/app', '/home/bob/app')).toBe('ann/app');
    expect(toldApart('/home/ann/app', '/home/bob/app', '/mnt/ann/app')).toBe('home/ann/app');
    expect(toldApart('/data', '/usb/data')).toBe('/data');
    expect(toldApart('/usb/data', '/data')).toBe('usb/data');
    expect(toldApart('/', '/data')).toBe('/');
    expect(toldApart('C:\\Users\\ann\\app', 'D:\\Users\\ann\\app')).toBe('C:\\Users\\ann\\app');
    expect(toldApart('/home/a\u200bnn', '/home/ann')).toBe('a⟨200b⟩nn');
  });

  it('are those whose names look the same, not those that differ in a letter', () => {
    const stored = { name: 'Gro\u0308\u00dfe.db', folder: '/home/ann' };
    const composed = { name: 'Gr\u00f6\u00dfe.db', folder: '/home/bob' };
    const capital = { name: 'GR\u00d6\u00dfE.db', folder: '/home/eve' };
    const open = [stored, composed, capital];
    expect(open.map((each) => tellingFolder(each, open))).toEqual(['ann', 'bob', null]);
  });

  it('have their folder behind the name; others have their name alone', () => {
    const [ann, bob, other] = [
      { name: 'app.db', folder: '/home/ann' },
      { name: 'app.db', folder: '/home/bob' },
      { name: 'lights.db', folder: '/home/bob' },
    ];
    const open = [ann, bob, other];
    expect(open.map((each) => tellingName(each, open))).toEqual(['app.db in ann', 'app.db in bob', 'lights.db']);
  });
});

describe('two open databases of one name', () => {
  const open = ['a', 'b'].map((handle) => ({ handle, name: 'app.db', folder: `/home/${handle}/work` }));
  beforeEach(() => useDatabases.setState({ open }));

  it('are two different lines of the list, to the eye and to the ear', () => {
    const html = drawn(createElement(DatabaseList));
    const lines = [...html.matchAll(/<li.*?<\/li>/g)].map(([line]) => textOf(line));
    expect(lines).toEqual(['app.db in a/work', 'app.db in b/work']);
    expect(labelsOf(html)).toEqual(['Open databases', 'Close app.db in a/work', 'Close app.db in b/work']);
  });

  it('are told apart by the header, which says where one is', () => {
    const html = drawn(createElement(Header));
    expect(labelsOf(html)).toContain('Switch database, now app.db in a/work');
    expect(textOf(html)).toContain('app.db in a/work');
  });

  it('are told apart by the palette', () => {
    const around = { route: parseRoute('#/'), status: null, tables: [], backups: [], isRunning: false };
    const titles = shownItems({ ...around, open }, 'app.db').map(({ title }) => title);
    expect(titles).toEqual(['app.db in a/work', 'app.db in b/work']);
  });
});

describe('what must be confirmed by typing', () => {
  const confirmation = createElement(TypedConfirmation, {
    ...{ fileName: 'my  app.db', label: 'Restore', busyLabel: 'Restoring…', keepLabel: 'Keep', busyWords: '' },
    ...{ isBusy: false, error: null, onConfirm: () => {}, onKeep: () => {}, children: 'It is replaced.' },
  });

  it('says in which folder the file is, whole, with what describes the field', () => {
    const folder = `/home/ann/${'long/'.repeat(20)}work`;
    const html = drawn(createElement(FileFolder, { value: folder }, confirmation));
    expect(textOf(html)).toContain(`type my  app.dbIts folder: ${folder}`);
    const [, described] = /aria-describedby="([^"]+)"/.exec(html) ?? [];
    expect(html).toMatch(new RegExp(`id="${described}"[^>]*>Its folder: `));
  });

  it('says nothing of a folder that is not known', () => {
    expect(drawn(confirmation)).not.toContain('Its folder');
  });
});
