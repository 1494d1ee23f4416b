import type { Events } from '@shared/channels.ts';
import type { AskListeners } from '@host/engine-process.ts';
import type { OpenEntry } from '@host/databases.ts';
import type { Host } from '@host/host.ts';
import type { OngoingKind } from '@host/ongoing.ts';
import { endInPlace, tell, tellInPlace } from './terminal.ts';

/** Tells on stderr what a restore is doing: a line for every stage, on terminals with the percentage. @returns ends that. */
export function tellWorks({ events }: Pick<Host, 'events'>): () => void {
  let told = '';
  const stopListening = events.on((name, payload) => {
    if (name !== 'work:changed') return;
    const { work } = payload as Events['work:changed'];
    if (work === null) return;
    if (work.now !== told) {
      endInPlace();
      tell(work.now);
      told = work.now;
    }
    if (work.fraction !== null) tellInPlace(`  ${work.now}: ${Math.floor(work.fraction * 100)} %`);
  });
  return () => {
    stopListening();
    endInPlace();
  };
}

/** As tellWorks, of a work that says so only to whoever asked for it. */
export function tellWork(host: Host, database: OpenEntry, kind: OngoingKind): { listeners: AskListeners; end(): void } {
  const endTelling = tellWorks(host);
  const tracked = host.ongoing.begin(database, kind);
  return {
    listeners: { onWork: tracked.onWork },
    end() {
      tracked.end();
      endTelling();
    },
  };
}
