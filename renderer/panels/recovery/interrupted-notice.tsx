import { Button } from '@mantine/core';
import { Notice } from '../../components/notice.tsx';
import { showRecovery, useRecovery } from '../../stores/recovery.ts';

/** What was interrupted and put off, or came back with a backup that was restored; nothing where nothing was. */
export function InterruptedNotice({ handle }: { handle: string }) {
  const recovery = useRecovery((state) => state.byHandle[handle]?.recovery ?? null);
  if (recovery === null) return null;
  return (
    <Notice tone="attention" title={recovery.what}>
      {recovery.where}
      <Button variant="default" display="block" mt={6} onClick={() => showRecovery(handle)}>
        See what can be done
      </Button>
    </Notice>
  );
}
