import { channels } from '@shared/channels.ts';
import { mayCall } from '../../../electron/shell/capabilities.ts';
import { expect, it } from 'vitest';

it('the window may use every channel but those of the file picker, which it never needs', () => {
  const refused = Object.keys(channels).filter((name) => !mayCall('main', name));
  expect(refused.toSorted()).toEqual(['database:openFile', 'files:list', 'ingest:use', 'source:use']);
});

it.each(['', 'nothing', '__proto__', 'constructor', 7, null, ['app:info'], { toString: () => 'app:info' }])(
  "what is no channel is nobody's: %s",
  (name) => {
    expect(mayCall('main', name)).toBe(false);
  },
);
