import { useCallback, useRef, useState } from 'react';
import type { AppError } from '@shared/errors.ts';
import { call } from '../../api.ts';
import { useDatabases } from '../../stores/databases.ts';
import type { Issue } from './issues-words.ts';

/** As many as one call gives: a reason may be far down the list. */
const PAGE_ROWS = 500;

export interface IssuePages {
  readonly rows: readonly Issue[];
  readonly hasMore: boolean;
  readonly isLoading: boolean;
  /** Why no more could be had, until the file is looked at again. */
  readonly error: AppError | null;
  readonly more: () => void;
}

/** The issue rows of a file, fetched page by page as they are asked for. */
export function useIssuePages(handle: string): IssuePages {
  const [rows, setRows] = useState<readonly Issue[]>([]);
  const [hasMore, setHasMore] = useState(true);
  const [isLoading, setLoading] = useState(false);
  const checkedAt = useDatabases((state) => state.views[handle]?.status?.checkedAt);
  const [refusal, setRefusal] = useState<{ error: AppError; checkedAt: string | undefined } | null>(null);
  const at = useRef<{ afterId: number | null; isBusy: boolean }>({ afterId: null, isBusy: false });
  const load = useCallback(async () => {
    if (at.current.isBusy) return; // two lists may ask at the same time
    at.current.isBusy = true;
    setLoading(true);
    const page = await call('issues:list', { handle, afterId: at.current.afterId, limit: PAGE_ROWS });
    at.current.isBusy = false;
    setLoading(false);
    if (!page.ok) return setRefusal({ error: page.error, checkedAt });
    at.current.afterId = page.value.at(-1)?.id ?? at.current.afterId;
    setRefusal(null);
    setRows((old) => [...old, ...page.value]);
    setHasMore(page.value.length === PAGE_ROWS);
  }, [handle, checkedAt]);
  const more = useCallback(() => void load(), [load]);
  const error = refusal !== null && refusal.checkedAt === checkedAt ? refusal.error : null; // else it is old news
  return { rows, hasMore, isLoading, error, more };
}
