import { type AppError, appError, err, type Result } from '@shared/errors.ts';
import type { Busy } from './busy.ts';
import { isGoneOnWith } from './open-work.ts';
import { readWorks } from './works.ts';

/** What makes a look at something unfinished out of date before it has ended: it may read a large file for minutes. */
export interface Overtaking {
  /** E_RUN_ACTIVE while something goes on with the file, here, or an upgrade or a restore in another process. */
  inTheWay(file: string): Result<never> | null;
  /** Asked later: whether something is going on, has begun here since, or a person has given an answer. */
  since(file: string): () => boolean;
  /** An answer was noted: a look that began before does not know of it. */
  noteAnswer(file: string): void;
}

export function createOvertaking(busy: Pick<Busy, 'refusal' | 'begun'>, dataFolder: string): Overtaking {
  const answers = new Map<string, number>();
  const answered = (file: string): number => answers.get(file) ?? 0;
  const inTheWay: Overtaking['inTheWay'] = (file) => {
    const refused = busy.refusal(file);
    const elsewhere = refused === null ? goneOnElsewhere(dataFolder, file) : null;
    return elsewhere === null ? refused : err(elsewhere);
  };
  return {
    inTheWay,
    since(file) {
      const [begunThen, answeredThen] = [busy.begun(file), answered(file)];
      return () => inTheWay(file) !== null || busy.begun(file) !== begunThen || answered(file) !== answeredThen;
    },
    noteAnswer: (file) => void answers.set(file, answered(file) + 1),
  };
}

/** E_RUN_ACTIVE while another process is at an upgrade or a restore of the file. */
export const goneOnElsewhere = (dataFolder: string, file: string): AppError | null =>
  isGoneOnWith(readWorks(dataFolder, file))
    ? appError('E_RUN_ACTIVE', 'Another Phasewise is working on this database right now.', undefined, {
        nextStep: 'Wait until it has ended, look at what is unfinished then, and choose again.',
      })
    : null;
