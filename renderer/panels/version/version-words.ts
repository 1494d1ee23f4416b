import type { About, KnownPack } from '@shared/about.ts';

/** "Version 0.1.0, released 2026-11-21" */
export const versionLine = ({ version, releasedOn }: Pick<About, 'version' | 'releasedOn'>): string =>
  releasedOn === null
    ? `Version ${version}, a build that was not released`
    : `Version ${version}, released ${releasedOn}`;

/** What it does with a family of databases, as one sentence. */
export function packSentence({ upTo }: KnownPack): string {
  if (upTo === null) return 'This version looks at it and changes nothing.';
  return `This version upgrades it up to phase ${upTo.number}, ${upTo.name}.`;
}

/** How one learns of a newer version: nobody looks for one behind the person's back. */
export const newerSentence = ({ releasesUrl }: Pick<About, 'releasesUrl'>): string =>
  releasesUrl === null
    ? 'Phasewise never connects to anything by itself, so it cannot say whether there is a newer version. Ask whoever gave you Phasewise.'
    : 'Phasewise never connects to anything by itself, so it cannot say whether there is a newer version. Its page of releases can:';

/** What may be done with a file of a newer version while there is no newer program. */
export const OLDER_CAN =
  'A database that a newer version has worked on can still be looked at here: what it is, its rows under Data, its backups. Nothing in it is changed.';
