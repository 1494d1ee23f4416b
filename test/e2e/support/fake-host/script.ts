import type { Result } from '@shared/errors.ts';
import type { RunSnapshot } from '@shared/run.ts';
import { backup, backupFolder, database, entries, name, oldBackups, others, recents } from './files.ts';
import { failed, finished, plan, report, runAt } from './plan.ts';
import { status } from './status.ts';

/** What the stand-in shows. */
export interface Scene {
  readonly name:
    'legacy' | 'upgraded' | 'running' | 'paused' | 'failed' | 'refused' | 'blocked' | 'unfinished' | 'empty' | 'live';
}

export interface Script {
  answer(name: string, input: Record<string, unknown>): Promise<Result<unknown>>;
  stop(): void;
}

const ok = (value: unknown): Result<unknown> => ({ ok: true, value });
const refusal = {
  code: 'E_TRUNCATED' as const,
  title: 'The file is cut short',
  message: 'northern-lights.db says it has 14,624 pages, but only 9,001 are there (36.9 of 59.9 MB).',
  safety: 'Nothing was changed. Your data is as it was.',
  nextStep: 'Look for a complete copy or a backup of this file.',
  details: { pagesExpected: 14_624, pagesFound: 9_001 },
};

export function createScript(scene: Scene, emit: (event: string, payload: unknown) => void): Script {
  let isDone = scene.name === 'upgraded';
  let backups = scene.name === 'empty' ? [] : isDone ? [backup(), ...oldBackups] : oldBackups;
  let run: RunSnapshot | null = firstRun(scene);
  let timer: NodeJS.Timeout | null = null;

  const live = (): void => {
    let done = 0;
    timer = setInterval(() => {
      done = Math.min(19_835, done + 700);
      run = done < 19_835 ? runAt(done) : finished();
      if (done === 19_835) {
        if (timer) clearInterval(timer);
        isDone = true;
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
            }
          : { title: '/home/mara/exports', parentToken: null, isTop: false, entries },
      ),
    'database:openFile': () => (scene.name === 'refused' ? { ok: false, error: refusal } : ok(database)),
    'database:openRecent': () => (scene.name === 'refused' ? { ok: false, error: refusal } : ok(database)),
    'database:openSample': () => ok({ ...database, path: '/home/mara/Documents/Phasewise samples/northern-lights.db' }),
    'database:list': () => ok(scene.name === 'empty' ? [] : [database, ...others]),
    'database:status': () => ok(shown(isDone, scene)),
    'database:check': () => ok(shown(isDone, scene)),
    'plan:make': () => ok(plan(scene.name === 'blocked')),
    'run:start': () => {
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
        isDone
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
    'backup:list': () => ok({ folder: backupFolder, backups }),
    'backup:create': () => ok(backup({ reason: 'by hand' })),
    'backup:verify': () => ok(backup()),
    'backup:restore': () => ok({ restored: backup(), before: backup({ reason: 'before restore' }) }),
    'issues:list': ({ afterId }) =>
      ok(
        Array.from({ length: afterId === null ? 30 : 0 }, (_, index) => ({
          id: index + 1,
          backfillId: '20260221_0011_rename_candidates/candidates',
          sourceTable: 'run_job_candidates',
          sourceKey: `cand_${(4711 + index * 37).toString(16)}`,
          reason: 'orphan-candidate',
          title: 'The job or the run it belongs to does not exist.',
          detail: `job job_${index} is not there`,
          isPlaced: index % 7 === 3,
        })),
      ),
  };
  return {
    answer: (call, input) => Promise.resolve(answers[call]?.(input) ?? ok({})),
    stop: () => timer && clearInterval(timer),
  };
}

function firstRun(scene: Scene): RunSnapshot | null {
  if (scene.name === 'running') return runAt(12_840);
  if (scene.name === 'paused') return runAt(12_840, 'paused');
  if (scene.name === 'failed') return failed();
  return scene.name === 'upgraded' ? finished() : null;
}

function shown(isDone: boolean, scene: Scene) {
  const current = status(isDone);
  if (scene.name === 'unfinished') {
    return {
      ...current,
      unfinishedRun: {
        runId: 'run-1',
        startedAt: '2026-11-20T14:02:11Z',
        toPhase: 1,
        stoppedAt: 'Give every candidate a row in run_candidates',
      },
    };
  }
  if (scene.name === 'blocked') {
    return {
      ...current,
      file: {
        ...current.file,
        isWritable: false,
        readOnlyReason: {
          code: 'E_READONLY_FILE',
          title: 'The file is read-only',
          message: `${name} may be read but not written.`,
          safety: refusal.safety,
          nextStep: 'Allow writing to the file, then try again. You can still look at it.',
        },
      },
    };
  }
  return current;
}
