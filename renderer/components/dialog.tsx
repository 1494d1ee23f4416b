import { Modal } from '@mantine/core';
import { useMounted } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useOwnEscape } from './use-own-escape.ts';
import styles from './dialog.module.css';

interface DialogProps {
  readonly title: string;
  readonly isOpen: boolean;
  readonly onClose: () => void;
  readonly children: ReactNode;
  /** Width, px. */
  readonly width?: number;
  /** False where a stray click must not throw away what was typed. */
  readonly closesOnClickOutside?: boolean;
}

/** Mantine's modal with a plain head: its own is a <header>, which assistive technology takes for a second page banner. */
export function Dialog({ title, isOpen, onClose, children, width = 440, closesOnClickOutside = true }: DialogProps) {
  // Mantine gives the focus back only to where it was when a dialog went from closed to open.
  const isMounted = useMounted();
  useOwnEscape(isOpen);
  return (
    <Modal.Root
      opened={isOpen && isMounted}
      onClose={onClose}
      size={width}
      centered
      closeOnClickOutside={closesOnClickOutside}
      transitionProps={{ duration: 120 }}
      lockScroll={false} // the window itself never scrolls; locking adds a style element that the policy refuses
    >
      <Modal.Overlay />
      <Modal.Content>
        <div className={styles.head}>
          <Modal.Title className={styles.title}>{title}</Modal.Title>
          <Modal.CloseButton aria-label="Close" />
        </div>
        <Modal.Body>{children}</Modal.Body>
      </Modal.Content>
    </Modal.Root>
  );
}
