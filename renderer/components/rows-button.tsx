import { Box, Button } from '@mantine/core';
import { IconTable } from '@tabler/icons-react';

interface RowsButtonProps {
  readonly words: string;
  /** What it leads to, whole: "Show rows of assets". */
  readonly label: string;
  readonly onClick: () => void;
}

/** Leads from a line of a table to the data itself. In a narrow window the words give way to an icon. */
export function RowsButton({ words, label, onClick }: RowsButtonProps) {
  return (
    <Button
      size="compact-xs"
      variant="subtle"
      aria-label={label}
      title={label}
      onClick={(event) => {
        event.stopPropagation(); // the line would open
        onClick();
      }}
    >
      <Box component="span" visibleFrom="lg">
        {words}
      </Box>
      <Box component="span" hiddenFrom="lg" display="flex">
        <IconTable size={15} aria-hidden />
      </Box>
    </Button>
  );
}
