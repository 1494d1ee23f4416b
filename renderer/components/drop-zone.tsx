import { IconFileDatabase } from '@tabler/icons-react';
import { useEffect, useState } from 'react';
import styles from './drop-zone.module.css';

/** Catches files dropped anywhere in the window; shows where they would land while they hover. */
export function DropZone({ text, onDrop }: { text: string; onDrop: (file: File) => void }) {
  const [isOver, setOver] = useState(false);
  useEffect(() => {
    let depth = 0; // dragenter and dragleave also fire for every element inside
    const hasFiles = (event: DragEvent): boolean => event.dataTransfer?.types.includes('Files') ?? false;
    const track = (event: DragEvent, step: number): void => {
      if (!hasFiles(event)) return;
      event.preventDefault();
      depth = Math.max(0, depth + step);
      setOver(depth > 0);
    };
    const enter = (event: DragEvent): void => track(event, 1);
    const over = (event: DragEvent): void => track(event, 0);
    const leave = (event: DragEvent): void => track(event, -1);
    const drop = (event: DragEvent): void => {
      track(event, -depth);
      const file = event.dataTransfer?.files[0];
      if (file) onDrop(file);
    };
    const listeners = { dragenter: enter, dragover: over, dragleave: leave, drop } as const;
    for (const [name, listener] of Object.entries(listeners)) window.addEventListener(name as 'drop', listener);
    return () => {
      for (const [name, listener] of Object.entries(listeners)) window.removeEventListener(name as 'drop', listener);
    };
  }, [onDrop]);
  if (!isOver) return null;
  return (
    <div className={styles.zone} aria-hidden>
      <IconFileDatabase size={40} stroke={1.5} />
      <p>{text}</p>
    </div>
  );
}
