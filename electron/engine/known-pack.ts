import type { KnownPack } from '@shared/about.ts';
import type { Pack } from './migration.ts';

/** A pack in the words of its own data, for somebody who asks what this version can upgrade. */
export function knownPack({ title, variants, phases }: Pack): KnownPack {
  const last = phases.filter(({ isAvailable }) => isAvailable).at(-1);
  return {
    title,
    variants: variants.map((variant) => variant.title),
    upTo: last === undefined ? null : { number: last.number, name: last.name },
  };
}
