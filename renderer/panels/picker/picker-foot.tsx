import { Button } from '@mantine/core';
import type { Output } from '@shared/channels.ts';
import type { PickerRequest } from '../../stores/dialogs.ts';
import { chosenWords, shortTitle } from './picker-words.ts';
import styles from './picker.module.css';

interface FootProps {
  readonly request: PickerRequest;
  readonly folder: Output<'files:list'> | null;
  /** The folder that is shown; null at the top, which is no folder. */
  readonly token: string | null;
  readonly chosen: ReadonlyMap<string, string>;
  readonly onFinish: (tokens: readonly string[]) => void;
  readonly onCancel: () => void;
}

/** Where a click does not choose at once: what is chosen, and the button that uses it. */
export function PickerFoot({ request, folder, token, chosen, onFinish, onCancel }: FootProps) {
  if (request.mode === 'database') return null;
  const isFolder = request.mode === 'folder';
  const canUse = isFolder ? token !== null && folder !== null && !folder.isTop : chosen.size > 0;
  return (
    <div className={styles.foot}>
      <span role="status" className={styles.footWords}>
        {isFolder ? folderWords(folder) : chosenWords(chosen.size)}
      </span>
      <Button variant="default" onClick={onCancel}>
        Cancel
      </Button>
      <Button
        disabled={!canUse}
        onClick={() => onFinish(isFolder ? (token === null ? [] : [token]) : [...chosen.keys()])}
      >
        {isFolder ? 'Use this folder' : 'Look at these files'}
      </Button>
    </div>
  );
}

const folderWords = (folder: Output<'files:list'> | null): string =>
  folder === null || folder.isTop ? 'Open the folder first' : `Folder: ${shortTitle(folder.title)}`;
