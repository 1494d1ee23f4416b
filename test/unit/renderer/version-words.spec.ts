import { expect, it } from 'vitest';
import { newerSentence, packSentence, versionLine } from '../../../renderer/panels/version/version-words.ts';

it('names the version and its day, or that it was not released', () => {
  expect(versionLine({ version: '1.2.0', releasedOn: '2026-11-21' })).toBe('Version 1.2.0, released 2026-11-21');
  expect(versionLine({ version: '1.2.0', releasedOn: null })).toBe('Version 1.2.0, a build that was not released');
});

it('says how far each family of databases can be taken', () => {
  const pack = { title: 'Kroma', variants: [], upTo: { number: 5, name: 'Legacy cleanup' } };
  expect(packSentence(pack)).toBe('This version upgrades it up to phase 5, Legacy cleanup.');
  expect(packSentence({ ...pack, upTo: null })).toBe('This version looks at it and changes nothing.');
});

it('never claims to know whether there is a newer version', () => {
  for (const releasesUrl of [null, 'https://example.org/'])
    expect(newerSentence({ releasesUrl })).toContain('cannot say whether there is a newer version');
  expect(newerSentence({ releasesUrl: null })).toMatch(/Ask whoever gave you Phasewise\.$/);
});
