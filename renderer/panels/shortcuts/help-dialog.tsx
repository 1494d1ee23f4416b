import { Button, Kbd, Table } from '@mantine/core';
import { Dialog } from '../../components/dialog.tsx';
import { showDialog, useDialogs } from '../../stores/dialogs.ts';
import { isMac, shortcuts } from './shortcuts.ts';

/** As they are printed on its keys. */
const onMac: ReadonlyMap<string, string> = new Map([
  ['Ctrl', '⌘'],
  ['Alt', '⌥'],
]);

export function HelpDialog() {
  const isOpen = useDialogs((state) => state.isHelpOpen);
  return (
    <Dialog isOpen={isOpen} onClose={() => showDialog({ isHelpOpen: false })} title="Keyboard shortcuts">
      <Table fz="sm" verticalSpacing={5} withRowBorders={false}>
        <Table.Tbody>
          {shortcuts.map(({ keys, what }) => (
            <Table.Tr key={what}>
              <Table.Td>{what}</Table.Td>
              <Table.Td ta="right">
                {keys.map((key) => (
                  <Kbd key={key} ml={4}>
                    {(isMac && onMac.get(key)) || key}
                  </Kbd>
                ))}
              </Table.Td>
            </Table.Tr>
          ))}
        </Table.Tbody>
      </Table>
      <Button variant="subtle" mt="sm" onClick={() => showDialog({ isHelpOpen: false, isVersionOpen: true })}>
        Version and updates…
      </Button>
    </Dialog>
  );
}
