import { ActionIcon, Button, Tooltip } from '@mantine/core';
import { useClipboard } from '@mantine/hooks';
import { IconCheck, IconCopy } from '@tabler/icons-react';

/** Copies `text`; says so in its own label for two seconds. */
export function CopyButton({ text, label, withText = false }: { text: string; label: string; withText?: boolean }) {
  const clipboard = useClipboard({ timeout: 2_000 });
  const name = clipboard.copied ? 'Copied' : label;
  const icon = clipboard.copied ? <IconCheck size={14} aria-hidden /> : <IconCopy size={14} aria-hidden />;
  if (withText) {
    return (
      <Button variant="default" leftSection={icon} onClick={() => clipboard.copy(text)}>
        {name}
      </Button>
    );
  }
  return (
    <Tooltip label={name}>
      <ActionIcon size={22} aria-label={name} onClick={() => clipboard.copy(text)}>
        {icon}
      </ActionIcon>
    </Tooltip>
  );
}
