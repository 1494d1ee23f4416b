import type { About, KnownPack } from '@shared/about.ts';
import { appError, err, ok, type Result } from '@shared/errors.ts';
import { isAllowedAddress } from './app-version.ts';
import { type Door, reveal } from './door.ts';
import type { Host } from './host.ts';
import type { Handlers } from './router.ts';

type Names = 'app:info' | 'app:about' | 'app:openReleases' | 'app:showLog' | 'settings:get' | 'settings:set';

/** Answers what is asked about the program itself, and its settings. */
export function appHandlers(host: Host, door: Door): Pick<Handlers, Names> {
  const about = aboutOf(host, door);
  return {
    'app:info': () => ok({ trouble: null, ...door.info, dataFolder: host.dataFolder }),
    'app:about': about,
    'app:openReleases': async () => {
      const url = door.publisher?.releasesUrl ?? null;
      if (url === null || !door.openAddress || !isAllowedAddress(url, [url]))
        return notHere('no page of releases is known that could be opened');
      await door.openAddress(url);
      return ok({});
    },
    'app:showLog': () => (door.log ? reveal(door, door.log.folder) : notHere('no log is kept')),
    'settings:get': () => ok(host.settings.get()),
    'settings:set': (settings) => ok(host.settings.set(settings)),
  };
}

/** What the engine knows never changes while this program runs: it is asked once. */
function aboutOf({ engines, appVersion }: Host, door: Door): () => Promise<Result<About>> {
  const { releasedOn = null, releasesUrl = null } = door.publisher ?? {};
  let packs: KnownPack[] | null = null;
  return async () => {
    const asked = packs === null ? await engines.askAlone('', 'packs', {}).answer : ok(packs);
    if (!asked.ok) return asked;
    packs = asked.value;
    return ok({
      version: appVersion,
      releasedOn,
      packs,
      releasesUrl,
      canOpenReleases: releasesUrl !== null && door.openAddress !== undefined,
      logFolder: door.log?.folder ?? null,
    });
  };
}

const notHere = (why: string): Result<never> => err(appError('E_BAD_REQUEST', `This is not possible here: ${why}.`));
