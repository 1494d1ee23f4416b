import { useCallback, useEffect, useRef, useState } from 'react';
import type { Output } from '@shared/channels.ts';
import type { AppError } from '@shared/errors.ts';
import { call } from '../../api.ts';

type Folder = Output<'files:list'>;
export interface Crumb {
  readonly token: string | null;
  readonly title: string;
}

/** Walks the folders that the host allows. Crumbs are the way walked, the host knows no other. */
export function useFolder(isOpen: boolean) {
  const [folder, setFolder] = useState<Folder | null>(null);
  const [shown, setShown] = useState<string | null>(null);
  const [crumbs, setCrumbs] = useState<readonly Crumb[]>([]);
  const [error, setError] = useState<AppError | null>(null);

  const enter = useCallback(async (token: string | null, how: 'down' | 'up' = 'down') => {
    const listed = await call('files:list', { token });
    if (!listed.ok) {
      current.current = null; // the folder may be gone: the next opening begins at the top
      return setError(listed.error);
    }
    setError(null);
    current.current = token;
    setFolder(listed.value);
    setShown(token);
    setCrumbs((way) => {
      const known = way.findIndex((crumb) => crumb.token === token);
      const kept = known >= 0 ? way.slice(0, known) : how === 'up' ? way.slice(0, -1) : way;
      return [...kept, { token, title: listed.value.title }];
    });
  }, []);

  // Opened again, it is where it was, with what is there now.
  const current = useRef<string | null>(null);
  useEffect(() => {
    if (isOpen) void enter(current.current);
  }, [isOpen, enter]);

  const up = useCallback(() => {
    if (folder && !folder.isTop) void enter(folder.parentToken, 'up');
  }, [folder, enter]);

  return { folder, token: shown, crumbs, error, enter, up };
}
