/** What the system tells of a process, read alike by hosts and engines. Whoever asks brings the system along. */
export interface ProcessSystem {
  /** As `process.kill(pid, 0)`: throws where there is no such process, and EPERM where it is another user's. */
  signal(pid: number): void;
  /** The text of `/proc/<pid>/stat`; '' where there is none. */
  stat(pid: number): string;
}

/**
 * Killed, but not fetched by its parent yet - for ever, in containers whose first process does not do that. It holds
 * no file and no lock. The state follows the name, which may hold anything.
 */
export const endedInStat = /\) [ZXx] [^)]*$/;

/** When it was started, in clock ticks since the start of the computer: field 22. '' when the text is no such file. */
export const startInStat = (stat: string): string => stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19] ?? '';

/** The system is about to end it: flag PF_EXITING in field 9. */
export const isExitingInStat = (stat: string): boolean =>
  (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[6] ?? 0) & 4) !== 0;

/** Whether there is a process of this id that has not ended. Ids are used again: compare its start, too. */
export function isLivingProcess(pid: number, system: ProcessSystem): boolean {
  try {
    system.signal(pid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) return false;
  }
  return !endedInStat.test(system.stat(pid));
}
