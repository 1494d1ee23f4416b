import type { Result } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { backup, backupFolder, database, entries, folder, name, oldBackups, others, recents } from './files.ts';
import { halfDone, manyBackups, nothingSetAside, ofThrownAway, setAside, tidied, troubledBackups } from './backups.ts';
import { issuePage } from './issues.ts';
import { coverage, ingestReport, noCoverage } from './logs.ts';
import { failed, finished, plan, removalPlan, report, runAt } from './plan.ts';
import { notices, recoveries } from './recovery.ts';
import { rowAnswers } from './rows.ts';
import { status, type Stage } from './status.ts';

/** What the stand-in shows. */
export interface Scene {
  readonly name:
    | 'legacy'
    | 'upgraded'
    | 'gated'
    | 'cleaned'
    | 'many'
    | 'no-logs'
    | 'taking'
    | 'running'
    | 'paused'
    | 'no-space'
    | 'failed'
    | 'refused'
    | 'blocked'
    | 'troubled-backups'
    | 'backing-up'
    | 'unfinished'
    | keyof typeof recoveries
    | 'empty'
    | 'newer'
    | 'stranger'
    | 'copied'
    | 'live';
}

export interface Script {
  answer(name: string, input: Record<string, unknown>): Promise<Result<unknown>>;
  stop(): void;
}

const ok = (value: unknown): Result<unknown> => ({ ok: true, value });
const noSpace = {
  code: 'E_NO_SPACE',
  title: 'There is not enough free disk space',
  message: 'To go on, the disk of the database needs 8 MB free; it has 1 MB.',
  safety: 'Nothing failed: every finished step and row is kept, and a verified backup exists.',
  nextStep: 'Free some space: it goes on from here by itself as soon as there is enough.',
  details: { needBytes: 8_000_000, freeBytes: 912_000 },
} as const;
const untouched = 'Nothing was changed. Your data is as it was.';
const refusal = {
  code: 'E_TRUNCATED' as const,
  title: 'The file is cut short',
  message: 'northern-lights.db says it has 14,624 pages, but only 9,001 are there (36.9 of 59.9 MB).',
  safety: 'Phasewise changed nothing.',
  nextStep: 'Look for a complete copy or a backup of this file.',
  details: { pagesExpected: 14_624, pagesFound: 9_001 },
};

const stranger = {
  code: 'E_FOREIGN_DATABASE' as const,
  title: 'Nobody here knows this kind of database',
  message: `${name} is none of the kinds that Phasewise upgrades.`,
  safety: untouched,
  nextStep: 'Open another file, or look at its rows.',
};

const unconfirmed = {
  code: 'E_CONFIRMATION' as const,
  title: 'The confirmation does not match',
  message: 'It must be the name of the file.',
  safety: untouched,
  nextStep: 'Type the name of the file exactly as shown.',
};

