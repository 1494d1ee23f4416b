import { createElement } from 'react';
import { expect, it, vi } from 'vitest';
import type { About } from '@shared/about.ts';
import { buttonIn, drawn, wordsOf } from './drawn.ts';

vi.stubGlobal('history', { state: null });
vi.stubGlobal('location', { hash: '' });
vi.stubGlobal('window', { addEventListener: () => {} });

const { Known } = await import('../../../renderer/panels/version/version-dialog.tsx');
const { useSession } = await import('../../../renderer/stores/session.ts');

const about: About = {
  ...{ version: '1.2.0', releasedOn: null, packs: [], releasesUrl: null, canOpenReleases: false },
  logFolder: '/home/mara/.phasewise/logs',
};
const page = (canRevealFiles: boolean): string => {
  useSession.setState({ info: { canRevealFiles } as never });
  return drawn(createElement(Known, { about }));
};

it('says where the log is where no file manager can show it', () => {
  expect(buttonIn(page(true), 'Show the log')).toEqual({ isDisabled: false });
  expect(wordsOf(page(true))).not.toContain('keeps a log');

  expect(buttonIn(page(false), 'Show the log')).toBeNull();
  expect(wordsOf(page(false)).replace(/ /g, '')).toContain('/home/mara/.phasewise/logs');
});
