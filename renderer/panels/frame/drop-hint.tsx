import { Button, Group, Text } from '@mantine/core';
import { Dialog } from '../../components/dialog.tsx';
import { showDialog, useDialogs } from '../../stores/dialogs.ts';

/** A browser gives a page the content of a dropped file but not its place; we neither want nor read the content. */
export function DropHint() {
  const name = useDialogs((state) => state.droppedName);
  const close = (): void => showDialog({ droppedName: null });
  return (
    <Dialog isOpen={name !== null} onClose={close} title="Nothing was uploaded">
      <Text size="sm">
        A browser does not tell where <code>{name}</code> lies, and Phasewise works on the file in its place, never on
        an upload. Choose it with “Open a database…” instead.
      </Text>
      <Group justify="flex-end" mt="md">
        <Button variant="default" onClick={close}>
          Not now
        </Button>
        <Button data-autofocus onClick={() => showDialog({ droppedName: null, picker: { mode: 'database' } })}>
          Open a database…
        </Button>
      </Group>
    </Dialog>
  );
}
