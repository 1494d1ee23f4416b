import { z } from 'zod';

/** This program: what it is, what it knows, where there may be a newer one. Nothing of it comes from a network. */

export const KnownPack = z.object({
  title: z.string(),
  /** "Legacy version" and the like: the shapes that it recognises. */
  variants: z.array(z.string()),
  /** The highest phase that it can take a database to, and its name; null: it only looks. */
  upTo: z.object({ number: z.number().int(), name: z.string() }).nullable(),
});
export type KnownPack = z.infer<typeof KnownPack>;

export const About = z.object({
  version: z.string(),
  /** `2026-11-21`; null for a build that was not released. */
  releasedOn: z.string().nullable(),
  packs: z.array(KnownPack),
  /** Set by whoever publishes it; null: ask where Phasewise came from. */
  releasesUrl: z.string().nullable(),
  /** False: the address can only be shown. */
  canOpenReleases: z.boolean(),
  /** Where the log is; null: this door keeps none. */
  logFolder: z.string().nullable(),
});
export type About = z.infer<typeof About>;

/** What the menu or a notification wants the window to show. */
export const WindowGoal = z.discriminatedUnion('show', [
  z.object({ show: z.enum(['palette', 'shortcuts', 'version', 'home', 'find', 'previous']) }),
  z.object({
    show: z.literal('database'),
    handle: z.string(),
    page: z.enum(['overview', 'phases', 'data', 'activity', 'backups']),
  }),
]);
export type WindowGoal = z.infer<typeof WindowGoal>;
