import { create } from 'zustand';
import type { About } from '@shared/about.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../api.ts';

interface AboutState {
  readonly about: About | null;
  readonly error: AppError | null;
}

/** What this version is and knows; asked for when somebody wants to see it. */
export const useAbout = create<AboutState>(() => ({ about: null, error: null }));

export async function loadAbout(): Promise<void> {
  const answer = await call('app:about', {});
  useAbout.setState(answer.ok ? { about: answer.value, error: null } : { error: answer.error });
}

/** The publisher's page of releases, in the system's browser. */
export const openReleases = (): Promise<void> => told(call('app:openReleases', {}));

/** The folder of the log, in the system's file manager. */
export const showLog = (): Promise<void> => told(call('app:showLog', {}));

async function told(asked: Promise<{ ok: true } | { ok: false; error: AppError }>): Promise<void> {
  const answer = await asked;
  useAbout.setState({ error: answer.ok ? null : answer.error });
}
