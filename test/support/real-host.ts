import fs from 'node:fs';
import path from 'node:path';
import Database from 'better-sqlite3';
import { isFinal, type RunSnapshot } from '@shared/run.ts';
import type { EngineRequestName } from '@engine/protocol.ts';
import { createHost, type Host } from '@host/host.ts';
import { spawnWithNode } from '@host/spawn-node.ts';
import { engineBundle } from './engine-child.ts';
import { fixtures, writeFixture } from './kroma/fixtures.ts';

const hosts: Host[] = [];

/** For `afterEach`. */
export function closeHosts(): void {
  for (const host of hosts.splice(0)) host.close();
}

type Write = (file: string, journalMode: 'delete' | 'wal') => void;

/** Makes a database once for each journal mode, and copies it from then on. */
export function writtenOnce(write: Write): Write {
  const made = new Map<string, Buffer>();
  return (file, journalMode) => {
    const bytes = made.get(journalMode);
    if (bytes !== undefined) return fs.writeFileSync(file, bytes);
    write(file, journalMode);
    made.set(journalMode, fs.readFileSync(file));
  };
}

/** A legacy database of 4,000 candidates. */
const writeLegacy = writtenOnce((file, journalMode) => {
  const fixture = fixtures.find(({ name }) => name === 'legacy, 4,000 candidates');
  if (!fixture) throw new Error('the fixture is gone');
  writeFixture(file, { ...fixture, pragmas: [`journal_mode = ${journalMode}`] });
});

/** A host with real engine processes (`buildEngine` first), and a database. */
export function realHost(parent: string, journalMode: 'delete' | 'wal', write = writeLegacy) {
  const home = fs.mkdtempSync(path.join(fs.realpathSync(parent), 'home-'));
  const file = path.join(home, 'project.db');
  write(file, journalMode);
  let enginePid: number | undefined;
  let freezing: { readonly name: EngineRequestName; readonly frozen: (pid: number) => void } | null = null;
  const watchers = new Set<() => void>();
  const look = () => {
    for (const watcher of watchers) watcher();
  };
  const host = createHost({
    dataFolder: path.join(home, 'data'),
    appVersion: '0.0.0',
    spawn: () => {
      const engine = spawnWithNode(engineBundle)();
      enginePid = engine.pid;
      const onMessage: typeof engine.onMessage = (listener) =>
        engine.onMessage((message) => {
          listener(message);
          look();
        });
      const send: typeof engine.send = (message) => {
        engine.send(message);
        if (message.type !== 'request' || message.name !== freezing?.name || engine.pid === undefined) return;
        process.kill(engine.pid, 'SIGSTOP');
        freezing.frozen(engine.pid);
        freezing = null;
      };
      return { ...engine, onMessage, send };
    },
  });
  hosts.push(host);
  const opened = host.databases.open(file);
  if (!opened.ok) throw new Error(opened.error.message);
  const database = opened.value;
  host.events.on(look);
  const now = (): RunSnapshot | null => host.runs.get(database.handle);
  const start = (): Promise<RunSnapshot> => {
    const started = host.runs.start(database, {
      ...{ toPhase: 4, fingerprint: null, plan: null, backupFolder: path.join(home, 'backups') },
      ...{ source: { kind: 'none' }, isRemovalConfirmed: false },
    });
    if (!started.ok) throw new Error(started.error.message);
    return started.value.done;
  };
  /**
   * Once, at the first moment that is so; not any more when the run is over. Asked at each word of the engine: windows
   * hear of ten moments a second, and a step of a small file is shorter than that.
   */
  const when = (is: (run: RunSnapshot) => boolean, act: () => void): void => {
    const watcher = () => {
      const run = now();
      if (!run) return;
      const isNow = !isFinal(run.state) && is(run);
      if (isNow || isFinal(run.state)) watchers.delete(watcher);
      if (isNow) act();
    };
    watchers.add(watcher);
  };
  /** To the engine that was started last. */
  const signal = (name: NodeJS.Signals): void => void (enginePid !== undefined && process.kill(enginePid, name));
  const pid = (): number | undefined => enginePid;
  /** The next engine that is asked that does nothing more, as in one endless statement. @returns its id, once it was asked. */
  const freezeAt = (name: EngineRequestName) =>
    new Promise<number>((frozen) => {
      freezing = { name, frozen };
    });
  const cancel = () => host.runs.control(database.handle, 'cancel');
  return { home, file, host, database, start, when, signal, pid, freezeAt, now, cancel };
}

/** What no end of a run may leave beside the file. */
export function leftovers(home: string): string[] {
  const list = (...parts: string[]): string[] => {
    const at = path.join(home, ...parts);
    return fs.existsSync(at) ? fs.readdirSync(at).map((name) => path.join(...parts, name)) : [];
  };
  return [
    ...list('.').filter((name) => /-(wal|shm|journal)$/.test(name)),
    ...list('backups').filter((name) => /partial|scratch/.test(name)),
    ...list('data', 'locks'),
  ];
}

/** One value of the closed file. */
export function ask(file: string, sql: string): unknown {
  const db = new Database(file, { readonly: true });
  try {
    return db.prepare(sql).pluck().get();
  } finally {
    db.close();
  }
}