export function createScript(scene: Scene, emit: (event: string, payload: unknown) => void): Script {
  let stage = stageOf(scene);
  let source = scene.name === 'no-logs' ? noCoverage('none') : coverage();
  const isMany = scene.name === 'many';
  const isTroubled = scene.name === 'troubled-backups';
  const hasBegun = stage !== 'legacy' || scene.name === 'failed';
  let backups = scene.name === 'empty' ? [] : hasBegun ? [backup(), ...oldBackups] : oldBackups;
  if (isMany) backups = [...backups, ...manyBackups()];
  if (isTroubled) backups = [...troubledBackups(), ...backups, ofThrownAway()];
  let run: RunSnapshot | null = firstRun(scene);
  let timer: NodeJS.Timeout | null = null;
  let recovery = scene.name in recoveries ? recoveries[scene.name as keyof typeof recoveries]() : null;

  const live = (): void => {
    let done = 0;
    timer = setInterval(() => {
      done = Math.min(19_835, done + 700);
      run = done < 19_835 ? runAt(done) : finished();
      if (done === 19_835) {
        if (timer) clearInterval(timer);
        stage = 'upgraded';
        backups = [backup(), ...backups];
      }
      emit('run:changed', run);
    }, 120);
  };

  const answers: Record<string, (input: Record<string, unknown>) => Result<unknown>> = {
    'app:info': () =>
      ok({
        version: '0.1.0',
        door: 'browser',
        fileChoosing: 'picker',
        canRevealFiles: true,
        notice:
          scene.name === 'empty'
            ? 'Electron is not installed here, so Phasewise runs in your browser. Everything works the same.'
            : null,
        dataFolder: '/home/mara/.phasewise',
        trouble: null,
      }),
    'app:about': () =>
      ok({
        version: '0.1.0',
        releasedOn: '2026-11-21',
        packs: [
          {
            title: 'Kroma project database',
            variants: ['Legacy version', 'Baseline version'],
            upTo: { number: 5, name: 'Legacy cleanup' },
          },
        ],
        releasesUrl: 'https://example.org/phasewise/releases',
        canOpenReleases: true,
        logFolder: '/home/mara/.phasewise/logs',
      }),
    'settings:get': () => ok({ colorScheme: 'auto' }),
    'settings:set': (input) => ok(input),
    'recents:list': () => ok(scene.name === 'empty' ? [] : recents),
    'files:list': ({ token }) =>
      ok(
        token === null
          ? {
              title: '/home/mara',
              parentToken: null,
              isTop: true,
              entries: entries.filter(({ kind }) => kind === 'folder'),
              isCut: false,
              silent: [],
            }
          : { title: '/home/mara/exports', parentToken: null, isTop: false, entries, isCut: false, silent: [] },
      ),
    'database:openFile': () => (scene.name === 'refused' ? { ok: false, error: refusal } : ok(database)),
    'database:openRecent': () => (scene.name === 'refused' ? { ok: false, error: refusal } : ok(database)),
    'database:openSample': () => ok({ ...database, path: '/home/mara/Documents/Phasewise samples/northern-lights.db' }),
    'database:list': () => ok(scene.name === 'empty' ? [] : [database, ...others]),
    'database:status': () => (scene.name === 'stranger' ? { ok: false, error: stranger } : ok(shown(stage, scene))),
    'database:check': () => ok(shown(stage, scene)),
    'plan:make': ({ toPhase }) =>
      ok(toPhase === 5 ? removalPlan(scene.name === 'gated') : plan(scene.name === 'blocked', source)),
    'source:use': () =>
      ok(
        (source = coverage({
          folder: '/home/mara/exports',
          choice: 'chosen',
          found: 40,
          missing: 0,
          unreadable: 0,
          differing: 0,
        })),
      ),
    'source:decline': ({ isDeclined }) => ok((source = isDeclined === true ? noCoverage('declined') : coverage())),
    'ingest:use': () => ok({ ingestId: 'i1', report: ingestReport(isMany ? 4_000 : 12, true) }),
    'ingest:start': () => ok(ingestReport(isMany ? 4_000 : 12, false)),
    'run:start': ({ toPhase, confirmation }) => {
      if (toPhase === 5 && confirmation !== name) return { ok: false, error: unconfirmed };
      live();
      run = runAt(0);
      return ok(run);
    },
    'run:get': () => ok(run),
    'run:pause': () => ok((run = runAt(12_840, 'paused'))),
    'run:resume': () => ok((run = runAt(12_840))),
    'run:cancel': () => ok((run = runAt(12_840, 'cancelling'))),
    'run:history': () =>
      ok(
        stage !== 'legacy'
          ? [
              report(),
              {
                ...report(),
                runId: 'run-20261118T091100',
                ok: false,
                error: { ...refusal, code: 'E_CANCELLED', title: 'Stopped at your request' },
              },
            ]
          : [],
      ),
    'recovery:list': () => ok(recovery === null ? [] : notices()),
    'recovery:get': () => ok(recovery),
    'recovery:stay': () => {
      recovery = null;
      return ok({});
    },
    'recovery:check': () => {
      recovery = null;
      return ok({ checks: [], error: null });
    },
    'recovery:finish': () => {
      recovery = null;
      return ok({ restored: backup(), before: null, replacedFolder: null });
    },
    'backup:list': () => ok({ folder: backupFolder, backups, ...(isTroubled ? setAside : nothingSetAside) }),
    'backup:remove': () => ok(backup()),
    'backup:tidy': () => ok(tidied(backups)),
    'backup:putBack': () => ok({ replacedFolder: `${folder}/northern-lights.db replaced-Qm4w8Z` }),
    'work:get': () => ok(null),
    'work:cancel': () => ok({}),
    'backup:create': () => ok(backup({ reason: 'by hand' })),
    'backup:verify': () => ok({ ...backup(), isNoted: true }),
    'backup:restore': () =>
      ok({ restored: backup(), before: backup({ reason: 'before restore' }), replacedFolder: null }),
    'issues:list': ({ afterId, limit }) => ok(issuePage(isMany, afterId as number | null, Number(limit))),
    'issues:export': ({ format }) =>
      ok({ path: `${folder}/northern-lights issue rows 2026-11-21 15.02.${String(format)}`, rows: 30 }),
    'issues:retry': () =>
      ok({
        tried: 27,
        cleared: 2,
        left: 25,
        kept: 3,
        backup: backup({ id: 'northern-lights.20261121T1502.before-retry', reason: 'before trying issue rows again' }),
      }),
  };
  const rows = rowAnswers(scene.name === 'copied');
  return {
    answer(call, input) {
      if (rows[call]) return Promise.resolve(ok(rows[call](input)));
      if (scene.name === 'backing-up' && call === 'backup:create') emit('work:changed', halfDone(database.handle));
      // For looking at the page while something is under way.
      const isEndless =
        (scene.name === 'taking' && call === 'ingest:start') ||
        (scene.name === 'backing-up' && call === 'backup:create');
      return isEndless ? new Promise(() => {}) : Promise.resolve(answers[call]?.(input) ?? ok({}));
    },
    stop: () => timer && clearInterval(timer),
  };
}

