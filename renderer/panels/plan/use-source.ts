import { useState } from 'react';
import type { AppError, Result } from '@shared/errors.ts';
import type { SourceCoverage } from '@shared/run.ts';
import { call } from '../../api.ts';
import { showDialog } from '../../stores/dialogs.ts';
import { useSession } from '../../stores/session.ts';

/** Chooses the folder of files that a phase reads, with the system's dialog or our own picker, or does without. */
export function useSource(handle: string, title: string, onChange: (source: SourceCoverage | null) => void) {
  const [isBusy, setBusy] = useState(false);
  const [error, setError] = useState<AppError | null>(null);
  const isNative = useSession((state) => state.info?.fileChoosing === 'native');
  /** @param isAsked the person may have closed the dialog: then nothing changed. */
  const ask = async (asked: Promise<Result<SourceCoverage | null>>, isAsked = false): Promise<void> => {
    setBusy(true);
    const answer = await asked;
    setBusy(false);
    setError(answer.ok ? null : answer.error);
    if (answer.ok && !(isAsked && answer.value === null)) onChange(answer.value);
  };
  const choose = (): void => {
    if (isNative) return void ask(call('source:choose', { handle }), true);
    showDialog({
      picker: {
        mode: 'folder',
        title: `${title}: choose their folder`,
        lead: 'Folders below it are looked into as well. Nothing is changed there, ever.',
        onChoose: ([token]) => void (token !== undefined && ask(call('source:use', { handle, token }))),
      },
    });
  };
  const decline = (isDeclined: boolean): void => void ask(call('source:decline', { handle, isDeclined }));
  return { isBusy, error, choose, decline };
}
