import { useCallback, useMemo, useRef } from 'react';
import { count as grouped } from '../../../words/numbers.ts';
import { PartScroller } from './part-scroller.tsx';
import { textPart, type TextRow } from './text-parts.ts';
import { useParts } from './use-parts.ts';
import type { Part, ValueHead, ValueSource } from './value-source.ts';
import styles from './viewer.module.css';

interface TabProps {
  readonly source: ValueSource;
  readonly head: ValueHead;
}

/** Lines of a text; what would be invisible is shown. */
export function TextTab({ source, head }: TabProps) {
  // Lines of the stretches seen so far: numbers are known as far as all before them were.
  const breaks = useRef(new Map<number, { breaks: number; endsLine: boolean }>());
  const layOut = useCallback(
    (part: Part): readonly TextRow[] => {
      const before = breaks.current.get(part.index - 1);
      const laid = textPart(part, head.encoding, part.index > 0 && before?.endsLine !== true);
      breaks.current.set(part.index, laid);
      return laid.rows;
    },
    [head.encoding],
  );
  const parts = useParts(source, head.parts, layOut);
  const firstLine = useMemo(
    () => (part: number) => {
      let sum = 0;
      for (let at = 0; at < part; at++) {
        const own = breaks.current.get(at);
        if (own === undefined) return null;
        sum += own.breaks;
      }
      return sum;
    },
    [],
  );
  const draw = ({ text, line }: TextRow, part: number) => {
    const first = line === null ? null : firstLine(part);
    return (
      <>
        <span className={styles.number}>{first === null || line === null ? '' : grouped(first + line + 1)}</span>
        <span className={styles.text}>{text}</span>
      </>
    );
  };
  return <PartScroller label="Text" parts={parts} count={head.parts} totalBytes={head.totalBytes} draw={draw} />;
}

export const HEX_ROW_BYTES = 16;

interface HexRow {
  readonly offset: number;
  readonly bytes: Uint8Array;
}

const hexRows = ({ bytes, from, to, offset }: Part): readonly HexRow[] =>
  Array.from({ length: Math.ceil((to - from) / HEX_ROW_BYTES) }, (_, at) => ({
    offset: offset + at * HEX_ROW_BYTES,
    bytes: bytes.subarray(from + at * HEX_ROW_BYTES, Math.min(to, from + (at + 1) * HEX_ROW_BYTES)),
  }));

/** Every byte, as stored. */
export function HexTab({ source, head }: TabProps) {
  const parts = useParts(source, head.parts, hexRows);
  return (
    <PartScroller
      label="Bytes"
      parts={parts}
      count={head.parts}
      totalBytes={head.totalBytes}
      draw={({ offset, bytes }: HexRow) => (
        <>
          <span className={styles.number}>{offset.toString(16).padStart(8, '0')}</span>
          <span className={styles.hex}>{hexWords(bytes)}</span>
          <span className={styles.ascii}>{ascii(bytes)}</span>
        </>
      )}
    />
  );
}

/** "48 65 6c 6c 6f 00 …", in two halves. */
export const hexWords = (bytes: Uint8Array): string => {
  const words = [...bytes].map((byte) => byte.toString(16).padStart(2, '0'));
  return [words.slice(0, 8).join(' '), words.slice(8).join(' ')].filter(Boolean).join('  ');
};

export const ascii = (bytes: Uint8Array): string =>
  [...bytes].map((byte) => (byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