function firstRun(scene: Scene): RunSnapshot | null {
  if (scene.name === 'running') return runAt(12_840);
  if (scene.name === 'paused') return runAt(12_840, 'paused');
  if (scene.name === 'no-space') return { ...runAt(12_840, 'paused'), attention: noSpace };
  if (scene.name === 'failed') return failed();
  return stageOf(scene) === 'upgraded' ? finished() : null;
}

function stageOf({ name: sceneName }: Scene): Stage {
  if (sceneName === 'cleaned') return 'cleaned';
  return ['upgraded', 'gated', 'many', 'taking'].includes(sceneName) ? 'upgraded' : 'legacy';
}

function shown(stage: Stage, scene: Scene) {
  const current = status(stage, scene.name === 'many');
  if (scene.name === 'unfinished' || scene.name === 'interrupted') {
    return {
      ...current,
      unfinishedRun: {
        runId: 'run-1',
        startedAt: '2026-11-20T14:02:11Z',
        toPhase: 4,
        stoppedAt: 'Give every candidate a row in run_candidates',
      },
    };
  }
  const readOnlyReason = readOnly[scene.name];
  return readOnlyReason ? { ...current, file: { ...current.file, isWritable: false, readOnlyReason } } : current;
}

const readOnly: Partial<Record<Scene['name'], object>> = {
  blocked: {
    code: 'E_READONLY_FILE',
    title: 'The file is read-only',
    message: `${name} may be read but not written.`,
    safety: untouched,
    nextStep: 'Allow writing to the file, then try again.',
  },
  newer: {
    code: 'E_NEWER_SCHEMA',
    title: 'The database was written by a newer version',
    message:
      'Phasewise 0.9.0 worked on it last. The database lists 1 step that this version does not know: "0026_add_labels".',
    safety: untouched,
    nextStep: 'To change it, use Phasewise 0.9.0 or a newer one; here you can look at it, and at its rows under Data.',
  },
};
