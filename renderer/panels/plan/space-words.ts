import type { Plan } from '@shared/run.ts';
import { bytes } from '../../words/numbers.ts';

type Space = Plan['space'];
type Disk = Space['parts'][number]['disk'];

const titles: Record<Disk, string> = {
  database: 'Disk of the database',
  backup: 'Disk of the backup',
  temporary: 'Disk for temporary files',
};

/** The parts by disk, with what is free there; a disk without parts is left out. */
export const spaceDisks = (space: Space) =>
  (['database', 'backup', 'temporary'] as const)
    .map((disk) => {
      const parts = space.parts.filter((part) => part.disk === disk);
      const totalBytes = parts.reduce((sum, part) => sum + part.bytes, 0);
      return { disk, title: titles[disk], parts, totalBytes, freeBytes: freeOf(space, disk) };
    })
    .filter(({ parts }) => parts.length > 0);

/** "Up to 131 MB must be free on the disk of the database; 61.2 GB is free" */
export const spaceSummary = ({ needBytes, freeBytes }: Space): string =>
  `Up to ${bytes(needBytes)} must be free on the disk of the database; ${bytes(freeBytes)} is free`;

const freeOf = (space: Space, disk: Disk): number =>
  ({ database: space.freeBytes, backup: space.backupFreeBytes, temporary: space.temporaryFreeBytes })[disk];
